"""What the pages *Arrivi* and *Rapporti giornalieri* of a channel read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from fattorino.core.texts import say, say_many, together
from fattorino.hub.models import Collected, DailyReport, Message, ReportGap

PAGE = 50
EXPORTED = 10_000
State = Message.State
# What became of an arrival -> its label; in the order in which one is asked for.
FATES: dict[str, str] = {
    "waiting": say("In lettura"),
    "set_aside": say("Messo da parte"),
    "to_match": say("Da abbinare"),
    "done": say("Letto"),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that was fetched. `inside`: what was found in it, in words."""

    id: int
    name: str
    received_at: datetime.datetime
    arrivals: int
    fate: str
    fate_label: str
    inside: str
    note: str
    report_id: int | None


@dataclass(frozen=True, slots=True)
class ArrivalPage:
    """Some arrivals, the newest first; `older` is where the next page begins."""

    rows: list[Arrival] = field(default_factory=list)
    older: int | None = None


def arrivals(company_id: int, channel_id: int, *, fate: str, before: int | None) -> ArrivalPage:
    found = _arrivals(company_id, channel_id, fate)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = _read(found[: PAGE + 1])
    return ArrivalPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def every_arrival(company_id: int, channel_id: int, *, fate: str) -> list[Arrival]:
    return _read(_arrivals(company_id, channel_id, fate)[:EXPORTED])


def _arrivals(company_id: int, channel_id: int, fate: str) -> QuerySet[Collected]:
    rows = Collected.objects.filter(company_id=company_id, channel_id=channel_id).defer("content")
    to_match = Message.objects.filter(
        company_id=company_id, state=State.TO_MATCH, collected__channel_id=channel_id
    )
    if fate == "waiting":
        rows = rows.filter(read_at=None)
    elif fate == "set_aside":
        rows = rows.filter(set_aside=True)
    elif fate == "to_match":
        rows = rows.filter(pk__in=to_match.values("collected_id"))
    elif fate == "done":
        rows = rows.filter(read_at__isnull=False, set_aside=False).exclude(
            pk__in=to_match.values("collected_id")
        )
    return rows.select_related("report").order_by("-pk")


def _read(found: Iterable[Collected]) -> list[Arrival]:
    rows = list(found)
    counts = _messages([row.pk for row in rows])
    return [_arrival(row, counts.get(row.pk, {})) for row in rows]


def _messages(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many messages each held, by what became of them. Messages that turned out to be another company's, or that
    nobody could match, count by where they came from."""
    found: dict[int, dict[str, int]] = {}
    rows = Message.objects.filter(collected__in=ids).order_by().values_list("collected_id", "state")
    for collected, state, number in rows.annotate(number=Count("pk")):
        if collected is not None:
            found.setdefault(collected, {})[state] = number
    return found


def _arrival(row: Collected, messages: dict[str, int]) -> Arrival:
    fate = "done"
    if row.read_at is None:
        fate = "waiting"
    elif row.set_aside:
        fate = "set_aside"
    elif messages.get(State.TO_MATCH):
        fate = "to_match"
    report = getattr(row, "report", None)
    return Arrival(
        id=row.pk,
        name=row.name,
        received_at=row.received_at,
        arrivals=row.arrivals,
        fate=fate,
        fate_label=FATES[fate],
        inside=_inside(row.invoices, messages),
        note=row.note,
        report_id=report.pk if report else None,
    )


def _inside(invoices: int, messages: dict[str, int]) -> str:
    told = []
    if invoices:
        told.append(say_many("{number} fattura ricevuta", "{number} fatture ricevute", invoices))
    if number := messages.get(State.APPLIED, 0):
        told.append(say_many("{number} messaggio applicato", "{number} messaggi applicati", number))
    if number := messages.get(State.TO_MATCH, 0):
        told.append(say_many("{number} messaggio da abbinare", "{number} messaggi da abbinare", number))
    if number := messages.get(State.WAITING, 0):
        told.append(say_many("{number} messaggio in lettura", "{number} messaggi in lettura", number))
    if number := messages.get(State.SETTLED, 0):
        told.append(say_many("{number} messaggio archiviato", "{number} messaggi archiviati", number))
    return together(*told, by=", ")


# --------------------------------------------------------------------------------------------------- reports


@dataclass(frozen=True, slots=True)
class Report:
    """One report; `agree` are the supports that it names and that are known here."""

    id: int
    name: str
    kind: str
    kind_label: str
    received_at: datetime.datetime
    named: int
    agree: int
    open: int
    closed: int


@dataclass(frozen=True, slots=True)
class ReportPage:
    rows: list[Report] = field(default_factory=list)
    older: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    id: int
    support: str
    kind_label: str
    row: str
    found_at: datetime.datetime
    closed_at: datetime.datetime | None
    closed_by: str
    closed_why: str


def reports(company_id: int, channel_id: int, *, only_open: bool, before: int | None) -> ReportPage:
    found = _reports(company_id, channel_id, only_open)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = [_report(row) for row in found[: PAGE + 1]]
    return ReportPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def every_report(company_id: int, channel_id: int, *, only_open: bool) -> list[Report]:
    return [_report(row) for row in _reports(company_id, channel_id, only_open)[:EXPORTED]]


def find_report(company_id: int, channel_id: int, report_id: int) -> Report | None:
    row = _reports(company_id, channel_id, False).filter(pk=report_id).first()
    return _report(row) if row else None


def gaps(company_id: int, report_id: int) -> list[Gap]:
    """What does not agree, the open ones first."""
    rows = ReportGap.objects.filter(company_id=company_id, report_id=report_id)
    return [
        Gap(
            row.pk,
            row.support,
            kind_of(row.kind),
            row.row,
            row.found_at,
            row.closed_at,
            row.closed_by,
            row.closed_why,
        )
        for row in rows.order_by("-closed_at", "support", "pk")[:EXPORTED]
    ]


def kind_of(kind: str) -> str:
    """In words that keep their origin."""
    return next(label for value, label in ReportGap.Kind.choices if value == kind)


def _reports(company_id: int, channel_id: int, only_open: bool) -> QuerySet[DailyReport]:
    open_ = Count("gaps", filter=Q(gaps__closed_at=None))
    named = Count("gaps", filter=~Q(gaps__kind=ReportGap.Kind.PASSED_OVER) & Q(gaps__closed_at=None))
    rows = DailyReport.objects.filter(company_id=company_id, channel_id=channel_id)
    rows = rows.annotate(open_gaps=open_, all_gaps=Count("gaps"), named_gaps=named)
    return (rows.filter(open_gaps__gt=0) if only_open else rows).order_by("-pk")


def _report(row: DailyReport) -> Report:
    told: dict[str, int] = vars(row)
    label = next(label for value, label in DailyReport.Kind.choices if value == row.kind)
    return Report(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        kind_label=label,
        received_at=row.received_at,
        named=row.named,
        agree=row.named - told["named_gaps"],
        open=told["open_gaps"],
        closed=told["all_gaps"] - told["open_gaps"],
    )
