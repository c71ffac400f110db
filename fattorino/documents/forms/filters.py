"""The filters of the list: kept in the address, so that a filtered list can be bookmarked and sent to a colleague."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard
from fattorino.documents.forms.values import Unreadable, read_date
from fattorino.documents.queries import DocumentFilters
from fattorino.workflow.dashboards import BY_SLUG

# Short Italian names in the address.
NAMES = {
    "stato": "state",
    "tipo": "kind",
    "dal": "date_from",
    "al": "date_to",
    "cliente": "counterpart",
    "numero": "number",
    "testo": "text",
    "dashboard": "dashboard",
    "solo": "check",
    "lotto": "lotto",
}
# "I relativi documenti saranno filtrabili": the checks of the states, as addresses name them.
CHECKS = {"emessi": "issued", "esterometro": "in_esterometro", "conservazione": "preserved"}


class FilterForm:
    """Attributes: `values` and `errors` by name in the address, `filters` for the queries."""

    def __init__(self, query: Mapping[str, str]) -> None:
        # A NUL or an endless text is no search; the database would refuse the first.
        self.values = {name: query.get(name, "").replace("\x00", "").strip()[:200] for name in NAMES}
        if self.values["solo"] not in CHECKS:
            self.values["solo"] = ""
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        start, end = self._date("dal"), self._date("al")
        if start and end and start > end:
            self.errors["al"] = say("La fine del periodo viene prima dell'inizio.")
        self.filters = DocumentFilters(
            state=self.values["stato"],
            kind=self.values["tipo"],
            date_from=start,
            date_to=end,
            counterpart=self.values["cliente"],
            number=self.values["numero"],
            text=self.values["testo"],
            dashboard=str(self.dashboard or ""),
            check=CHECKS.get(self.values["solo"], ""),
            lotto=self.lotto,
        )

    @property
    def lotto(self) -> int | None:
        """The file whose documents are meant. What is no number means no file, and never all documents."""
        given = self.values["lotto"]
        if not given:
            return None
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else -1

    @property
    def dashboard(self) -> Dashboard | None:
        """The dashboard whose documents are listed; None for Entrate as a whole."""
        return BY_SLUG.get(self.values["dashboard"])

    @property
    def active(self) -> bool:
        """Whether something is filtered within the list."""
        return any(value for name, value in self.values.items() if name != "dashboard")

    @property
    def query(self) -> dict[str, str]:
        """What is filled, for links to other pages of the same list."""
        return {name: value for name, value in self.values.items() if value}

    def _date(self, name: str) -> datetime.date | None:
        try:
            return read_date(self.values[name])
        except Unreadable as error:
            self.errors[name] = error.text
            return None
