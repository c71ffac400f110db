"""What the clock does every few seconds or minutes costs what waits, not what is kept: a Hub keeps millions of rows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, models
from procrastinate.contrib.django import app

from fattorino.documents.models import ImportedFile, PassiveInvoice, Reception
from fattorino.hub.models import (
    Channel,
    Collected,
    Consignment,
    DailyReport,
    Message,
    OutcomeSent,
    RemoteChange,
    RemoteFile,
    ReportGap,
    Submission,
    Term,
    Transmission,
    WebhookDelivery,
)
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import BulkRun, Document, Notice, NoticeMail, PendingAction, StateChange
from tests.house import House

MANY = 3000
# Rows that one statement may look at: what waits in the house, and some of the neighbours in an index.
FEW = 300
# What comes by the clock; those that are `async` ask the queue only.
CLOCK = {name for name, _ in app.periodic_registry.periodic_tasks} - {"hub.rescue", "hub.tidy"}
# What comes once a night may read everything once.
NIGHTLY = {
    periodic.task.name
    for periodic in app.periodic_registry.periodic_tasks.values()
    if periodic.cron.split()[1] != "*"
}
OURS = ("hub_", "documents_", "workflow_")


def multiply(model: type[models.Model], pk: int, **changed: str) -> None:
    """Put MANY copies of a row beside it; `changed`: what differs, as SQL, in which `n` counts them."""
    columns = [f.column for f in model._meta.concrete_fields if f.column != "id" or "id" in changed]
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table, key = model._meta.db_table, model._meta.pk.column if model._meta.pk else "id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({names}) select {values} from {table} t, generate_series(1, {MANY}) n"
            f' where t."{key}" = %s',
            [pk],
        )
        assert cursor.rowcount == MANY
        cursor.execute(f"analyze {table}")


@pytest.fixture
def full(house: House) -> House:
    """The house, with thousands of everything that has come to its end."""
    with system_scope():
        _documents(house)
        _hub(house)
    return house


def _documents(house: House) -> None:
    multiply(Document, house.sent, number="'X' || n")
    multiply(Document, house.received, number="'Y' || n")
    done = PendingAction.objects.exclude(finished_at=None).earliest("pk")
    multiply(PendingAction, done.pk, run="gen_random_uuid()")
    multiply(StateChange, StateChange.objects.earliest("pk").pk)
    multiply(ImportedFile, house.imported)
    reception = Reception.objects.exclude(state="waiting").earliest("pk")
    multiply(Reception, reception.pk, identificativo_sdi="'9' || n", sha256="md5(n::text)")
    first = Document.objects.filter(number="Y1").get().pk - 1
    multiply(
        PassiveInvoice,
        house.received,
        document_id=f"{first} + n",
        position="1000 + n",
        answer_by="null::timestamptz",
    )
    notice = Notice.objects.get(pk=house.notice)
    changes = StateChange.objects.latest("pk").pk - MANY
    multiply(Notice, notice.pk, change_id=f"{changes} + n", mail="''", read_at="now()")
    mail = NoticeMail.objects.create(
        company=house.ours.company, user=house.owner, key=uuid.uuid4(), created_at=house.ours.now,
        next_attempt_at=house.ours.now, outcome="sent", closed_at=house.ours.now,
    )  # fmt: skip
    multiply(NoticeMail, mail.pk, key="gen_random_uuid()")
    run = BulkRun.objects.earliest("pk")
    multiply(BulkRun, run.pk, finished_at="now()")


def _hub(house: House) -> None:
    desk = house.ours
    pec = Channel.objects.get(pk=house.channels[0])
    Consignment.objects.create(
        company=desk.company, channel=pec, name="lettera", content=b"x", created_at=desk.now, status="taken",
        handed_over_at=desk.now,
    )  # fmt: skip
    multiply(Consignment, Consignment.objects.get().pk, name="'lettera' || n")
    carried = Submission.objects.get(pk=house.carried)
    multiply(
        Submission, carried.pk, run="gen_random_uuid()", base_name="'IT' || n", status="'closed'", current="false",
        channel_id=str(pec.pk),
    )  # fmt: skip
    Transmission.objects.create(
        company=desk.company, submission=carried, channel=pec, started_at=desk.now, outcome="accepted"
    )
    multiply(Transmission, Transmission.objects.earliest("pk").pk)
    Term.objects.create(
        company=desk.company, document_id=carried.document_id, submission=carried, awaited="receipt",
        since=desk.now, due_at=desk.now, met_at=desk.now,
    )  # fmt: skip
    first = Submission.objects.get(base_name="IT1").pk - 1
    multiply(Term, Term.objects.get().pk, submission_id=f"{first} + n")
    multiply(Message, house.message, sha256="md5(n::text)", state="'applied'", applied_at="now()")
    multiply(Message, house.nobodys, sha256="md5('x' || n)", state="'settled'", applied_at="now()")
    multiply(OutcomeSent, house.answer, run="gen_random_uuid()", file_name="'EC' || n", status="'taken'")
    collected = Collected.objects.earliest("pk")
    multiply(Collected, collected.pk, sha256="md5(n::text)", read_at="now()", emptied_at="now()")
    first = Collected.objects.latest("pk").pk - MANY
    multiply(DailyReport, house.report["report_id"], collected_id=f"{first} + n")
    multiply(ReportGap, ReportGap.objects.get().pk, support="'FI' || n", closed_at="now()")
    ReportGap.objects.update(closed_at=desk.now)  # the house's own has a name that no support has
    multiply(RemoteFile, RemoteFile.objects.get().pk, base_name="'IT' || n")
    RemoteChange.objects.all().delete()  # what the copies would have the Hub tell
    multiply(WebhookDelivery, WebhookDelivery.objects.get().pk, state="'delivered'")


@contextmanager
def read_rows() -> Iterator[dict[str, int]]:
    """How many rows each statement looks at in our tables, where the database takes an index wherever there is one."""
    seen: dict[str, int] = {}

    def explained(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and sql.lstrip().lower().startswith("select") and "for update" not in sql.lower():
            with connection.connection.cursor() as cursor:
                cursor.execute("set local enable_seqscan = off")
                cursor.execute("explain (analyze, format json) " + sql, params)
                (plan,) = cursor.fetchone()
                cursor.execute("set local enable_seqscan = on")
            plan = json.loads(plan) if isinstance(plan, str) else plan
            seen[sql] = max(seen.get(sql, 0), _looked_at(plan[0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield seen


def _looked_at(node: dict[str, Any]) -> int:
    here = 0
    if str(node.get("Relation Name", "")).startswith(OURS):
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        rows += node.get("Rows Removed by Index Recheck", 0)
        here = int(rows * node["Actual Loops"])
    return here + sum(_looked_at(each) for each in node.get("Plans", ()))


def test_what_the_clock_does_costs_what_waits_and_not_what_is_kept(full: House) -> None:
    dear: dict[str, dict[str, int]] = {}
    for name, task in sorted(app.tasks.items()):
        if name in CLOCK - NIGHTLY:
            with read_rows() as seen:
                task.func(timestamp=0)
            dear[name] = {sql: rows for sql, rows in seen.items() if rows > FEW}
    told = "\n".join(
        f"{name}: {rows} rows\n    {sql[:1500]}"
        for name, all_of in dear.items()
        for sql, rows in all_of.items()
    )
    assert not told, told
