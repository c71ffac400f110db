"""The forms of the passive desk: what narrows the panel, the answer to SdI, the entry into the accounts."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

from fattorino.core.sdi.refusal import CAUSES, Cause, room_for
from fattorino.core.texts import say
from fattorino.documents.forms.filters import FilterForm
from fattorino.documents.forms.values import Unreadable, read_date
from fattorino.documents.models import Reception
from fattorino.documents.passive.answering import ACCEPTED, REFUSED
from fattorino.documents.passive.flows import PROTOCOL_LENGTH
from fattorino.documents.passive.queries import PassiveFilters

MARKS = ("non_lette", "da_rispondere")


class PassiveFilterForm(FilterForm):
    """The filters of every list, and `segno` (unread, to be answered) and `origine`. Attributes as FilterForm."""

    def __init__(self, query: Mapping[str, str]) -> None:
        super().__init__({**{name: query[name] for name in query}, "dashboard": "passive"})
        self.values["cliente"] = self.values["fornitore"] = (
            self._clean(query, "fornitore") or self.values["cliente"]
        )
        mark, source = self._clean(query, "segno"), self._clean(query, "origine")
        self.values["segno"] = mark if mark in MARKS else ""
        self.values["origine"] = source if source in Reception.Source.values else ""
        # The supplier stands where the lists of Entrate have the customer.
        self.filters = dataclasses.replace(self.filters, counterpart=self.values["cliente"], lotto=None)
        self.passive = PassiveFilters(
            self.filters,
            unread=self.values["segno"] == "non_lette",
            to_answer=self.values["segno"] == "da_rispondere",
            source=self.values["origine"],
            reception=self.lotto,
        )

    @property
    def query(self) -> dict[str, str]:
        own = super().query
        own.pop("dashboard", None)
        own.pop("fornitore", None)
        return own

    @property
    def active(self) -> bool:
        return bool(self.query)

    @staticmethod
    def _clean(query: Mapping[str, str], name: str) -> str:
        return query.get(name, "").replace("\x00", "").strip()[:200]


class AnswerForm:
    """Accept or refuse. Attributes: `values` as sent, `errors` by name."""

    def __init__(self, given: Mapping[str, str]) -> None:
        names = ("esito", "causa", "dettaglio", "stato", "confermato")
        self.values = {name: given.get(name, "").replace("\x00", "").strip()[:600] for name in names}
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}

    @property
    def refuses(self) -> bool:
        return self.values["esito"] == REFUSED

    @property
    def accepts(self) -> bool:
        return self.values["esito"] == ACCEPTED

    @property
    def confirmed(self) -> bool:
        return bool(self.values["confermato"])

    @property
    def cause(self) -> Cause | None:
        return next((cause for cause in Cause if str(cause) == self.values["causa"]), None)

    @property
    def room(self) -> int:
        """Letters left for the explanation, of the cause that leaves fewest where none is chosen."""
        return room_for(self.cause) if self.cause else min(map(room_for, CAUSES))


class PostForm:
    """The entry into the accounts. Attributes: `values` as sent, `errors` by name."""

    def __init__(self, given: Mapping[str, str], today: datetime.date) -> None:
        self.values = {
            "data": given.get("data", today.isoformat()).strip()[:20],
            "protocollo": given.get("protocollo", "").replace("\x00", "").strip()[: PROTOCOL_LENGTH * 3],
            "stato": given.get("stato", "")[:40],
        }
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}

    def read(self) -> datetime.date | None:
        """The day; None after saying beside the field what is wrong with it."""
        try:
            day = read_date(self.values["data"])
        except Unreadable as error:
            self.errors["data"] = error.text
            return None
        if day is None:
            self.errors["data"] = say("Indicare la data di registrazione.")
        return day
