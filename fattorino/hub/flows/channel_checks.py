"""What an administrator may write of a channel, and what is said of the rest, beside each field."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.hub.flows import nodes, reaching
from fattorino.hub.models import Channel
from fattorino.hub.sftp_accounts import LONGEST_PASSWORD

# SdI keeps it in a program: there is no reason for one that can be guessed.
SHORTEST_PASSWORD = 12
MOST_PACE, MOST_AT_ONCE = 100_000, 32
_ADDRESSES = ("url", "url_notifica")
_HOSTS = ("smtp_host", "imap_host")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62}\.?)+[A-Za-z0-9]?|\[?[0-9A-Fa-f:.]+\]?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as a form describes it.

    `settings` and `secrets` are laid over what is there: what is left out of them stays, an empty text takes it away.
    `added` are keys that go before those that are there, which stay while they are renewed.
    """

    label: str
    pace: int
    concurrency: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    added: Mapping[str, str] = field(default_factory=dict, repr=False)


def out_of_reach(wanted: Wanted) -> dict[str, str]:
    """Which of the addresses lead where nobody may call, by field."""
    reach, found = reaching.of_companies(), dict[str, str]()
    for name in (*_ADDRESSES, *_HOSTS):
        text = str(wanted.settings.get(name) or "")
        try:
            host = urlsplit(text).hostname if name in _ADDRESSES else text
        except ValueError:
            continue  # no address at all, which is told below
        if host and (told := reaching.refused(host, reach)):
            found[name] = told
    return found


def check_wanted(
    row: Channel,
    wanted: Wanted,
    values: Mapping[str, Any],
    hidden: Mapping[str, str],
    unreached: Mapping[str, str],
) -> None:
    """Raises RefusedError with `fields`, called as the form calls them.

    Args:
        values, hidden: settings and secrets as they will be. unreached: what `out_of_reach` has found.
    """
    fields: dict[str, str] = {}
    same = Channel.objects.filter(company_id=row.company_id).exclude(pk=row.pk)
    if wanted.label and same.filter(label=wanted.label).exists():
        fields["label"] = say("C'è già un canale con questo nome.")
    if not 0 <= wanted.pace <= MOST_PACE:
        fields["pace"] = say("Scrivere un numero da 0 a {most}.", most=f"{MOST_PACE}")
    if not 1 <= wanted.concurrency <= MOST_AT_ONCE:
        fields["concurrency"] = say("Scrivere un numero da 1 a {most}.", most=f"{MOST_AT_ONCE}")
    for name in _ADDRESSES:
        if values.get(name) and (told := _wrong_address(str(values[name]))):
            fields[name] = told
    for name in _HOSTS:
        if values.get(name) and not _HOST.fullmatch(str(values[name])):
            fields[name] = say("Non è il nome di un server: per esempio smtp.gestore.it.")
    fields = {**unreached, **fields}
    for name in REQUIRED.get(row.kind, ()):
        if not values.get(name) and not hidden.get(name):
            fields.setdefault(name, say("Manca: senza, il canale non può funzionare."))
    if row.kind == Channel.Kind.SDIFTP:
        fields |= dict(nodes.taken(row.company_id, values))
        password = wanted.secrets.get("sftp_password", "")
        if password and not SHORTEST_PASSWORD <= len(password.encode()) <= LONGEST_PASSWORD:
            fields["sftp_password"] = say(
                "Servono da {least} a {most} caratteri.", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD
            )
    if fields:
        raise RefusedError(say("Il canale non è stato salvato: ci sono dati da correggere."), fields=fields)


REQUIRED: dict[str, tuple[str, ...]] = {
    "sdiftp": (
        *("node", "root", "signing_certificate", "signing_key", "reading_certificate", "reading_key"),
        *("sdi_signing_certificates", "sdi_reading_certificate"),
    ),
    "pec": ("address", "password", "smtp_host", "imap_host"),
    "intermediary": ("url", "token"),
}


def _wrong_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return say("Non è un indirizzo: deve cominciare con https://.")
    if not host or parts.username or parts.password:
        return say("Non è un indirizzo: deve cominciare con https://.")
    if parts.scheme == "https" or parts.scheme == "http" and _is_loopback(host):
        return ""
    return say("Deve cominciare con https://. Solo su questa macchina si va con http://.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
