"""SdI's two reports of the day: what it fetched from a node and answered (EO), what it left there (FO) (FTP411, 5.5).

The text gives their content in words; columns, headings and the form of date and time are ours.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from fattorino.core.sdi.ftp.names import SupportName
from fattorino.simulators.sdi.books import Books
from fattorino.simulators.sdi.clock import DAY

_ROME = ZoneInfo("Europe/Rome")
# Keys in the books: journeys that no report has told to their end, and the day up to which reports were made.
_FETCHED, _LEFT, _TOLD = "prelevato ", "lasciato ", "giorno dei report"
_HEADINGS = {
    "FO": ("Supporto FO", "Data fine trasmissione"),
    "EO": ("Supporto FI", "Data prelevamento", "File EO o ER", "Data fine trasmissione"),
}


class DailyReports:
    """Args:
    books: of the simulated SdI. node: whose transmissions are told.
    """

    def __init__(self, books: Books, node: str) -> None:
        self._books = books
        self._node = node

    def fetched(self, support: SupportName, now: datetime.datetime) -> None:
        """An FI was taken away. One that is fetched again, because it could not be removed, is told once."""
        key = _FETCHED + support.stem
        if self._books.get(key) is None:
            self._books.put(key, [support.file, _when(now), "", ""])

    def answered(self, answer: SupportName, now: datetime.datetime) -> None:
        """Its EO or ER is in the node's folder, or SdI thinks so."""
        key = _FETCHED + answer.of_kind("FI").stem
        if (row := self._books.get(key)) is not None:
            self._books.put(key, [*row[:2], answer.file, _when(now)])

    def left(self, support: SupportName, now: datetime.datetime) -> None:
        """An FO is in the node's folder under its last name."""
        self._books.put(_LEFT + support.stem, [support.file, _when(now)])

    def of_the_day(self, elapsed: float, now: datetime.datetime) -> list[tuple[str, bytes]]:
        """Both reports, with the names under which they are left, once a day of SdI has passed; else nothing.

        Each journey is told once, an FI again when its answer comes on another day. To be called in a transaction
        that keeps the reports: they are not made again.

        Args:
            elapsed: simulated seconds (clock.py).
        """
        today = int(elapsed // DAY)
        told = self._books.get(_TOLD)
        if told is None or today <= told:
            if told is None:
                self._books.put(_TOLD, today)
            return []
        self._books.put(_TOLD, today)
        return [self._report("FO", self._taken(_LEFT), now), self._report("EO", self._taken(_FETCHED), now)]

    def _taken(self, prefix: str) -> list[list[str]]:
        """The rows there are; what has come to its end leaves the books."""
        rows = self._books.kept(prefix)
        for key, row in rows.items():
            if row[-1]:
                self._books.forget(key)
        return list(rows.values())

    def _report(
        self, kind: Literal["FO", "EO"], rows: Sequence[Sequence[str]], now: datetime.datetime
    ) -> tuple[str, bytes]:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(_HEADINGS[kind])
        writer.writerows(rows)
        name = f"ST.{self._node}.{kind}.{now.astimezone(_ROME):%Y%m%d.%H%M%S}.csv.run"
        return name, text.getvalue().encode()


def _when(now: datetime.datetime) -> str:
    return f"{now.astimezone(_ROME):%d/%m/%Y %H:%M:%S}"
