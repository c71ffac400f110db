"""*Registro delle modifiche*: who changed what and when."""

from __future__ import annotations

import ast
import dataclasses
import pathlib

import pytest
from django.test import Client

import fattorino
from fattorino import clock
from fattorino.core.workflow.definition import Workflow
from fattorino.core.workflow.edit import put
from fattorino.organisations import groups
from fattorino.organisations.flows import audit, choose_language, save_user
from fattorino.organisations.queries import Actor
from fattorino.workflow import changes, configuration, flows, outcomes
from fattorino.workflow.flows import bulk
from fattorino.workflow.flows import outcomes as outcome_flows
from fattorino.workflow.models import BulkRun, Document
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import admin_of, browser_of, state_form, text_of
from tests.workflow.test_dashboards import hub, publish

PAGE = "/impostazioni/modifiche/"
WHOLE = f"{PAGE}installazione/"
TELLS = ("audit", "_tell")


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin_of(desk)


@pytest.fixture
def browser(boss: Actor) -> Client:
    return browser_of(boss)


def test_a_changed_state_is_told_with_who_when_and_both_values(desk: Desk, browser: Client) -> None:
    form = state_form(desk.company.pk, "CONSEGNATO", type="Intermedio", versione="0")
    assert browser.post("/impostazioni/stati/stato/CONSEGNATO/", form).status_code == 302
    shown = text_of(browser.get(PAGE))
    assert "21/11/2026 10:30 Piera Capo stati: bozza modificata" in shown
    assert "Consegnato , Tipo stato: Finale → Intermedio" in shown


def test_groups_name_their_people_and_users_their_roles(desk: Desk, boss: Actor, browser: Client) -> None:
    groups.save_group(boss, "Contabilità", [desk.actor.user_id or 0], now=NOW)
    shown = text_of(browser.get(PAGE))
    assert "gruppo creato nome o denominazione: Contabilità persone: Laura Conti" in shown
    assert "ruolo: Amministratore" in shown and "Programma o riga di comando" in shown


def test_the_filters_are_day_person_and_kind(desk: Desk, boss: Actor, browser: Client) -> None:
    groups.save_group(boss, "Contabilità", [], now=NOW)
    assert "gruppo creato" in text_of(
        browser.get(f"{PAGE}?tipo=gruppi&persona={boss.user_id}&dal=2026-11-21")
    )
    for query in ("tipo=azienda", "persona=0", "dal=2026-11-22", "al=2026-11-20"):
        assert "gruppo creato" not in text_of(browser.get(f"{PAGE}?{query}"))
    assert "Nessuna modifica con questi filtri" in text_of(browser.get(f"{PAGE}?dal=2030-01-01"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("dal=ieri", "Non è una data: scegliere un giorno"),
        ("dal=2026-11-22&al=2026-11-21", "La fine del periodo viene prima dell'inizio."),
    ],
)
def test_a_day_that_is_none_is_told_beside_the_field(browser: Client, query: str, message: str) -> None:
    answer = browser.get(f"{PAGE}?{query}&file=csv")
    assert answer.status_code == 422 and message in text_of(answer).replace("&#x27;", "'")


def test_pages_hold_fifty_and_the_file_holds_all(desk: Desk, boss: Actor, browser: Client) -> None:
    for number in range(60):
        groups.save_group(boss, f"Gruppo {number:02}", [], now=NOW)
    first = browser.get(f"{PAGE}?tipo=gruppi").content.decode()
    assert "Gruppo 59" in first and "Gruppo 09" not in first
    older = first.split('href="?')[-1].split('"')[0].replace("&amp;", "&")
    assert "Gruppo 09" in text_of(browser.get(f"{PAGE}?{older}"))
    listed = browser.get(f"{PAGE}?tipo=gruppi&file=csv").content.decode()
    assert listed.count("gruppo creato") == 60
    assert browser.get(f"{PAGE}?file=xlsx").status_code == 200


def test_only_administrators_read_and_nobody_another_company_s(
    desk: Desk, other_desk: Desk, boss: Actor
) -> None:
    groups.save_group(boss, "Contabilità", [], now=NOW)
    assert browser_of(desk.actor).get(PAGE).status_code == 403
    assert browser_of(boss).get(WHOLE).status_code == 403
    stranger = save_user("x@studio.example", None, "Ugo Neri", {other_desk.company.pk: "admin"}, now=NOW)
    actor = Actor("utente", "Ugo Neri", other_desk.company.pk, stranger.pk, "admin")
    shown = browser_of(actor).get(PAGE)
    assert shown.status_code == 200 and "Contabilità" not in shown.content.decode()


def test_the_installation_s_changes_are_for_its_administrators_without_any_company_s(
    desk: Desk, boss: Actor
) -> None:
    groups.save_group(boss, "Contabilità", [], now=NOW)
    audit(
        "stato creato", now=NOW, actor_id=boss.user_id, codice="NUOVO", modifiche={"label": [None, "Nuovo"]}
    )
    shown = text_of(browser_of(boss, staff=True).get(WHOLE))
    assert "stato creato codice: NUOVO" in shown and "descrizione: — → Nuovo" in shown
    assert "Registro delle modifiche dell'installazione · Fattorino" in shown.replace("&#x27;", "'")
    assert "Contabilità" not in shown and "Dell&#x27;azienda" in shown.replace("Dell'", "Dell&#x27;")
    operator = browser_of(desk.actor, staff=True)
    assert operator.get(WHOLE).status_code == 200 and operator.get(PAGE).status_code == 403


def test_what_is_about_reserved_documents_stays_reserved(desk: Desk, boss: Actor, browser: Client) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="CONSEGNATO")
    hub(desk, document, "NS")
    change = desk_outcome(desk)
    outcome_flows.mark_seen(desk.actor, change, "Parlato con il cliente", now=NOW)
    other = desk.save()
    order = bulk.Order("PR", "DA_PROCESSARE", target="ANNULLATO", reason="Prova")
    run, _total = bulk.start_run(desk.actor, order, [[other.pk]], now=NOW)
    shown = text_of(browser.get(PAGE))
    assert "Parlato con il cliente" in shown and f"invio: {run}" in shown
    BulkRun.objects.filter(pk=run).update(state="CONSEGNATO")
    publish(desk, CONSEGNATO={"reserved": True, "reserved_users": [f"user:{desk.actor.user_id}"]})
    for answer in (browser.get(PAGE), browser.get(f"{PAGE}?file=csv")):
        content = answer.content.decode()
        assert "Parlato" not in content and "invio massivo avviato" not in content
        assert "azienda creata" in content


def desk_outcome(desk: Desk) -> int:
    [row] = outcomes.unexpected(desk.actor)
    return row.id


def recorded_by(source: str) -> set[str]:
    """Every text in the first argument of `audit` and `_tell`, or given to the variable that stands there."""
    tree = ast.parse(source)
    called = [c for c in ast.walk(tree) if isinstance(c, ast.Call) and getattr(c.func, "id", "") in TELLS]
    values: list[ast.AST] = [call.args[0] for call in called if call.args]
    named = {value.id for value in values if isinstance(value, ast.Name)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Assign) and named & {getattr(target, "id", "") for target in each.targets}:
            # Of a choice between two texts, not what the choice depends on.
            values += (
                [each.value.body, each.value.orelse] if isinstance(each.value, ast.IfExp) else [each.value]
            )
    texts = (node.value for value in values for node in ast.walk(value) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def test_every_change_the_audit_can_hold_belongs_to_a_kind() -> None:
    known = {what for _label, whats in changes.KINDS.values() for what in whats}
    found: set[str] = set()
    for file in pathlib.Path(fattorino.__file__).parent.rglob("*.py"):
        found |= recorded_by(file.read_text())
    assert {"gruppo creato", "stati: versione pubblicata", "amministratore dell'installazione"} <= found
    assert found - {"invio massivo: "} <= known
    assert {f"invio massivo: {status.label}" for status in BulkRun.Status} <= known


def test_the_list_is_english_but_for_people_s_words(desk: Desk, boss: Actor, browser: Client) -> None:
    flows.save_draft(boss, _without_one(desk), 0, now=NOW)
    choose_language(boss.user_id or 0, "en", now=NOW)
    shown = text_of(browser.get(PAGE))
    assert "states: draft changed" in shown and "Change log" in shown and "role: Administrator" in shown


def _without_one(desk: Desk) -> Workflow:
    flow = configuration.proposal(desk.company.pk).workflow
    return put(flow, dataclasses.replace(flow.states["CONSEGNATO"], issued=False))
