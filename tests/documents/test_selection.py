from __future__ import annotations

import datetime

import pytest

from fattorino.core.errors import RefusedError
from fattorino.core.workflow.standard import standard_json
from fattorino.documents import selection
from fattorino.documents.finding import DocumentFilters
from fattorino.documents.selection import Chosen, Group
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows
from fattorino.workflow.models import Document
from tests.desk import Desk

DAY = datetime.date(2026, 11, 1)


def taken(desk: Desk, chosen: Chosen, dashboard: str = "PR", state: str = "DA_PROCESSARE") -> list[int]:
    return [i for some in selection.documents(desk.actor, chosen, dashboard, state) for i in some]


def test_a_filter_means_the_same_documents_as_its_list_and_counts_them(desk: Desk) -> None:
    private = [desk.save() for _ in range(3)]
    public = desk.save(desk.pa_draft())
    old = desk.save(desk.draft(data=DAY))
    desk.press(private[0])
    everything = Chosen(DocumentFilters())
    assert selection.groups(desk.actor, everything) == [
        Group("PR", "DA_PROCESSARE", 4, 1),
        Group("PA", "DA_PROCESSARE", 1, 0),
    ]
    assert sorted(taken(desk, everything)) == sorted([*(d.pk for d in private), old.pk])
    assert taken(desk, everything, "PA") == [public.pk]
    early = Chosen(DocumentFilters(date_to=DAY))
    assert selection.groups(desk.actor, early) == [Group("PR", "DA_PROCESSARE", 1, 0)]
    assert taken(desk, early) == [old.pk]


def test_words_choose_too(desk: Desk) -> None:
    wanted = [desk.save(desk.draft(causale=("quota annuale",))) for _ in range(2)]
    desk.save()
    words = Chosen(DocumentFilters(text="quota"))
    desk.press(wanted[0])
    assert selection.groups(desk.actor, words) == [Group("PR", "DA_PROCESSARE", 2, 1)]
    assert sorted(taken(desk, words)) == sorted(d.pk for d in wanted)


def test_what_is_ticked_is_counted_where_it_stands_now(desk: Desk, other_desk: Desk) -> None:
    with company_scope(other_desk.company.pk):
        theirs = other_desk.save(other_desk.draft())
    first, moved = desk.save(), desk.save()
    Document.objects.filter(pk=moved.pk).update(state="CONSEGNATO")
    ticked = Chosen(DocumentFilters(), (first.pk, moved.pk, theirs.pk, first.pk, 999_999_999))
    assert sorted(selection.groups(desk.actor, ticked), key=lambda g: g.state) == [
        Group("PR", "CONSEGNATO", 1, 0),
        Group("PR", "DA_PROCESSARE", 1, 0),
    ]


def test_what_is_reserved_to_others_is_neither_counted_nor_taken(desk: Desk) -> None:
    document = desk.save()
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "DA_PROCESSARE":
            state |= {"reserved": True, "reserved_groups": ["group:admin"]}
    flows.publish_workflow(desk.company, definition, now=desk.now)
    for chosen in (Chosen(DocumentFilters()), Chosen(DocumentFilters(), (document.pk,))):
        assert selection.groups(desk.actor, chosen) == []
    assert taken(desk, Chosen(DocumentFilters())) == []


def test_more_than_a_run_takes_is_said_before_it_begins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MOST", 1)
    for _ in range(2):
        desk.save()
    with pytest.raises(RefusedError, match="al massimo 1"):
        selection.groups(desk.actor, Chosen(DocumentFilters()))
