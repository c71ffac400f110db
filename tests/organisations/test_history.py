"""The audit as it is read: by company, day, person and kind, newest first."""

from __future__ import annotations

import datetime

from fattorino.organisations import history
from fattorino.organisations.flows import audit
from fattorino.organisations.history import NOBODY, Wanted
from tests.desk import NOW, Desk

MONDAY = datetime.date(2026, 11, 23)


def told(desk: Desk, what: str, at: datetime.datetime, **facts: object) -> None:
    audit(what, now=at, actor_id=desk.actor.user_id, company_id=desk.company.pk, **facts)


def found(desk: Desk, **wanted: object) -> list[str]:
    return [e.what for e in history.entries(desk.company.pk, Wanted(**wanted))]  # type: ignore[arg-type]


def test_a_day_is_an_italian_day_from_midnight_to_midnight(desk: Desk) -> None:
    minute = datetime.timedelta(minutes=1)
    midnight = datetime.datetime(2026, 11, 22, 23, 0, tzinfo=datetime.UTC)
    next_one = midnight + datetime.timedelta(days=1)
    instants = {"prima": midnight - minute, "primo": midnight, "ultimo": next_one - minute, "dopo": next_one}
    for what, at in instants.items():
        told(desk, what, at)
    assert found(desk, since=MONDAY, until=MONDAY) == ["ultimo", "primo"]
    assert found(desk, since=MONDAY)[0] == "dopo" and found(desk, until=datetime.date.max)[0] == "dopo"


def test_who_left_and_who_is_no_person_can_be_asked_for(desk: Desk) -> None:
    told(desk, "sua", NOW)
    assert found(desk, person=desk.actor.user_id) == ["sua"]
    assert "sua" not in found(desk, person=NOBODY) and found(desk, person=NOBODY)
    assert history.people(desk.company.pk) == [(desk.actor.user_id, "Laura Conti")]


def test_pages_follow_one_another_without_gaps(desk: Desk) -> None:
    for number in range(5):
        told(desk, f"numero {number}", NOW)
    wanted = Wanted(whats=tuple(f"numero {n}" for n in range(5)))
    first = history.entries(desk.company.pk, wanted, limit=3)
    rest = history.entries(desk.company.pk, wanted, first[-1].id, limit=3)
    assert [e.what for e in first + rest] == [f"numero {n}" for n in (4, 3, 2, 1, 0)]
    assert [e.id for e in history.every_entry(desk.company.pk, wanted)] == [e.id for e in first + rest]


def test_a_fact_that_is_kept_back_hides_only_the_changes_that_hold_it(desk: Desk) -> None:
    told(desk, "invio massivo avviato", NOW, run=7)
    told(desk, "invio massivo avviato", NOW, run=8)
    told(desk, "gruppo creato", NOW, name="Conti")
    kept = [
        e.detail.get("run") for e in history.entries(desk.company.pk, Wanted(without={"run": [7]}), limit=2)
    ]
    assert kept == [None, 8]


def test_neither_another_company_nor_the_installation_is_mixed_in(desk: Desk, other_desk: Desk) -> None:
    told(desk, "nostra", NOW)
    audit("di tutti", now=NOW)
    assert "nostra" not in [e.what for e in history.entries(other_desk.company.pk, Wanted())]
    assert [e.what for e in history.entries(None, Wanted())][0] == "di tutti"
    assert "di tutti" not in found(desk)
