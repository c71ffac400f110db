from __future__ import annotations

import datetime
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import astuple
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from fattorino.config import demo
from fattorino.core.workflow.standard import standard_json
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import counts, flows
from fattorino.workflow.counts import Group, Sums
from fattorino.workflow.flows.counts import roll_up
from fattorino.workflow.models import CountDelta, Document, DocumentCount
from fattorino.workflow.tasks import roll_up_counts
from tests.desk import NOW, Desk, make_desk

STATES = ("DA_PROCESSARE", "IN_ELABORAZIONE", "CONSEGNATO", "SCARTATO_SDI")
# Two ends of months, the middle of one, another year.
DAYS = [
    datetime.date(*day) for day in ((2026, 1, 31), (2026, 2, 1), (2026, 2, 15), (2026, 2, 28), (2025, 12, 31))
]


def new(company_id: int, chance: random.Random) -> Document:
    receipt = chance.random() < 0.1
    return Document(
        company_id=company_id,
        kind="ricevuta" if receipt else chance.choice(["fattura", "nota_credito"]),
        dashboard="" if receipt else chance.choice(["PA", "PR"]),
        state="" if receipt else chance.choice(STATES),
        date=chance.choice(DAYS),
        counterpart_name="Rossi",
        total_cents=chance.randrange(-5000, 5000),
        taxable_cents=chance.randrange(-5000, 5000),
        tax_cents=chance.randrange(-5000, 5000),
        currency=chance.choice(["EUR", "EUR", "EUR", "USD"]),
        created_at=NOW,
    )


def counted_one_by_one(
    company_id: int, since: datetime.date | None = None, until: datetime.date | None = None
) -> dict[Group, Sums]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select dashboard, kind, state, count(*), count(*) filter (where currency <> 'EUR'),"
            " coalesce(sum(taxable_cents) filter (where currency = 'EUR'), 0)::bigint,"
            " coalesce(sum(tax_cents) filter (where currency = 'EUR'), 0)::bigint,"
            " coalesce(sum(total_cents) filter (where currency = 'EUR'), 0)::bigint"
            " from workflow_document where company_id = %s and date between %s and %s"
            " group by dashboard, kind, state",
            [company_id, since or datetime.date.min, until or datetime.date.max],
        )
        return {Group(*row[:3]): Sums(*row[3:]) for row in cursor.fetchall()}


def assert_exact(actor: Actor) -> None:
    """What is read is what COUNT and SUM say, before and after everything is rolled up."""
    for _ in range(2):
        with company_scope(actor.company_id):
            for since, until in [(None, None), *((a, b) for a in (*DAYS, None) for b in (*DAYS, None))]:
                expected = counted_one_by_one(actor.company_id, since, until)
                assert counts.groups(actor, since, until) == expected, (since, until)
            while roll_up(actor.company_id, 7):
                pass
    with company_scope(actor.company_id):
        assert not CountDelta.objects.exists()
        assert not DocumentCount.objects.filter(n=0).exists()


@pytest.fixture
def busy(transactional_db: None) -> Iterator[Desk]:
    yield make_desk(demo.ORDINE, "laura@ordine.example")


def side_by_side(*jobs: Callable[[], None]) -> None:
    """Run each in a thread with a connection of its own; the first failure is raised."""
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def shuffle(company_id: int, seed: int, steps: int) -> None:
    """Insert, move, correct and delete at random; a transaction in four is taken back."""
    chance = random.Random(seed)
    for _ in range(steps):
        with company_scope(company_id):
            for _ in range(chance.randrange(1, 4)):
                _one_change(company_id, chance)
            if chance.random() < 0.25:
                transaction.set_rollback(True)


def _one_change(company_id: int, chance: random.Random) -> None:
    rows = Document.objects.filter(company_id=company_id)
    # Locked in one order, as the product's flows do, so that the threads do not wait for one another in a ring.
    some = rows.filter(pk__in=chance.sample(range(1, 200), 5))
    match chance.randrange(6):
        case 0 | 1:
            Document.objects.bulk_create([new(company_id, chance) for _ in range(chance.randrange(1, 20))])
        case 2:
            rows.filter(pk__in=_held(some)).exclude(dashboard="").update(state=chance.choice(STATES))
        case 3:
            rows.filter(pk__in=_held(some)).update(total_cents=chance.randrange(9999), currency="EUR")
        case 4:
            rows.filter(pk__in=_held(some)).update(date=chance.choice(DAYS), version=2)
        case _:
            held = _held(some)[:2]
            with connection.cursor() as cursor:
                cursor.execute("delete from workflow_document where id = any(%s)", [held])


def _held(rows: Any) -> list[int]:
    return list(rows.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))


def test_counts_are_exact_while_many_write_and_somebody_rolls_up(busy: Desk) -> None:
    company_id = busy.company.pk
    done = threading.Event()

    def rolling() -> None:
        while not done.is_set():
            with company_scope(company_id):
                roll_up(company_id, 5)

    def reading() -> None:
        # In one snapshot the counts and the documents agree, whatever the others are doing.
        while not done.is_set():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read")
                with company_scope(company_id):
                    assert counts.groups(busy.actor) == counted_one_by_one(company_id)

    def writing() -> None:
        try:
            side_by_side(*(lambda seed=seed: shuffle(company_id, seed, 40) for seed in range(4)))
        finally:
            done.set()

    side_by_side(writing, rolling, rolling, reading)
    with company_scope(company_id):
        assert Document.objects.count() > 50
    assert_exact(busy.actor)


def cut_off(company_id: int, work: Callable[[], None]) -> None:
    """Do the work in a transaction whose server process is ended before the commit."""
    worked, pid, cut = threading.Event(), [], threading.Event()

    def victim() -> None:
        with pytest.raises(OperationalError), company_scope(company_id), connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            pid.extend(cursor.fetchone())
            work()
            worked.set()
            cut.wait(20)
            cursor.execute("select 1")

    def killer() -> None:
        assert worked.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(%s, 5000)", pid)
        cut.set()

    side_by_side(victim, killer)


def test_a_writer_killed_in_the_middle_leaves_no_trace(busy: Desk) -> None:
    company_id, chance = busy.company.pk, random.Random(1)
    shuffle(company_id, 7, 20)
    cut_off(company_id, lambda: _all_changed(company_id, chance))
    assert_exact(busy.actor)


def _all_changed(company_id: int, chance: random.Random) -> None:
    Document.objects.bulk_create([new(company_id, chance) for _ in range(30)])
    Document.objects.filter(company_id=company_id).update(state="CONSEGNATO", dashboard="PA")


def test_a_roll_up_killed_in_the_middle_takes_nothing(busy: Desk) -> None:
    company_id = busy.company.pk
    shuffle(company_id, 3, 20)
    with company_scope(company_id):
        waiting = CountDelta.objects.count()
        before = counts.groups(busy.actor)

    def half() -> None:
        assert roll_up(company_id, 5) == 5

    cut_off(company_id, half)
    with company_scope(company_id):
        assert CountDelta.objects.count() == waiting
        assert counts.groups(busy.actor) == before
    assert_exact(busy.actor)


def test_two_roll_ups_at_once_take_a_change_once(busy: Desk) -> None:
    company_id = busy.company.pk
    shuffle(company_id, 5, 10)
    with company_scope(company_id):
        roll_up(company_id, 5)
        # The first is not finished yet.
        side_by_side(lambda: _takes_nothing(company_id))
    assert_exact(busy.actor)


def _takes_nothing(company_id: int) -> None:
    with company_scope(company_id):
        assert roll_up(company_id) == 0


def test_the_job_rolls_up_every_company_and_may_run_twice(busy: Desk) -> None:
    other = make_desk(demo.STUDIO, "giulia@studio.example")
    for desk in (busy, other):
        shuffle(desk.company.pk, 11, 10)
    for _ in range(2):
        roll_up_counts(timestamp=0)
        with system_scope():
            assert counts.waiting() == []
    for desk in (busy, other):
        assert_exact(desk.actor)


def test_a_change_that_no_count_shows_leaves_no_delta(desk: Desk) -> None:
    document = desk.save()
    roll_up(desk.company.pk)
    desk.now += datetime.timedelta(minutes=1)
    flows.record(document.pk, "Nota", desk.actor, now=desk.now, message="telefonato")
    assert not CountDelta.objects.exists()
    desk.press(document)
    assert counts.state_counts(desk.actor, "PR") == {desk.state(document): 1}


def test_a_company_counts_only_its_own(desk: Desk, other_desk: Desk) -> None:
    desk.save()
    with company_scope(other_desk.company.pk):
        other_desk.save()
        other_desk.save()
        roll_up(other_desk.company.pk)
        assert counts.state_counts(other_desk.actor, "PR") == {"DA_PROCESSARE": 2}
        assert counts.groups(desk.actor) == {}
    assert counts.state_counts(desk.actor, "PR") == {"DA_PROCESSARE": 1}
    assert counts.sums(desk.actor).n == 1


def test_documents_in_reserved_states_are_not_counted_for_others(desk: Desk) -> None:
    documents = [desk.save() for _ in range(3)]
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "ANNULLATO":
            state |= {"reserved": True, "reserved_groups": ["group:admin"]}
    flows.publish_workflow(desk.company, definition, now=desk.now)
    flows.choose_state(documents[0].pk, "ANNULLATO", Actor("hub", "Hub", desk.company.pk), now=desk.now)
    assert counts.state_counts(desk.actor, "PR") == {"DA_PROCESSARE": 2}
    assert counts.sums(desk.actor).n == 2
    assert counts.sums(desk.actor, states=["ANNULLATO"]) == Sums()
    chief = Actor("utente", "Anna", desk.company.pk, desk.actor.user_id, "admin")
    assert counts.state_counts(chief, "PR") == {"DA_PROCESSARE": 2, "ANNULLATO": 1}


def test_sums_keep_other_currencies_apart(desk: Desk) -> None:
    desk.save()
    desk.save(desk.draft(divisa="USD"))
    found = counts.sums(desk.actor, kinds=["fattura"], dashboards=["PR"], date_from=NOW.date())
    assert astuple(found) == (2, 1, 35000, 7700, 42700)
