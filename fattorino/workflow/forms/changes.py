"""The filters of *Registro delle modifiche*, kept in the address."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping

from fattorino.core.texts import say
from fattorino.organisations.history import Wanted
from fattorino.workflow.changes import KINDS

_NAMES = ("dal", "al", "persona", "tipo")


class ChangeFilters:
    """Attributes: `values` and `errors` by name in the address, `wanted` for the queries."""

    def __init__(self, query: Mapping[str, str], kinds: Collection[str]) -> None:
        self.values = {name: query.get(name, "").replace("\x00", "").strip()[:40] for name in _NAMES}
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        person, kind = self.values["persona"], self.values["tipo"]
        if not (person.isascii() and person.isdecimal() and len(person) < 19):
            self.values["persona"] = ""
        if kind not in kinds:
            self.values["tipo"] = ""
        since, until = self._day("dal"), self._day("al")
        if since and until and since > until:
            self.errors["al"] = say("La fine del periodo viene prima dell'inizio.")
        self.wanted = Wanted(
            since,
            until,
            int(self.values["persona"]) if self.values["persona"] else None,
            KINDS[kind][1] if self.values["tipo"] else tuple(w for k in kinds for w in KINDS[k][1]),
        )

    @property
    def query(self) -> dict[str, str]:
        """What is filled, for links to other pages of the same list."""
        return {name: value for name, value in self.values.items() if value}

    def _day(self, name: str) -> datetime.date | None:
        text = self.values[name]
        if not text:
            return None
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            self.errors[name] = say(
                "Non è una data: scegliere un giorno dal calendario, oppure lasciare vuoto."
            )
            return None
