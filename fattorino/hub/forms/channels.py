"""The form of a channel, as a page sends it: texts, secrets that are only written, uploaded certificates and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from fattorino.core.errors import InputError
from fattorino.core.texts import say
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.forms.entries import BOUND, PARTS, Entry
from fattorino.hub.queries_channels import ChannelView
from fattorino.hub.signing import certificates
from fattorino.hub.signing.certificates import MOST
from fattorino.organisations.languages import said
from fattorino.workflow.forms.state import Form, clean

Files = MultiValueDict[str, Any]
_NUMBER = re.compile(r"[0-9]{1,7}")
_NODE = re.compile(r"[0-9A-Z]{11}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ChannelForm(Form):
    """Values by name; a secret or an upload has none, so that it can never be shown again."""

    def __init__(self, values: Mapping[str, str], kind: str, old: ChannelView | None = None) -> None:
        super().__init__(values)
        self.kind, self.old = kind, old

    @classmethod
    def of(cls, kind: str, old: ChannelView | None = None) -> ChannelForm:
        """As it stands."""
        values = {"pace": "0", "concurrency": "4", "label": ""}
        if old is not None:
            values = {"pace": str(old.pace), "concurrency": str(old.concurrency), "label": old.label}
            for entry in entries(kind):
                if entry.sort in ("text", "number", "check", "long", "folder"):
                    value = old.settings.get(entry.name, "")
                    values[entry.name] = ("1" if value else "") if entry.sort == "check" else str(value)
        return cls(values, kind, old)

    @classmethod
    def sent(cls, post: Mapping[str, str], kind: str, old: ChannelView | None = None) -> ChannelForm:
        """As a page sends it."""
        return cls({name: clean(post.get(name, "")) for name in post}, kind, old)

    def read(self, post: Mapping[str, str], files: Files, now: Any, *, may_move: bool) -> Wanted | None:
        """What was sent, or None where something cannot stay so: then `errors` says what.

        Args:
            may_move: the person may say where the exchange folder lies.
        """
        values: dict[str, Any] = {}
        hidden: dict[str, str] = {}
        for entry in entries(self.kind):
            self._read_entry(entry, post, files, values, hidden, now, may_move)
        self._check_bound(values, hidden)
        added = {e.key: hidden.pop(e.key) for e in entries(self.kind) if e.keeps and hidden.get(e.key)}
        label = self.values.get("label", "")
        if len(label) > 80:
            self.errors["label"] = _("Al massimo 80 caratteri.")
        wanted = Wanted(label, self._number("pace"), self._number("concurrency"), values, hidden, added)
        return None if self.errors else wanted

    def _read_entry(
        self,
        entry: Entry,
        post: Mapping[str, str],
        files: Files,
        values: dict[str, Any],
        hidden: dict[str, str],
        now: Any,
        may_move: bool,
    ) -> None:
        if entry.removable and post.get(f"togli-{entry.name}"):
            _take_away(entry, values, hidden)
        elif entry.sort == "secret":
            # As it was typed: a password may begin with a blank.
            if text := post.get(entry.name, "").replace("\x00", "")[:500]:
                hidden[entry.name] = text
            self.values.pop(entry.name, None)
        elif entry.sort in ("certificates", "pair"):
            self._upload(entry, post, files, values, hidden, now)
        elif entry.sort == "check":
            values[entry.name] = bool(self.values.get(entry.name))
        elif entry.sort == "number":
            self._port(entry, values)
        elif entry.sort == "folder":
            self._folder(entry, values, may_move)
        else:
            self._text(entry, post, values)

    def _text(self, entry: Entry, post: Mapping[str, str], values: dict[str, Any]) -> None:
        text = self.values.get(entry.name, "")
        if len(text) > entry.maxlength:
            self.errors[entry.name] = _("Al massimo %(most)s caratteri.") % {"most": entry.maxlength}
        elif text and entry.name == "node" and not _NODE.fullmatch(text.upper()):
            self.errors["node"] = _("Servono 11 lettere o cifre, come nel nome dei supporti.")
        elif text and entry.name in ("address", "assigned") and not _MAIL.fullmatch(text):
            self.errors[entry.name] = _("Non è un indirizzo di posta: per esempio fatture@pec.ordine.it.")
        values[entry.name] = text.upper() if entry.name == "node" else text

    def _port(self, entry: Entry, values: dict[str, Any]) -> None:
        text = self.values.get(entry.name, "")
        if text and not (_NUMBER.fullmatch(text) and 0 < int(text) < 65536):
            self.errors[entry.name] = _("È il numero di una porta: da 1 a 65535.")
        else:
            values[entry.name] = int(text) if text else ""

    def _folder(self, entry: Entry, values: dict[str, Any], may_move: bool) -> None:
        """Another company's folder would give its supports away: only whoever keeps the machine may name one."""
        there = str(self.old.settings.get(entry.name, "")) if self.old else ""
        text = self.values.get(entry.name, "")
        if may_move and text:
            if not text.startswith("/") or ".." in text.split("/"):
                self.errors[entry.name] = _("Scrivere il percorso intero, che comincia con «/».")
            values[entry.name] = text
        else:
            values[entry.name] = there  # a new one is laid where nobody else's is (flows/nodes.py)
        self.values[entry.name] = values[entry.name]

    def _upload(
        self,
        entry: Entry,
        post: Mapping[str, str],
        files: Files,
        values: dict[str, Any],
        hidden: dict[str, str],
        now: Any,
    ) -> None:
        contents = [file.read(MOST + 1) for file in files.getlist(entry.name)][:10]
        self.values.pop(f"password-{entry.name}", None)
        if not contents:
            return
        try:
            if entry.sort == "certificates":
                values[entry.name] = certificates.read_certificates(contents)
            else:
                self._pair(entry, contents, post.get(f"password-{entry.name}", ""), values, hidden, now)
        except InputError as error:
            self.errors[entry.name] = said(error.text)

    def _pair(
        self,
        entry: Entry,
        contents: list[bytes],
        password: str,
        values: dict[str, Any],
        hidden: dict[str, str],
        now: Any,
    ) -> None:
        pair = certificates.read_pair(contents, password)
        own = certificates.facts(pair.certificates)
        if own and own[0].not_after < now:
            raise InputError(
                say("Il certificato è scaduto il {day}.", day=f"{own[0].not_after:%d/%m/%Y}"),
                say("Caricare quello rinnovato."),
            )
        if entry.key:
            before = str(self.old.settings.get(entry.name, "")) if self.old and entry.keeps else ""
            values[entry.name] = certificates.joined(pair.certificates, before, now=now)
            hidden[entry.key] = pair.key
        else:
            hidden[entry.name] = pair.certificates + pair.key

    def _check_bound(self, values: Mapping[str, Any], hidden: Mapping[str, str]) -> None:
        if self.old is None or self.kind not in BOUND:
            return
        secret, places = BOUND[self.kind]
        moved = [name for name in places if values.get(name, "") != self.old.settings.get(name, "")]
        if moved and secret not in hidden and secret in self.old.has:
            self.errors[secret] = _(
                "L'indirizzo è cambiato: scrivere di nuovo il segreto, perché non vada a un altro server."
            )

    def _number(self, name: str) -> int:
        text = self.values.get(name, "")
        if not _NUMBER.fullmatch(text):
            self.errors[name] = _("Scrivere un numero intero.")
            return 0
        return int(text)


def entries(kind: str) -> list[Entry]:
    """All that the form of this kind asks for."""
    return [entry for part in PARTS.get(kind, ()) for entry in part.entries]


def _take_away(entry: Entry, values: dict[str, Any], hidden: dict[str, str]) -> None:
    if entry.sort == "certificates":
        values[entry.name] = ""
    elif entry.sort == "pair" and entry.key:
        values[entry.name], hidden[entry.key] = "", ""
    else:
        hidden[entry.name] = ""
