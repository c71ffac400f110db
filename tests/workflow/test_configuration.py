"""Drafted, linted, tried, published: and no document is lost on the way."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.core.errors import ConflictError, InputError, RefusedError
from fattorino.core.workflow.definition import (
    ActionRule,
    Notice,
    State,
    StateType,
    Workflow,
    workflow_to_json,
)
from fattorino.organisations import groups
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import AuditEntry
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, flows, queries
from fattorino.workflow.models import Document, StateChange
from tests.desk import Desk, make_desk, run_jobs

NEW = "DA_RIVEDERE"


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin(desk, "capo@esempio.it")


def admin(desk: Desk, email: str) -> Actor:
    user = save_user(email, "una-parola-lunga", "Piera Capo", {desk.company.pk: "admin"}, now=desk.now)
    return Actor("utente", "Piera Capo", desk.company.pk, user.pk, "admin")


def now_flow(desk: Desk) -> Workflow:
    return configuration.proposal(desk.company.pk).workflow


def changed(flow: Workflow, code: str, **values: Any) -> Workflow:
    return dataclasses.replace(
        flow, states={**flow.states, code: dataclasses.replace(flow.states[code], **values)}
    )


def without(flow: Workflow, code: str) -> Workflow:
    """The configuration as if the state had never been."""
    states = {}
    for key, state in flow.states.items():
        if key != code:
            rules = {
                name: dataclasses.replace(
                    rule,
                    confirmed="IN_ELABORAZIONE" if rule.confirmed == code else rule.confirmed,
                    failed=key if rule.failed == code else rule.failed,
                )
                for name, rule in (("active", state.active), ("passive", state.passive))
            }
            assignable = tuple(c for c in state.assignable if c != code)
            states[key] = dataclasses.replace(state, assignable=assignable, **rules)
    events = tuple(
        dataclasses.replace(e, from_states=e.from_states - {code}) for e in flow.events if e.to_state != code
    )
    return dataclasses.replace(flow, states=states, events=events)


def test_a_draft_changes_nothing_for_documents_until_it_is_published(desk: Desk, boss: Actor) -> None:
    flow = changed(now_flow(desk), "CONSEGNATO", preserved=False)
    seen = flows.save_draft(boss, flow, 0, now=desk.now)
    assert queries.workflow_of(desk.company.pk)[1].states["CONSEGNATO"].preserved
    assert configuration.proposal(desk.company.pk).changed_by == "Piera Capo"
    version = flows.publish_draft(boss, seen, now=desk.now, note="senza conservazione")
    number, published = queries.workflow_of(desk.company.pk)
    assert (number, published.states["CONSEGNATO"].preserved) == (version.number, False)
    assert not configuration.proposal(desk.company.pk).is_draft
    assert [v.note for v in configuration.versions(desk.company.pk)][0] == "senza conservazione"


def test_who_changed_what_and_when_is_kept_for_ever(desk: Desk, boss: Actor) -> None:
    flow = changed(now_flow(desk), "CONSEGNATO", issued=False)
    seen = flows.save_draft(boss, flow, 0, now=desk.now)
    flows.publish_draft(boss, seen, now=desk.now)
    saved, published = AuditEntry.objects.filter(what__startswith="stati: ").order_by("id")
    change = ["Consegnato", "Documento emesso", "sì", "no"]
    assert (saved.actor_id, saved.at, saved.detail["modifiche"]) == (boss.user_id, desk.now, [change])
    assert (published.detail["versione"], published.detail["modifiche"]) == (2, [change])


def test_only_administrators_configure(desk: Desk, boss: Actor) -> None:
    flow = now_flow(desk)
    for change in (
        lambda: flows.save_draft(desk.actor, flow, 0, now=desk.now),
        lambda: flows.publish_draft(desk.actor, 0, now=desk.now),
        lambda: flows.discard_draft(desk.actor, 0, now=desk.now),
        lambda: flows.copy_from(desk.actor, desk.company.pk, 0, now=desk.now),
    ):
        with pytest.raises(RefusedError, match="amministratore"):
            change()


def test_nobody_overwrites_what_she_has_not_seen(desk: Desk, boss: Actor) -> None:
    flow = now_flow(desk)
    seen = flows.save_draft(boss, flow, 0, now=desk.now)
    other = admin(desk, "vice@esempio.it")
    with pytest.raises(ConflictError, match="Piera Capo"):
        flows.save_draft(other, flow, 0, now=desk.now)
    flows.save_draft(other, flow, seen, now=desk.now)
    with pytest.raises(ConflictError):
        flows.publish_draft(boss, seen, now=desk.now)


def test_a_configuration_with_errors_is_not_published_and_the_first_is_told(desk: Desk, boss: Actor) -> None:
    seen = flows.save_draft(
        boss, changed(now_flow(desk), "DA_PROCESSARE", asynchronous=False), 0, now=desk.now
    )
    with pytest.raises(RefusedError, match="modalità asincrona"):
        flows.publish_draft(boss, seen, now=desk.now)
    assert queries.workflow_of(desk.company.pk)[0] == 1


def test_warnings_do_not_keep_it_from_being_published(desk: Desk, boss: Actor) -> None:
    label = groups.save_group(boss, "Vuoto", [], now=desk.now)
    notices = tuple(Notice(d, label) for d in now_flow(desk).states["SCARTATO_SDI"].dashboards)
    flow = changed(now_flow(desk), "SCARTATO_SDI", notices=notices)
    assert any(f.rule == "notifica-a-nessuno" for f in configuration.flaws(desk.company.pk, flow))
    flows.publish_draft(boss, flows.save_draft(boss, flow, 0, now=desk.now), now=desk.now)


def test_a_state_in_use_cannot_be_deleted(desk: Desk, boss: Actor) -> None:
    document = desk.save()
    flows.choose_state(document.pk, "TRASMESSO_MANUALE", desk.actor, now=desk.now)
    flow = without(now_flow(desk), "TRASMESSO_MANUALE")
    assert not [f for f in configuration.flaws(desk.company.pk, flow) if f.is_error]
    seen = flows.save_draft(boss, flow, 0, now=desk.now)
    with pytest.raises(RefusedError, match="1 documenti|1 documento"):
        flows.publish_draft(boss, seen, now=desk.now)
    flows.choose_state(document.pk, "DA_PROCESSARE", desk.actor, now=desk.now)
    flows.publish_draft(boss, seen, now=desk.now)
    assert "TRASMESSO_MANUALE" not in queries.workflow_of(desk.company.pk)[1].states


def test_how_many_documents_a_reserved_state_holds_is_not_told_by_the_refusal(
    desk: Desk, boss: Actor
) -> None:
    """An administrator who is not among its *Permessi* learns that it is in use, which she must, and no number."""
    document = desk.save()
    flows.choose_state(document.pk, "TRASMESSO_MANUALE", desk.actor, now=desk.now)
    flow = changed(now_flow(desk), "TRASMESSO_MANUALE", reserved=True, reserved_groups=("group:operator",))
    flows.publish_draft(boss, flows.save_draft(boss, flow, 0, now=desk.now), now=desk.now)
    seen = flows.save_draft(boss, without(now_flow(desk), "TRASMESSO_MANUALE"), 0, now=desk.now)
    with pytest.raises(RefusedError, match="lo stato di alcuni documenti") as refused:
        flows.publish_draft(boss, seen, now=desk.now)
    assert not any(letter.isdigit() for letter in refused.value.text)


def test_a_state_is_retired_with_a_target_for_the_documents_in_it(desk: Desk, boss: Actor) -> None:
    document = desk.save()
    flows.choose_state(document.pk, "TRASMESSO_MANUALE", desk.actor, now=desk.now)
    flow = without(now_flow(desk), "TRASMESSO_MANUALE")
    gone = dataclasses.replace(
        now_flow(desk).states["TRASMESSO_MANUALE"], retired_to="DA_PROCESSARE", assignable=()
    )
    flow = dataclasses.replace(flow, states={**flow.states, "TRASMESSO_MANUALE": gone})
    assert not [f for f in configuration.flaws(desk.company.pk, flow) if f.is_error]
    flows.publish_draft(boss, flows.save_draft(boss, flow, 0, now=desk.now), now=desk.now)
    run_jobs()
    assert desk.state(document) == "DA_PROCESSARE"
    change = StateChange.objects.filter(document=document).order_by("-id")[0]
    assert (change.from_state, change.workflow_version) == ("TRASMESSO_MANUALE", 2)
    assert "ritirato" in change.message
    with pytest.raises(RefusedError):
        flows.choose_state(document.pk, "TRASMESSO_MANUALE", desk.actor, now=desk.now)


def test_a_document_that_is_being_worked_on_leaves_a_retired_state_when_that_has_ended(
    desk: Desk, boss: Actor
) -> None:
    document = desk.save()
    desk.press(document)
    flow = changed(now_flow(desk), "DA_PROCESSARE", retired_to="DA_INTEGRARE")
    initial = {d: "DA_INTEGRARE" if c == "DA_PROCESSARE" else c for d, c in flow.initial.items()}
    states = {
        c: dataclasses.replace(s, assignable=tuple(x for x in s.assignable if x != "DA_PROCESSARE"))
        for c, s in flow.states.items()
    }
    flow = dataclasses.replace(flow, states=states, initial=initial)
    flows.publish_draft(boss, flows.save_draft(boss, flow, 0, now=desk.now), now=desk.now)
    assert flows.leave_retired(desk.company.pk, now=desk.now) == (0, True)
    assert desk.state(document) == "DA_PROCESSARE"


def test_documents_in_flight_keep_working_over_a_publication(desk: Desk, boss: Actor) -> None:
    document = desk.save()
    desk.press(document)
    flow = changed(now_flow(desk), "CONSEGNATO", issued=False)
    flows.publish_draft(boss, flows.save_draft(boss, flow, 0, now=desk.now), now=desk.now)
    run_jobs()
    numbers = set(StateChange.objects.filter(document=document).values_list("workflow_version", flat=True))
    assert {1, 2} <= numbers
    assert desk.state(document) not in ("DA_PROCESSARE", "DA_INTEGRARE")


def test_a_draft_made_on_an_older_version_is_published_only_knowingly(desk: Desk, boss: Actor) -> None:
    seen = flows.save_draft(boss, now_flow(desk), 0, now=desk.now)
    flows.publish_workflow(
        desk.company, workflow_to_json(queries.workflow_of(desk.company.pk)[1]), now=desk.now
    )
    assert configuration.proposal(desk.company.pk).outdated
    with pytest.raises(ConflictError, match="versione 2"):
        flows.publish_draft(boss, seen, now=desk.now)
    flows.rebase(boss, seen, now=desk.now)
    assert flows.publish_draft(boss, seen, now=desk.now).number == 3


def test_a_configuration_is_copied_from_another_company_of_the_same_administrator(
    desk: Desk, other_desk: Desk, boss: Actor
) -> None:
    with company_scope(other_desk.company.pk):
        other = admin(other_desk, "capo@esempio.it")
        flow = changed(now_flow(other_desk), "CONSEGNATO", deadline="entro domani")
        flows.publish_draft(other, flows.save_draft(other, flow, 0, now=desk.now), now=desk.now)
    flows.copy_from(boss, other_desk.company.pk, 0, now=desk.now)
    assert now_flow(desk).states["CONSEGNATO"].deadline == "entro domani"
    stranger = admin(desk, "altra@esempio.it")
    with pytest.raises(RefusedError, match="entrambe"):
        flows.copy_from(stranger, other_desk.company.pk, 1, now=desk.now)


def test_a_configuration_survives_the_file_and_people_stand_in_it_by_email(desk: Desk, boss: Actor) -> None:
    flow = changed(now_flow(desk), "RIFIUTATO", reserved=True, reserved_users=(f"user:{boss.user_id}",))
    text = configuration.export_file(desk.company.pk, flow)
    assert "capo@esempio.it" in text and f"user:{boss.user_id}" not in text
    assert configuration.read_file(desk.company.pk, text.encode()) == flow


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a: [", b"a: &a [1]\nb: *a", b"!!python/object:os.system x", b"x" * 1_000_001]
)
def test_a_file_that_is_no_configuration_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(InputError):
        configuration.read_file(desk.company.pk, content)


def test_a_group_that_a_configuration_names_is_known_as_used(desk: Desk, boss: Actor) -> None:
    label = groups.save_group(boss, "Presidenza", [boss.user_id or 0], now=desk.now)
    assert configuration.groups_in_use(desk.company.pk, label) == ()
    flow = changed(now_flow(desk), "RIFIUTATO", reserved=True, reserved_groups=(label,))
    flows.save_draft(boss, flow, 0, now=desk.now)
    assert configuration.groups_in_use(desk.company.pk, label) == ("Rifiutato dalla PA",)


def test_a_new_state_of_the_company_is_used_at_once(desk: Desk, boss: Actor) -> None:
    flow = now_flow(desk)
    start = flow.states["DA_PROCESSARE"]
    new = State(
        NEW, "Da rivedere", StateType.INTERMEDIATE, dashboards=start.dashboards, from_gestionale=True,
        active=ActionRule(change_state=True),
    )  # fmt: skip
    states = {
        **flow.states,
        NEW: new,
        "DA_PROCESSARE": dataclasses.replace(start, assignable=(*start.assignable, NEW)),
    }
    seen = flows.save_draft(boss, dataclasses.replace(flow, states=states), 0, now=desk.now)
    flows.publish_draft(boss, seen, now=desk.now)
    document = desk.save()
    flows.choose_state(document.pk, NEW, desk.actor, now=desk.now)
    assert desk.state(document) == NEW


@pytest.mark.django_db(transaction=True)
def test_no_document_enters_a_state_while_it_is_being_deleted() -> None:
    """Whoever moves a document and whoever publishes wait for each other."""
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        boss = admin(desk, "capo@esempio.it")
        documents = [desk.save().pk for _ in range(6)]
        seen = flows.save_draft(boss, without(now_flow(desk), "TRASMESSO_MANUALE"), 0, now=desk.now)
    start = threading.Barrier(len(documents) + 1)

    def together(act: Callable[[], object]) -> str:
        start.wait()
        try:
            with company_scope(desk.company.pk):
                act()
            return ""
        except (RefusedError, InputError) as refusal:
            return str(refusal)
        finally:
            connection.close()

    def move(document_id: int) -> None:
        flows.choose_state(document_id, "TRASMESSO_MANUALE", desk.actor, now=desk.now)

    acts = [functools.partial(move, pk) for pk in documents]
    acts.append(functools.partial(flows.publish_draft, boss, seen, now=desk.now))
    with ThreadPoolExecutor(len(acts)) as pool:
        outcomes = [future.result() for future in [pool.submit(together, act) for act in acts]]
    # Either the documents were quicker and nothing was published, or the state was gone before they came.
    assert outcomes.count("") in (len(documents), 1)
    with company_scope(desk.company.pk):
        _, flow = queries.workflow_of(desk.company.pk)
        assert all(d.state in flow.states for d in Document.objects.all())
