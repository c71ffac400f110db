"""Names of supports and of what SdI answers to them (FTP411, 3.1.4, 3.2, 4 and 5)."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Literal

from fattorino.core.errors import InputError
from fattorino.core.texts import say

Kind = Literal["FI", "FO", "EO", "ER"]
# 900 to 999 are for agreed tests, in folders of their own.
FIRST_TEST, LAST_REAL, LAST = 900, 899, 999
# As SdI leaves them when they are complete; anything else in its folder is still being written.
COMPLETE = {"FO": ".zip.p7m.enc", "EO": ".xml.run", "ER": ".run"}
NODE = r"[0-9A-Z]{11}"

_NAME = re.compile(
    rf"(?P<kind>FI|FO|EO|ER)\.(?P<node>{NODE})\.(?P<day>[0-9]{{7}})\.(?P<time>[0-9]{{4}})\.(?P<number>[0-9]{{3}})"
    r"(?P<extension>\.[A-Za-z0-9.]+)?"
)
_REPORT = re.compile(
    r"ST\.(?P<node>[0-9A-Z]{11,16})\.(?P<kind>FO|EO)\.(?P<moment>[0-9.]+?)(?:\.csv)?(?:\.run)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SupportName:
    """`FI.01234567890.2013001.1700.001`: what it is, whose, when it was made, its number in that minute.

    Attributes:
        kind: FI to SdI, FO from SdI, EO outcome of an FI, ER refusal of an FI's signature or encryption.
        node: codice fiscale of the node, 11 characters.
        made: naive, Italian time, to the minute.
        number: 1 to 899; 900 to 999 in tests.
    """

    kind: Kind
    node: str
    made: datetime.datetime
    number: int

    @property
    def is_test(self) -> bool:
        return self.number >= FIRST_TEST

    @property
    def stem(self) -> str:
        return f"{self.kind}.{self.node}.{self.made:%Y%j.%H%M}.{self.number:03}"

    @property
    def file(self) -> str:
        """Of the support itself (FI, FO) or of the answer while SdI writes it."""
        return self.stem + {"FI": ".zip", "FO": ".zip", "EO": ".xml", "ER": ""}[self.kind]

    @property
    def quadrature(self) -> str:
        """Of the quadrature file inside a support (3.1.5)."""
        return f"{self.stem}.xml"

    def of_kind(self, kind: Kind) -> SupportName:
        """The support that this one answers, or the answer to it: only the first two letters differ."""
        return SupportName(kind, self.node, self.made, self.number)


def support_name(kind: Kind, node: str, made: datetime.datetime, number: int) -> SupportName:
    """Raises InputError for a node or a number that SdI would not take."""
    if re.fullmatch(NODE, node) is None:
        raise InputError(
            say("«{node}» non può essere l'identificativo di un nodo SdIFtp.", node=_shown(node)),
            say("Servono gli 11 caratteri del codice fiscale comunicato nell'accreditamento."),
        )
    if not 1 <= number <= LAST:
        raise InputError(
            say("In un minuto si possono predisporre al massimo {most} supporti.", most=LAST_REAL),
            say("Attendere il minuto successivo."),
        )
    return SupportName(kind, node, made.replace(tzinfo=None, second=0, microsecond=0), number)


def parse_support_name(name: str) -> tuple[SupportName, str]:
    """A name and its extension as it came ("" when there is none). Raises InputError if it is no support's name."""
    found = _NAME.fullmatch(name)
    made = _moment(found["day"], found["time"]) if found else None
    if found is None or made is None or found["number"] == "000":
        raise InputError(say("«{name}» non è il nome di un supporto SdIFtp.", name=_shown(name)))
    kind: Kind = found["kind"]  # type: ignore[assignment]  # one of the four, says the expression
    return SupportName(kind, found["node"], made, int(found["number"])), found["extension"] or ""


def complete(name: str) -> SupportName | None:
    """The support or answer of SdI that stands ready under this name; None for one still being written, or for
    anything else that lies in the folder (4.1 lets the node keep other files there)."""
    try:
        support, extension = parse_support_name(name)
    except InputError:
        return None
    return support if extension == COMPLETE.get(support.kind) else None


def is_report(name: str) -> bool:
    """Whether this is one of SdI's two daily reports (5.5)."""
    return _REPORT.fullmatch(name) is not None


def report_kind(name: str) -> Literal["FO", "EO"] | None:
    """Which of the two daily reports this is; None for anything else."""
    found = _REPORT.fullmatch(name)
    if found is None:
        return None
    return "FO" if found["kind"].upper() == "FO" else "EO"


def _moment(day: str, time: str) -> datetime.datetime | None:
    try:
        first = datetime.datetime(int(day[:4]), 1, 1, int(time[:2]), int(time[2:]))  # noqa: DTZ001 - Italian time
        moment = first + datetime.timedelta(days=int(day[4:]) - 1)
    except (ValueError, OverflowError):
        return None
    return moment if f"{moment:%Y%j}" == day else None


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name[:80])
