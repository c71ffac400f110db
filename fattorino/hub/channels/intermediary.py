"""Another Hub, over HTTPS: /api/hub/v1 of a Fattorino elsewhere, or of a program with the same interface.

A file goes under its own name and the Hub knows it by that name for ever: sent again it is the same file, and whether
it arrived can be asked. What becomes of it, SdI's messages and received invoices come through one feed with a cursor.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from fattorino.core.errors import ChannelError, InputError
from fattorino.core.texts import say, together
from fattorino.hub.caller import Caller
from fattorino.hub.channels.base import (
    Accepted,
    Alone,
    AnswerItem,
    Fate,
    InvoiceItem,
    Item,
    MessageItem,
    OtherItem,
    Outgoing,
    Parcel,
    Raw,
    Refused,
    Step,
)
from fattorino.hub.reach import EVERYWHERE, Reach
from fattorino.hub.trust import authorities

# Events asked for at once, and how many answers one look at the feed reads.
PAGE, PAGES = 100, 10
# A file that is larger the Hub refuses unread.
LIMIT = 10_000_000
# Bytes of one answer: the feed's largest page, in base64, with room.
LARGEST_ANSWER = 100_000_000
# A whole call may take so many times what each wait may.
WHOLE = 5
# What is refused without regard to what was sent: the way is at fault, and a person must see to it.
_NO_ENTRY = (401, 403)
_NOT_THERE = (300, 301, 302, 303, 307, 308, 400, 404, 405, 406, 410, 415)
_OF_FILE = (409, 413, 422)
_LATER = (429, 503)
# On the way back: it is not coming any more.
RETURNED = "returned"
WITH_SDI = "with_sdi"
# SdI began on this day. A moment before it is how some programs write that they know none (year 1, 1970).
SDI_BEGAN = datetime.datetime(2014, 6, 6, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Intermediary(Alone):
    """One company's door at another Hub.

    Attributes:
        url: as far as /api/hub/v1.
        token: opens that company's door, and no other.
        timeout: seconds for connecting, sending and waiting for the answer, each.
        trusted_ca: path of a PEM with the Hub's own CA; empty: the system's.
        reach: whom the address may lead to.
    """

    url: str
    token: str = field(repr=False)
    timeout: float
    trusted_ca: str = ""
    reach: Reach = EVERYWHERE

    def send(self, file: Outgoing) -> Accepted | Refused:
        """See ChannelPort.send: taken over by the Hub; SdI speaks later, through the feed."""
        if len(file.content) > LIMIT:
            raise ChannelError(
                say("Il file supera i {limit} MB che l'Hub accetta.", limit=LIMIT // 1_000_000),
                uncertain=False,
                permanent=True,
                of_file=True,
            )
        query = {"identificativo_sdi": file.identificativo_sdi} if file.kind == "EC" else {}
        path = f"{'outcomes' if file.kind == 'EC' else 'files'}/{quote(file.file_name, safe='')}"
        answer = self._call("PUT", path, uncertain=True, content=file.content, params=query)
        told = _told(answer) if answer.status_code in (200, 201) else {}
        if told.get("sha256") != hashlib.sha256(file.content).hexdigest():
            raise ChannelError(
                say("La risposta dell'Hub non si capisce: non si sa se abbia preso il file."), uncertain=True
            )
        return Accepted(str(told.get("identificativo_sdi") or ""), _moment(told.get("received_at")))

    def resolve(self, parcel: Parcel) -> Fate:
        """See ChannelPort.resolve: by name. That the Hub knows no such file proves nothing yet: a request that was
        given up here may still be on its way there."""
        kind = "outcomes" if "_EC_" in parcel.name else "files"
        answer = self._call("GET", f"{kind}/{quote(parcel.name, safe='')}", missing=True)
        if answer.status_code == 404:
            return "unknown"
        return "not_sent" if _told(answer).get("state") == RETURNED else "sent"

    def fetch(self, cursor: str) -> Iterator[Raw]:
        """See ChannelPort.fetch: event by event."""
        since = cursor if cursor.isascii() and cursor.isdigit() else "0"
        for _ in range(PAGES):
            page = _told(self._call("GET", "feed", params={"since": since, "limit": str(PAGE)}))
            events = page.get("events")
            if not isinstance(events, list) or not all(_is_event(event) for event in events):
                raise ChannelError(say("L'elenco degli eventi dell'Hub non si capisce."), uncertain=False)
            for event in events:
                content = json.dumps(event, ensure_ascii=False, sort_keys=True).encode()
                number = str(event["number"])
                yield Raw(f"{number}.json", content, number, _delivered(event))
            since = str(page.get("next") or since)
            if not page.get("more"):
                return

    def read(self, raw: Raw) -> Sequence[Item]:
        """See ChannelPort.read."""
        try:
            event = json.loads(raw.content)
            return [_item(event, raw.laid_at)]
        except (ValueError, TypeError, KeyError, binascii.Error) as exc:
            raise InputError(say("L'evento {name} dell'Hub non si capisce.", name=raw.name)) from exc

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        """See ChannelPort.examine: the Hub answers, knows the token, and takes files with it."""
        step = say("Collegamento con l'Hub")
        try:
            told = _told(self._call("GET", "service"))
        except ChannelError as error:
            return [Step(step, False, error.text)]
        company, code = str(told.get("company") or ""), str(told.get("partita_iva") or "")
        steps = [Step(step, True, say("Risponde per {company} ({code}).", company=company, code=code))]
        if told.get("may_write") is True:
            return [
                *steps,
                Step(say("Consegna dei file"), True, say("Il token permette di consegnare file.")),
            ]
        text = say("Il token è di sola consultazione: chiedere un token con il ruolo di operatore.")
        return [*steps, Step(say("Consegna dei file"), False, text)]

    def _call(
        self, method: str, path: str, *, uncertain: bool = False, missing: bool = False, **options: Any
    ) -> httpx.Response:
        """The answer, if it says yes (or, with `missing`, that there is no such thing).

        Args:
            uncertain: whether something is changed by it, so that a broken connection leaves a doubt.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers["Accept-Language"] = "it"
        if method == "PUT":
            headers["Content-Type"] = "application/octet-stream"
        try:
            with Caller(
                self.reach,
                tls=self._tls(),
                timeout=self.timeout,
                whole=self.timeout * WHOLE,
                largest=LARGEST_ANSWER,
            ) as caller:
                answer = caller.call(method, f"{self.url.rstrip('/')}/{path}", headers=headers, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise ChannelError(
                say("L'Hub non risponde: la connessione non si è aperta."), uncertain=False
            ) from exc
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as exc:
            raise ChannelError(
                say("L'indirizzo dell'Hub non è valido: {url}", url=self.url), uncertain=False, permanent=True
            ) from exc
        except httpx.HTTPError as exc:
            text = say("La connessione con l'Hub si è interrotta: non si sa se il file sia arrivato.")
            other = say("La connessione con l'Hub si è interrotta.")
            raise ChannelError(text if uncertain else other, uncertain=uncertain) from exc
        if answer.status_code in (200, 201) or missing and _is_missing(answer):
            return answer
        raise _refusal(answer, uncertain)

    def _tls(self) -> ssl.SSLContext | bool:
        if not self.url.startswith("https:"):
            return False
        return authorities(self.trusted_ca, say("Il certificato dell'autorità dell'Hub non si può leggere."))


def _refusal(answer: httpx.Response, uncertain: bool) -> ChannelError:
    """What an answer that is not yes means for the file."""
    status, said = answer.status_code, _problem(answer)
    if status in _NO_ENTRY:
        text = together(
            say("L'Hub non riconosce il token di questo canale, o non gli permette di scrivere."), said
        )
        return ChannelError(text, uncertain=False, permanent=True)
    if status in _OF_FILE:
        text = together(say("L'Hub non prende il file."), said)
        return ChannelError(text, uncertain=False, permanent=True, of_file=True)
    if status in _NOT_THERE:
        text = say("All'indirizzo del canale non c'è un Hub (HTTP {status}).", status=status)
        return ChannelError(text, uncertain=False, permanent=True)
    if status in _LATER:
        text = say("L'Hub è momentaneamente fuori servizio o riceve troppe richieste.")
        return ChannelError(text, uncertain=False, no_room=status == 429)
    # A proxy in between may answer for a Hub that has taken the file.
    text = say("L'Hub ha risposto con un errore (HTTP {status}).", status=status)
    return ChannelError(text, uncertain=uncertain)


def _is_missing(answer: httpx.Response) -> bool:
    """Whether the Hub itself says that there is nothing of that name, and no web server that there is no Hub."""
    kind = answer.headers.get("content-type", "")
    return answer.status_code == 404 and kind.startswith("application/problem+json")


def _problem(answer: httpx.Response) -> str:
    """The Hub's own words, as it wrote them."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    parts = [str(told.get("detail") or ""), str(told.get("hint") or "")]
    return " ".join(filter(None, parts))[:1000]


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {}


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and isinstance(event.get("number"), int)


def _moment(text: object) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(str(text))
        return moment.astimezone(datetime.UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _delivered(event: dict[str, Any]) -> datetime.datetime | None:
    """When SdI laid an invoice down at the Hub, as it tells; None where it does not, or nothing that can be."""
    moment = _moment(event.get("delivered_at")) if event.get("type") == "invoice" else None
    return moment if moment and moment >= SDI_BEGAN else None


def _item(event: dict[str, Any], delivered_at: datetime.datetime | None) -> Item:
    kind, name = event["type"], str(event["name"])
    if kind == "message":
        content = base64.b64decode(event["content"], validate=True)
        return MessageItem(name, content, str(event.get("identificativo_sdi") or ""))
    if kind == "invoice":
        return InvoiceItem(
            str(event.get("identificativo_sdi") or ""),
            name,
            base64.b64decode(event["content"], validate=True),
            str(event.get("metadata_name") or ""),
            base64.b64decode(event.get("metadata") or "", validate=True),
            delivered_at,
        )
    if kind == "file":
        state, text = str(event.get("state") or ""), str(event.get("text") or "")
        if state == RETURNED:
            return AnswerItem(name, False, text)
        if state == WITH_SDI:
            return AnswerItem(name, True, text)
        return OtherItem(name, say("L'Hub dice: {state}", state=text or state))
    return OtherItem(name, say("Evento sconosciuto dell'Hub: {kind}", kind=str(kind)[:40]))
