"""What must be true afterwards, asked of the product's database and of SdI's books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Count
from procrastinate.contrib.django import app

from fattorino.documents.models import Reception
from fattorino.hub.models import (
    Collected,
    Consignment,
    DailyReport,
    Message,
    OutcomeSent,
    ReportGap,
    Submission,
    Transmission,
)
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import Document, PendingAction, StateChange
from tests.chaos.office import Office
from tests.chaos.suppliers import number_of

# Jobs of the clock: a new one comes every few seconds, whatever became of the last.
PERIODIC = tuple(name for name, _ in app.periodic_registry.periodic_tasks)
# A look at a channel serves no row: what it finds does, and has jobs of its own.
LOOKS = ("hub.visit",)
WAITING = (
    Submission.Status.ACQUIRED,
    Submission.Status.VALIDATED,
    Submission.Status.SIGNED,
    Submission.Status.QUEUED,
    Submission.Status.SENDING,
    Submission.Status.UNCERTAIN,
)


ON_THEIR_WAY = ("queued", "sending", "uncertain", "sent")


def unfinished() -> list[str]:
    """What still waits for somebody; empty when the house is quiet."""
    with system_scope():
        found = [
            f"action {p.action} of {p.document_id} open"
            for p in PendingAction.objects.filter(finished_at=None)
        ]
        found += [f"message {m.pk} not applied" for m in Message.objects.filter(applied_at=None)]
        found += [
            f"{s.base_name} is {s.status}"
            for s in Submission.objects.filter(current=True, status__in=WAITING)
        ]
        found += [
            f"attempt {t.pk} open" for t in Transmission.objects.filter(outcome=Transmission.Outcome.OPEN)
        ]
        found += [
            f"parcel {c.name} is {c.status}"
            for c in Consignment.objects.filter(status__in=["sealed", "sending"]).defer("content")
        ]
        unread = Collected.objects.filter(read_at=None).defer("content")
        found += [f"collected {c.name} not read" for c in unread]
        arrived = Reception.objects.filter(state=Reception.State.WAITING).defer("content", "metadata")
        found += [f"reception {r.name} not read" for r in arrived]
        on_their_way = OutcomeSent.objects.filter(status__in=ON_THEIR_WAY)
        found += [f"outcome {o.file_name} is {o.status}" for o in on_their_way]
    found += [
        f"job {task} {status}: {count}"
        for task, status, count in _jobs()
        if status in ("todo", "doing") and task not in LOOKS
    ]
    return found


def arrived_here() -> dict[str, int]:
    """How many of SdI's messages have come, repeated ones once: about what was sent, and refusals of outcomes; and how
    many invoices of suppliers."""
    with system_scope():
        refusals = Message.objects.filter(kind="SE").count()
        return {
            "messages": Message.objects.count() - refusals,
            "refusals": refusals,
            "invoices": Reception.objects.count(),
        }


def _jobs() -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, status::text, count(*) from procrastinate_jobs"
            " where not task_name = any(%s) group by 1, 2",
            [list(PERIODIC)],
        )
        return list(cursor.fetchall())


def violations(office: Office, books: dict[str, Any]) -> list[str]:
    """Every promise that does not hold, in words; empty when all do."""
    return violations_of([(office, books)])


def violations_of(lines: Sequence[tuple[Office, dict[str, Any]]]) -> list[str]:
    """The same for several companies, each with the books of the SdI that its channel leads to."""
    with system_scope():
        return [
            *unfinished(),
            *(
                f"job {task}: {count} {status}"
                for task, status, count in _jobs()
                if status not in ("succeeded", "todo", "doing")
            ),
            *(wrong for office, books in lines for wrong in (*_ends(office), *_sent_once(office, books))),
            *_counted_once([message for _, books in lines for message in _of_ours(books)]),
        ]


def _of_ours(books: dict[str, Any]) -> list[dict[str, Any]]:
    """SdI's messages about what a company sent; those about suppliers' invoices: received.py."""
    suppliers = {f["identificativo_sdi"] for f in books["files"] if number_of(f["nome_file"])}
    return [m for m in books["messages"] if m["identificativo_sdi"] not in suppliers]


def _ends(office: Office) -> list[str]:
    """Each invoice stands where its recipient's answer puts it."""
    states = dict(Document.objects.values_list("pk", "state"))
    return [
        f"document {pk} ({kind.code}) ended in {states.get(pk)}, not {kind.ends}"
        for pk, kind in office.kinds.items()
        if states.get(pk) != kind.ends
    ]


def _sent_once(office: Office, books: dict[str, Any]) -> list[str]:
    """SdI has each invoice once, and no refusal that we brought about."""
    wrong = []
    sold = [i for i in books["invoices"] if i["seller"].endswith(office.code)]
    issued = {i["numero"]: i["n"] for i in sold}
    for document in Document.objects.filter(pk__in=office.kinds):
        wanted = 0 if office.kinds[document.pk].ends == "SCARTATO_SDI" else 1
        if issued.get(document.number, 0) != wanted:
            wrong.append(f"SdI has invoice {document.number} {issued.get(document.number, 0)} times")
    if len(issued) != len(sold):
        wrong.append("SdI has an invoice under two dates or kinds")
    mine = Submission.objects.filter(company_id=office.company_id).select_related("outgoing")
    submissions = {s.base_name: s for s in mine.defer("outgoing__content")}
    for file in books["files"]:
        if number_of(file["nome_file"]):
            continue
        submission = submissions.get(file["nome_file"].split(".", 1)[0])
        if submission is None:
            wrong.append(f"SdI has a file that we never sent: {file['nome_file']}")
            continue
        if submission.outgoing is None or file["sha256"] != submission.outgoing.sha256:
            wrong.append(f"{file['nome_file']} came to SdI with other bytes than those that we keep")
        # A second offer under the same name after an unknown outcome is how the doubt is settled (decision 0004).
        if "00002" in file["outcome"] and not submission.offered_again:
            wrong.append(f"{file['nome_file']} refused as a duplicate though it was offered once")
        if "00404" in file["outcome"] and "00002" not in file["outcome"]:
            wrong.append(f"{file['nome_file']} refused as an invoice sent before (00404)")
    for name, files in _by_name(books).items():
        if len({f["sha256"] for f in files}) > 1:
            wrong.append(f"{name} went out with two contents")
        if sum(f["outcome"].split()[:1] != ["00002"] for f in files) > 1:
            wrong.append(f"{name} was taken twice")
    pressed = StateChange.objects.filter(document__company_id=office.company_id)
    presses = Counter(
        pressed.filter(event="ActionRequested", action="GENERA_XML_INVIA_HUB").values_list(
            "document_id", flat=True
        )
    )
    # What certainly did not go is pressed again, and is the same file then; only what came back is a new one.
    again = Counter(
        StateChange.objects.filter(event="HUB_ERRORE", outcome="moved").values_list("document_id", flat=True)
    )
    runs = Counter(s.document_id for s in submissions.values())
    wrong += [
        f"document {d}: {presses[d]} presses, {again[d]} of them again, {runs[d]} submissions"
        for d in runs
        if not presses[d] - again[d] <= runs[d] <= presses[d]
    ]
    return wrong


def _by_name(books: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in books["files"]:
        found.setdefault(file["nome_file"], []).append(file)
    return found


def _counted_once(messages: Sequence[dict[str, Any]]) -> list[str]:
    """Every message of SdI is here, applied, and in the history of each document that it is about exactly once."""
    wrong = []
    ours = list(Message.objects.exclude(kind="SE").select_related("submission__document"))
    came = Counter(m.name for m in ours)
    # Sent twice is written twice in the books; two files of one name have messages of one name each.
    written = {(m["nome_file"], m["identificativo_sdi"]) for m in messages}
    for name, times in Counter(name for name, _ in written).items():
        if came[name] != times:
            wrong.append(f"{name}: {times} written by SdI, {came[name]} here")
    wrong += [f"{m['nome_file']} is still on its way" for m in messages if m["state"] == "DA_INVIARE"]
    told = Counter(
        StateChange.objects.filter(file_sha256__in=[m.sha256 for m in ours]).values_list(
            "file_sha256", "document_id", "outcome"
        )
    )
    lotti = _documents_by_lotto()
    for message in ours:
        if message.applied_at is None or message.company_id is None or message.submission is None:
            wrong.append(f"{message.name} was not applied: {message.note}")
            continue
        leader = message.submission.document
        for document in lotti.get(leader.lotto_id or 0, [leader.pk]):
            # Written down when it came, and once more if the document had to become ready for it.
            here = {outcome: told[message.sha256, document, outcome] for outcome in _OUTCOMES}
            recorded, moved = here["recorded"] + here["unexpected"], here["moved"]
            if recorded > 1 or moved > 1 or not recorded + moved:
                wrong.append(
                    f"{message.name} is in the history of {document} {recorded} times, and moved it {moved} times"
                )
    return wrong + _moved_once({m.event for m in ours})


_OUTCOMES = ("recorded", "unexpected", "moved")


def _documents_by_lotto() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = Document.objects.exclude(lotto=None).order_by("pk").values_list("lotto_id", "pk")
    for lotto, document in rows:
        found.setdefault(lotto or 0, []).append(document)
    return found


def _moved_once(events: set[str]) -> list[str]:
    wrong = []
    leaders = dict(Document.objects.exclude(lotto=None).values_list("pk", "lotto_id"))
    submissions = Counter(Submission.objects.values_list("document_id", flat=True))
    moves = (
        StateChange.objects.filter(outcome="moved", event__in=events)
        .values("document_id", "event")
        .annotate(times=Count("pk"))
    )
    for row in moves:
        # Each submission may be refused once (NS); all else happens to an invoice once.
        of_file = leaders.get(row["document_id"]) or row["document_id"]
        most = submissions[of_file] if row["event"] == "NS" else 1
        if row["times"] > most:
            wrong.append(f"{row['event']} moved document {row['document_id']} {row['times']} times")
    return wrong


def _begun_again() -> int:
    """Only the actions count their attempts, of a lotto that of its file; done jobs are forgotten."""
    return sum(n - 1 for n in PendingAction.objects.filter(leader=None).values_list("attempts", flat=True))


def _parcels() -> Counter[str]:
    return Counter(Consignment.objects.values_list("status", flat=True))


def _outcomes() -> Counter[str]:
    return Counter(OutcomeSent.objects.values_list("status", flat=True))


def figures(*books: dict[str, Any]) -> dict[str, Any]:
    """What happened, for the summary."""
    with system_scope():
        outcomes = Counter(Transmission.objects.values_list("outcome", flat=True))
        return {
            "actions begun again": _begun_again(),
            "submissions": Submission.objects.count(),
            "attempts": ", ".join(f"{n} {o}" for o, n in sorted(outcomes.items())),
            "offered again": Submission.objects.filter(offered_again=True).count(),
            "second offers refused (00002)": sum(
                "00002" in f["outcome"] for each in books for f in each["files"]
            ),
            "parcels": ", ".join(f"{n} {s}" for s, n in sorted(_parcels().items())) or "none",
            "outcomes of received invoices": ", ".join(f"{n} {s}" for s, n in sorted(_outcomes().items())),
            "daily reports": f"{DailyReport.objects.count()}, {ReportGap.objects.count()} gaps",
            "messages": Message.objects.count(),
            "arrivals of messages": sum(Message.objects.values_list("arrivals", flat=True)),
            "states": ", ".join(
                f"{n} {s}"
                for s, n in sorted(Counter(Document.objects.values_list("state", flat=True)).items())
            ),
        }
