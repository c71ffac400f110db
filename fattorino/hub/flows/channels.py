"""The ways to SdI of a company: which there are, which documents take which, and how each is reached.

A secret is encrypted before it reaches the database and decrypted only for the port.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.hub.channels.base import ChannelPort
from fattorino.hub.channels.intermediary import Intermediary
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.channels.sdicoop import SdiCoop
from fattorino.hub.channels.sdiftp import NodeKeys, SdiFtp
from fattorino.hub.flows import reaching
from fattorino.hub.folders import SdiFtpFolders
from fattorino.hub.mailbox import PecMailbox
from fattorino.hub.models import Channel, ChannelUse
from fattorino.hub.reach import EVERYWHERE
from fattorino.hub.signing import secrets
from fattorino.organisations.flows import audit

Kind = Channel.Kind
Values = Mapping[str, Any]


def port(row: Channel) -> ChannelPort:
    """The way itself, ready to be used; asks nobody anything."""
    return PORTS[Kind(row.kind)](row.settings, secrets_of(row))


def secrets_of(row: Channel) -> dict[str, str]:
    """What the channel keeps secret, decrypted. Raises SetupError as `signing.secrets.decrypt` does."""
    if row.secrets is None:
        return {}
    plain: dict[str, str] = json.loads(secrets.decrypt(bytes(row.secrets), settings.SECRETS_KEYS))
    return plain


def company_of_intermediary(channel_id: int) -> int | None:
    """Whose channel to another Hub this is; in the system's scope."""
    rows = Channel.objects.filter(pk=channel_id, kind=Kind.INTERMEDIARY, active=True)
    return rows.values_list("company_id", flat=True).first()


def webhook_secret(channel_id: int, company_id: int) -> str:
    """With what the other Hub signs its calls; "" where it makes none. Raises as secrets_of."""
    row = Channel.objects.filter(pk=channel_id, company_id=company_id).first()
    return secrets_of(row).get("webhook_secret", "") if row else ""


def _sdicoop(values: Values, hidden: Values) -> ChannelPort:
    return SdiCoop(
        values.get("url") or settings.HUB_RICEVI_FILE_URL,
        settings.HUB_TIMEOUT,
        values.get("client_certificate", ""),
        values.get("trusted_ca", ""),
        values.get("url_notifica", ""),
        hidden.get("client_identity", ""),
        values.get("trusted_certificates", ""),
        # The installation's own address is not the company's choice.
        reaching.of_companies() if values.get("url") or values.get("url_notifica") else EVERYWHERE,
    )


def _sdiftp(values: Values, kept: Values) -> ChannelPort:
    keys = NodeKeys(
        signing_certificate=values.get("signing_certificate", ""),
        signing_key=kept.get("signing_key", ""),
        reading_certificate=values.get("reading_certificate", ""),
        reading_key=kept.get("reading_key", ""),
        sdi_signing_certificates=values.get("sdi_signing_certificates", ""),
        sdi_reading_certificate=values.get("sdi_reading_certificate", ""),
    )
    folders = SdiFtpFolders(Path(values.get("root", "")), bool(values.get("test")))
    return SdiFtp(values.get("node", ""), folders, keys)


def _pec(values: Values, kept: Values) -> ChannelPort:
    address = values.get("address", "")
    mailbox = PecMailbox(
        address=address,
        user=values.get("user") or address,
        password=kept.get("password", ""),
        smtp_host=values.get("smtp_host", ""),
        smtp_port=int(values.get("smtp_port") or 465),
        imap_host=values.get("imap_host", ""),
        imap_port=int(values.get("imap_port") or 993),
        folder=values.get("folder") or "INBOX",
        timeout=settings.HUB_TIMEOUT,
        trusted_ca=values.get("trusted_ca", ""),
        reach=reaching.of_companies(),
    )
    return SdiPec(mailbox, values.get("assigned", ""), bool(values.get("test")))


def _intermediary(values: Values, kept: Values) -> ChannelPort:
    return Intermediary(
        values.get("url", ""),
        kept.get("token", ""),
        settings.HUB_TIMEOUT,
        values.get("trusted_ca", ""),
        reaching.of_companies(),
    )


PORTS: dict[Channel.Kind, Callable[[Values, Values], ChannelPort]] = {
    Kind.SDICOOP: _sdicoop,
    Kind.SDIFTP: _sdiftp,
    Kind.PEC: _pec,
    Kind.INTERMEDIARY: _intermediary,
}


def keep_assigned(channel_id: int, company_id: int, address: str) -> None:
    """SdI has told the address to write to from now on."""
    with transaction.atomic():
        rows = Channel.objects.select_for_update(no_key=True)
        row = rows.get(pk=channel_id, company_id=company_id)
        if row.settings.get("assigned") != address:
            row.settings = {**row.settings, "assigned": address}
            row.save(update_fields=["settings"])


def channel_for(company_id: int, dashboard: str) -> Channel:
    """The way that documents of this dashboard go; a company that has chosen none uses the installation's SDICoop."""
    return way_of(company_id, dashboard) or Channel.objects.create(company_id=company_id, kind=Kind.SDICOOP)


def way_of(company_id: int, dashboard: str) -> Channel | None:
    """The same, where it is there already."""
    uses = {
        use.dashboard: use.channel
        for use in ChannelUse.objects.select_related("channel").filter(
            company_id=company_id, dashboard__in=["", dashboard]
        )
    }
    return uses.get(dashboard) or uses.get("") or _unchosen(company_id)


def _unchosen(company_id: int) -> Channel | None:
    """The installation's SDICoop, as a channel of the company."""
    rows = Channel.objects.filter(company_id=company_id, kind=Kind.SDICOOP, settings={}, active=True)
    return rows.order_by("pk").first()


def save_sdicoop(
    company_id: int,
    url: str,
    client_certificate: str,
    trusted_ca: str,
    *,
    now: datetime.datetime,
    actor_id: int | None = None,
) -> Channel:
    """Set SDICoop as the company's way to SdI; files are paths on the machines that run the worker.

    Raises:
        RefusedError: not an address of the web, or in clear over a network.
    """
    parts = urlsplit(url)
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise RefusedError(
            say("L'indirizzo del canale deve cominciare con https://."),
            say("Solo il simulatore su questa macchina si raggiunge con http://."),
        )
    values = {"url": url, "client_certificate": client_certificate, "trusted_ca": trusted_ca}
    with transaction.atomic():
        # Of several made on the page, the one that is used.
        rows = Channel.objects.select_for_update().filter(company_id=company_id, kind=Kind.SDICOOP)
        way = way_of(company_id, "")
        channel = (rows.filter(pk=way.pk).first() if way else None) or rows.order_by("pk").first()
        channel = channel or Channel(company_id=company_id, kind=Kind.SDICOOP, created_at=now)
        channel.settings, channel.active = {**channel.settings, **values}, True
        channel.save()
        ChannelUse.objects.update_or_create(
            company_id=company_id, dashboard="", defaults={"channel": channel, "fallback": None}
        )
        audit(say("canale impostato"), now=now, actor_id=actor_id, company_id=company_id, url=url)
    return channel
