"""A term that is near is told to the groups of the state; where it names none, to whoever works."""

from __future__ import annotations

from fattorino.organisations import groups
from fattorino.workflow import flows
from fattorino.workflow.models import Document, Notice, StateChange
from tests.desk import NOW, Desk
from tests.sentences.office import PS, came, publish


def remind(desk: Desk) -> StateChange:
    document = came(desk, PS)
    Notice.objects.all().delete()
    flows.remind(document.pk, "AnswerDue", desk.actor, now=NOW, message="Manca un giorno.")
    return StateChange.objects.filter(document=document).latest("pk")


def test_who_works_is_told_where_the_state_names_nobody(desk: Desk) -> None:
    change = remind(desk)
    assert (change.outcome, change.from_state, change.message) == (
        "recorded",
        change.to_state,
        "Manca un giorno.",
    )
    assert [n.user_id for n in Notice.objects.all()] == [desk.actor.user_id]


def test_the_groups_of_the_state_are_told_where_there_are_some(desk: Desk) -> None:
    label = groups.save_group(desk.actor, "Ragioneria", [], now=NOW)
    told = [{"dashboard": "PS", "group": label}]
    publish(desk, RICEVUTO={"notices": told}, RICEVUTO_DA_ESITARE={"notices": told})
    remind(desk)
    assert not Notice.objects.exists()  # the group is empty, and nobody else was asked for


def test_a_touched_document_is_drawn_anew_without_a_line_of_history(desk: Desk) -> None:
    document = came(desk, PS)
    before = StateChange.objects.count()
    flows.touch(document.pk, desk.company.pk)
    assert Document.objects.get(pk=document.pk).change_seq > document.change_seq
    assert StateChange.objects.count() == before
