"""What SdI owes and until when: kept beside the submission, warned of before, told when it passes."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from fattorino.core.sdi import deadlines
from fattorino.core.texts import say
from fattorino.documents.lotti import head_of
from fattorino.hub.flows import bodies
from fattorino.hub.models import Consignment, Message, Submission, Term, Transmission
from fattorino.organisations.rows import among
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows as workflow

Status = Submission.Status
Awaited = Term.Awaited
# With SdI, or with who carries them there.
GOING = (Status.ACCEPTED, Status.SENDING)
# Rows of one round; what is left waits for the next.
AT_ONCE = 500


def keep(submission_id: int, company_id: int, *, now: datetime.datetime) -> None:
    """Bring the terms of a submission up to what SdI has told; doing it again changes nothing."""
    with transaction.atomic():
        # The document first, as every flow locks; the caller may hold it already.
        row = Submission.objects.filter(pk=submission_id, company_id=company_id).first()
        if row is None:
            return
        workflow.lock(row.document_id)
        keep_of(Submission.objects.select_for_update().get(pk=submission_id), now=now)


def keep_of(row: Submission, *, now: datetime.datetime) -> None:
    """The same, where the caller holds the document and the submission, as it is in the database."""
    owed = {term.awaited: term for term in _owed(row)}
    known = {each.awaited: each for each in Term.objects.filter(submission=row)}
    ended = [each.pk for each in known.values() if each.met_at is None and each.awaited not in owed]
    if ended:
        Term.objects.filter(among("pk", ended), met_at=None).update(met_at=now)
    for awaited, term in owed.items():
        old = known.get(awaited)
        if old is None:
            Term.objects.create(
                company_id=row.company_id, document_id=row.document_id, submission=row, awaited=awaited,
                since=term.since, due_at=term.due,
            )  # fmt: skip
        elif old.due_at != term.due:
            # An MC and then the delivery: the buyer's days begin anew, and so does what is told of them.
            Term.objects.filter(pk=old.pk).update(
                since=term.since, due_at=term.due, met_at=None, warned_at=None, passed_at=None
            )


def awaited(document_id: int, company_id: int) -> list[Term]:
    """What SdI owes about a document now, for its page; read only (rows may still be to be written)."""
    head = head_of(document_id, company_id)
    row = Submission.objects.filter(document_id=head, company_id=company_id, current=True).first()
    if row is None or document_id not in bodies.left_of(row):
        return []
    return [Term(awaited=term.awaited, since=term.since, due_at=term.due) for term in _owed(row)]


def _owed(row: Submission) -> tuple[deadlines.Term, ...]:
    if not row.current or row.status not in GOING:
        return ()
    if row.accepted_at is None:
        given = _given_away(row)
        return deadlines.terms("PA" if row.formato == "FPA12" else "PR", given, {}) if given else ()
    told: dict[str, datetime.datetime] = {}
    # Since a message may come twice under different names: the first of a kind begins the term.
    for event, happened, received in (
        # What ends it for one document of a lotto ends it for no other: the last one closes the submission.
        Message.objects.filter(submission=row, state=Message.State.APPLIED, document=None)
        .exclude(event="")
        .values_list("event", "happened_at", "received_at")
    ):
        at = happened or received
        told[event] = min(at, told.get(event, at))
    return deadlines.terms("PA" if row.formato == "FPA12" else "PR", row.accepted_at, told)


def _given_away(row: Submission) -> datetime.datetime | None:
    """Since when the file lies with who carries it to SdI (a provider, another Hub, the folders of a node), if it does:
    SdI has not spoken yet, and whoever carries it may have forgotten it."""
    if row.status == Status.ACCEPTED:
        taken = Transmission.objects.filter(submission=row, outcome=Transmission.Outcome.ACCEPTED)
        return taken.order_by("-pk").values_list("finished_at", flat=True).first()
    given = Consignment.objects.filter(submissions=row, status=Consignment.Status.HANDED_OVER)
    return given.values_list("handed_over_at", flat=True).first()


def look(*, now: datetime.datetime) -> int:
    """One round over everything that waits: begin what nobody has begun, end what needs nothing more, warn, tell.

    Returns: how many terms were warned of or passed.
    """
    for company_id, submission_id in _unkept():
        with company_scope(company_id):
            keep(submission_id, company_id, now=now)
    with system_scope():
        near = Q(warned_at=None, due_at__lte=now + _before())
        due = list(
            Term.objects.filter(met_at=None, passed_at=None)
            .filter(near | Q(due_at__lte=now))
            .order_by("due_at")
            .values_list("company_id", "pk")[:AT_ONCE]
        )
    told = 0
    for company_id, term_id in due:
        with company_scope(company_id):
            told += _tell(term_id, now)
    return told


def _before() -> datetime.timedelta:
    return datetime.timedelta(days=settings.HUB_TERM_WARNING_DAYS)


def _unkept() -> list[tuple[int, int]]:
    """Submissions that SdI has taken, or that were given away to it, and for which nothing is awaited yet; and those
    that need nothing any more."""
    with system_scope():
        begun = list(
            Submission.objects.filter(status=Status.ACCEPTED, current=True, accepted_at__isnull=False)
            .filter(terms=None)
            .order_by("pk")
            .values_list("company_id", "pk")[:AT_ONCE]
        )
        # Of what a person carried there is no attempt, and no hour.
        away = Q(status=Status.ACCEPTED, transmissions__outcome=Transmission.Outcome.ACCEPTED) | Q(
            status=Status.SENDING, consignment__status=Consignment.Status.HANDED_OVER
        )
        begun = [
            *begun,
            *Submission.objects.filter(away, current=True, accepted_at=None)
            .exclude(Exists(Term.objects.filter(submission=OuterRef("pk"), met_at=None)))
            .order_by("pk")
            .values_list("company_id", "pk")[:AT_ONCE],
        ]
        ended = (
            Term.objects.filter(met_at=None)
            .filter(Q(submission__current=False) | ~Q(submission__status__in=GOING))
            .values_list("company_id", "submission_id")[:AT_ONCE]
        )
        return list(dict.fromkeys([*begun, *ended]))


def _tell(term_id: int, now: datetime.datetime) -> int:
    """Warn of a term, or say that it has passed: each once, whoever comes at the same time."""
    with transaction.atomic():
        found = Term.objects.filter(pk=term_id).values("document_id", "company_id", "submission_id").first()
        if found is None:
            return 0
        workflow.lock(found["document_id"])
        keep(found["submission_id"], found["company_id"], now=now)
        term = Term.objects.select_for_update().get(pk=term_id)
        if term.met_at is not None or term.passed_at is not None:
            return 0
        passed = term.due_at <= now
        if passed:
            term.passed_at = now
        elif term.warned_at is None and term.due_at <= now + _before():
            term.warned_at = now
        else:
            return 0
        term.save(update_fields=["passed_at", "warned_at"])
        actor = workflow.system_actor(term.company_id)
        event = "HubTermPassed" if passed else "HubTermNear"
        left = bodies.left_of(Submission.objects.get(pk=term.submission_id)) or [term.document_id]
        workflow.remind_of_file(left, event, actor, now=now, message=words(term, passed=passed))
        return 1


def words(term: Term, *, passed: bool) -> str:
    """One sentence for the history, and what can be done."""
    day = term.due_at.astimezone(deadlines.ROME).strftime("%d/%m/%Y")
    if term.awaited == Awaited.RECEIPT:
        if passed:
            return say(
                "Entro il {day} SdI doveva rispondere al file e non lo ha fatto: cercare la ricevuta sul portale "
                "dell'Agenzia delle Entrate e importarla, oppure chiedere l'assistenza di SdI.",
                day=day,
            )
        return say("SdI deve rispondere al file entro il {day}: la ricevuta non è ancora arrivata.", day=day)
    if term.awaited == Awaited.ATTESTATION:
        if passed:
            return say(
                "Entro il {day} SdI doveva consegnare la fattura o attestare che non è stato possibile: cercare "
                "l'attestazione sul portale dell'Agenzia delle Entrate.",
                day=day,
            )
        return say("SdI prova ancora a consegnare la fattura, fino al {day}.", day=day)
    if passed:
        return say(
            "Il {day} è scaduto il termine dell'amministrazione per rispondere, e la decorrenza dei termini non è "
            "arrivata: cercarla sul portale dell'Agenzia delle Entrate.",
            day=day,
        )
    return say("L'amministrazione può ancora accettare o rifiutare la fattura fino al {day}.", day=day)
