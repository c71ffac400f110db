"""SdI's daily reports (ST) against what was kept here. What does not agree is looked at again until it does.

Which hours a report covers is documented nowhere (FTP411, 5.5): what it does not name proves nothing. So only the
supports that it names are looked for here, and, of ours without an outcome, those that stand between two that it names.
A report may overtake what it names: nobody is told before PATIENCE has passed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from fattorino.core.errors import InputError, RefusedError
from fattorino.core.sdi.ftp.names import COMPLETE, SupportName, parse_support_name
from fattorino.core.texts import say, say_many
from fattorino.hub.channels.base import ReportItem
from fattorino.hub.flows import consignments, outcome_travels
from fattorino.hub.models import (
    Channel,
    Collected,
    Consignment,
    DailyReport,
    OutcomeSent,
    ReportGap,
    Submission,
)
from fattorino.organisations.flows import audit
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows as workflow

Each = TypeVar("Each")
Kind = ReportGap.Kind
Parcel = Consignment.Status
# Names that are asked for at once.
AT_ONCE = 1000
# What is still on its way through our own jobs is no gap yet.
PATIENCE = datetime.timedelta(hours=1)
ANSWERED = (Parcel.TAKEN, Parcel.REFUSED)
TITLE = say("Rapporti giornalieri di SdI")


# --------------------------------------------------------------------------------------------------- comparing


def keep(channel: Channel, collected_id: int, item: ReportItem, *, now: datetime.datetime) -> None:
    """Write a report down with what does not agree; in the transaction that reads it. Again it changes nothing."""
    report, new = DailyReport.objects.get_or_create(
        collected_id=collected_id,
        defaults={
            "company_id": channel.company_id,
            "channel": channel,
            "name": item.name[:255],
            "kind": item.kind,
            "named": len(item.claims),
            "received_at": now,
        },
    )
    if not new:
        return
    named = [support for kind, support, _ in item.claims if kind == Kind.UNKNOWN]
    _named_now(channel, named, now)
    claimed = [(str(kind), support, row) for kind, support, row in item.claims]
    claimed += [(Kind.PASSED_OVER.value, support, "") for support in _passed_over(channel, named)]
    for some in _portions(claimed):
        met = _met(channel, [(kind, support) for kind, support, _ in some])
        rows = [
            ReportGap(
                company_id=channel.company_id, channel=channel, report=report, kind=kind, support=support,
                row=row[:300], found_at=now,
            )
            for kind, support, row in some
            if (kind, support) not in met
        ]  # fmt: skip
        # The next day's report may say the same again: the first one has it.
        ReportGap.objects.bulk_create(rows, ignore_conflicts=True)


def _named_now(channel: Channel, named: Sequence[str], now: datetime.datetime) -> None:
    for some in _portions(named):
        passed = ReportGap.objects.filter(channel=channel, kind=Kind.PASSED_OVER, support__in=some)
        passed.filter(closed_at=None).update(closed_at=now)


def _passed_over(channel: Channel, named: Sequence[str]) -> list[str]:
    """Ours that were given away between the first and the last that it names, without an outcome and not named."""
    if not named:
        return []
    first, last = f"{min(named)}.zip", f"{max(named)}.zip"
    rows = Consignment.objects.filter(
        channel=channel, company_id=channel.company_id, status=Parcel.HANDED_OVER
    )
    between = rows.filter(name__gt=first, name__lt=last).order_by("name").values_list("name", flat=True)
    known = set(named)
    return [stem for name in between if (stem := name.removesuffix(".zip")) not in known]


def _met(channel: Channel, claimed: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the claims (kind, support) that agree with what is kept here."""
    ours = {support: _file(support) for kind, support in claimed if kind != Kind.MISSING}
    parcels = {
        name: (pk, status)
        for pk, name, status in Consignment.objects.filter(
            channel=channel, company_id=channel.company_id, name__in=set(ours.values())
        ).values_list("pk", "name", "status")
    }
    arrived = {
        support: _arrival(support) for kind, support in claimed if kind in (Kind.MISSING, Kind.UNANSWERED)
    }
    here = set(
        Collected.objects.filter(
            channel=channel, company_id=channel.company_id, name__in=set(arrived.values())
        ).values_list("name", flat=True)
    )
    waiting = _with_something_waiting([pk for pk, _ in parcels.values()])
    met = set()
    for kind, support in claimed:
        pk, status = parcels.get(ours.get(support, ""), (0, ""))
        if kind == Kind.UNKNOWN:
            agrees = bool(pk)
        elif kind == Kind.MISSING:
            agrees = arrived[support] in here
        elif kind == Kind.UNANSWERED:
            # Of a support that was never ours the outcome is here and says nothing: the other gap tells of it.
            agrees = (
                status in ANSWERED
                or (bool(pk) and pk not in waiting)
                or (not pk and arrived[support] in here)
            )
        else:
            agrees = status != Parcel.HANDED_OVER or pk not in waiting
        if agrees:
            met.add((kind, support))
    return met


def _with_something_waiting(parcels: Sequence[int]) -> set[int]:
    """The parcels in which something still waits for its answer: receipts may have settled the rest."""
    files = Submission.objects.filter(
        consignment__in=parcels, status__in=[Submission.Status.SENDING, Submission.Status.UNCERTAIN]
    )
    answers = OutcomeSent.objects.filter(
        consignment__in=parcels, status__in=[OutcomeSent.Status.SENDING, OutcomeSent.Status.UNCERTAIN]
    )
    found = [
        *files.values_list("consignment_id", flat=True),
        *answers.values_list("consignment_id", flat=True),
    ]
    return {pk for pk in found if pk is not None}


def _file(support: str) -> str:
    """The name under which the parcel is kept that a support or its outcome stands for."""
    return _name(support).of_kind("FI").file


def _arrival(support: str) -> str:
    """The name under which SdI leaves it."""
    name = _name(support)
    return name.stem + COMPLETE[name.kind]


def _name(support: str) -> SupportName:
    return parse_support_name(support)[0]


# --------------------------------------------------------------------------------------------- looking again


def look(*, now: datetime.datetime) -> int:
    """Close what agrees by now, act on what SdI's word proves, tell of the rest once; how many gaps were closed."""
    with system_scope():
        rows = (
            ReportGap.objects.filter(closed_at=None)
            .order_by("channel_id")
            .values_list("company_id", "channel_id")
        )
        pairs = list(rows.distinct())
    closed = 0
    for company_id, channel_id in pairs:
        left = True
        while left:
            with company_scope(company_id):
                channel = Channel.objects.get(pk=channel_id, company_id=company_id)
                left = _act(channel, now)
        with company_scope(company_id):
            closed += _close(channel, now)
            _tell(channel, now)
    return closed


def _close(channel: Channel, now: datetime.datetime) -> int:
    closed = 0
    for some in _portions(list(_open(channel).values_list("pk", "kind", "support"))):
        met = _met(channel, [(kind, support) for _, kind, support in some])
        agree = [pk for pk, kind, support in some if (kind, support) in met]
        closed += ReportGap.objects.filter(pk__in=agree, closed_at=None).update(closed_at=now)
    return closed


def _act(channel: Channel, now: datetime.datetime) -> bool:
    """What SdI lists as left for us and is lost all the same: an ER proves a refusal, an EO that it was answered.

    Returns: whether there is more, for another transaction."""
    late = _open(channel).filter(kind=Kind.UNANSWERED, found_at__lt=now - PATIENCE)
    for support in list(late.values_list("support", flat=True)):
        try:
            name = _name(support)
        except InputError:
            continue
        parcel = name.of_kind("FI").file
        if name.kind == "ER":
            text = say(
                "Lo scarto del supporto {name} non è arrivato, ma SdI lo elenca nel rapporto giornaliero: nessun file "
                "è stato preso.",
                name=parcel,
            )
            if consignments.answered(channel, parcel, False, text, now=now) is consignments.Told.SOME:
                return True
        else:
            outcome_travels.answer_lost(channel, parcel, now=now)
    return False


def _tell(channel: Channel, now: datetime.datetime) -> None:
    """Administrators, once for each report."""
    late = _open(channel).filter(found_at__lt=now - PATIENCE, report__told_at=None)
    for report_id in list(late.values_list("report_id", flat=True).distinct().order_by("report_id")):
        with transaction.atomic():
            report = DailyReport.objects.select_for_update().get(pk=report_id, company_id=channel.company_id)
            if report.told_at is not None:
                continue
            count = late.filter(report=report).count()
            report.told_at = now
            report.save(update_fields=["told_at"])
            text = say_many(
                "Nel rapporto {name} del canale «{channel}» non torna {number} supporto.",
                "Nel rapporto {name} del canale «{channel}» non tornano {number} supporti.",
                count,
                name=report.name,
                channel=channel.label or Channel.Kind.SDIFTP.label,
            )
            page = reverse("channels:report", args=[channel.pk, report.pk])
            workflow.announce(channel.company_id, f"report:{report.pk}", TITLE, text, page, now=now)


def settle(gap_id: int, why: str, actor: Actor, *, now: datetime.datetime) -> None:
    """A person found out what became of a support: the gap is closed with her words.

    Raises:
        RefusedError: she does not administer the company, there is no such open gap, or she says no reason.
    """
    if not actor.may_configure:
        raise RefusedError(say("I canali li imposta chi amministra l'azienda."))
    why = " ".join(why.replace("\x00", "").split())[:300]
    if not why:
        raise RefusedError(
            say("Scrivere che cosa si è saputo del supporto."),
            fields={"motivo": say("Scrivere che cosa si è saputo del supporto.")},
        )
    with transaction.atomic():
        gap = ReportGap.objects.select_for_update().filter(
            pk=gap_id, company_id=actor.company_id, closed_at=None
        )
        row = gap.first()
        if row is None:
            raise RefusedError(say("Questa differenza non c'è più: ricaricare la pagina."))
        row.closed_at, row.closed_by, row.closed_why = now, actor.label[:150], why
        row.save(update_fields=["closed_at", "closed_by", "closed_why"])
        audit(
            say("differenza di un rapporto giornaliero chiarita"), now=now, actor_id=actor.user_id,
            company_id=actor.company_id, support=row.support, reason=why,
        )  # fmt: skip


def _portions(found: Sequence[Each]) -> Iterator[Sequence[Each]]:
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def _open(channel: Channel) -> QuerySet[ReportGap]:
    return ReportGap.objects.filter(channel=channel, company_id=channel.company_id, closed_at=None)
