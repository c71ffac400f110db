"""*Gruppi*, *Grafo* and *Prova*."""

from __future__ import annotations

import dataclasses

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.workflow.definition import Dashboard, Notice
from fattorino.organisations import groups
from fattorino.organisations.flows import save_user
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, flows
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import GROUPS, STATES, admin_of, browser_of, state_form, text_of


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin_of(desk)


@pytest.fixture
def browser(boss: Actor) -> Client:
    return browser_of(boss)


def change(desk: Desk, boss: Actor, code: str, **values: object) -> None:
    proposal = configuration.proposal(desk.company.pk)
    state = dataclasses.replace(proposal.workflow.states[code], **values)
    flow = dataclasses.replace(proposal.workflow, states={**proposal.workflow.states, code: state})
    flows.save_draft(boss, flow, proposal.version, now=NOW)


# --- groups


def test_a_group_is_made_changed_and_deleted(desk: Desk, boss: Actor, browser: Client) -> None:
    sent = {"azienda": desk.company.pk, "nome": "Contabilità", "persone": [str(boss.user_id)]}
    assert browser.post(f"{GROUPS}nuovo/", sent).status_code == 302
    assert "Contabilità Piera Capo" in text_of(browser.get(GROUPS))
    sent = {"azienda": desk.company.pk, "nome": "Conti", "persone": [str(desk.actor.user_id)]}
    assert browser.post(f"{GROUPS}gruppo/contabilita/", sent).status_code == 302
    assert [p.name for p in groups.members_of(desk.company.pk, "group:contabilita")] == ["Laura Conti"]
    assert "Laura Conti" in browser.get(f"{GROUPS}?file=csv").content.decode()
    assert (
        browser.post(f"{GROUPS}gruppo/contabilita/elimina/", {"azienda": desk.company.pk}).status_code == 302
    )
    assert browser.get(f"{GROUPS}gruppo/contabilita/").status_code == 404


@pytest.mark.parametrize("name", ["", "x" * 81, "Operatori"])
def test_a_name_that_cannot_be_is_told_beside_the_field(desk: Desk, browser: Client, name: str) -> None:
    response = browser.post(f"{GROUPS}nuovo/", {"azienda": desk.company.pk, "nome": name})
    assert response.status_code == 422
    assert "Il gruppo deve" in text_of(response) or "già un gruppo" in text_of(response)


def test_a_group_that_a_state_names_is_not_deleted_and_the_states_are_told(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    label = groups.save_group(boss, "Presidenza", [boss.user_id or 0], now=NOW)
    change(desk, boss, "RIFIUTATO", reserved=True, reserved_groups=(label,))
    assert "lo indicano gli stati Rifiutato dalla PA" in text_of(browser.get(f"{GROUPS}gruppo/presidenza/"))
    assert (
        browser.post(f"{GROUPS}gruppo/presidenza/elimina/", {"azienda": desk.company.pk}).status_code == 409
    )
    assert groups.members_of(desk.company.pk, label)


def test_the_roles_are_groups_that_nobody_edits_and_strangers_are_not_taken_in(
    desk: Desk, other_desk: Desk, browser: Client
) -> None:
    assert browser.get(f"{GROUPS}gruppo/admin/").status_code == 404
    sent = {"azienda": desk.company.pk, "nome": "Misto", "persone": [str(other_desk.actor.user_id)]}
    response = browser.post(f"{GROUPS}nuovo/", sent)
    assert response.status_code == 422 and "solo gli utenti dell&#x27;azienda" in text_of(response)
    with company_scope(other_desk.company.pk):
        groups.save_group(admin_of(other_desk, "capo@studio.example"), "Segreto", [], now=NOW)
    assert browser.get(f"{GROUPS}gruppo/segreto/").status_code == 404


# --- graph


def test_the_graph_draws_every_state_of_the_dashboard_and_says_every_way_in_words(browser: Client) -> None:
    page = browser.get(f"{STATES}grafo/?dashboard=PS").content.decode()
    drawing, table = page.split("<table")
    for label in ("Ricevuto", "Da contabilizzare", "Contabilizzato"):
        assert f'aria-label="{label},' in drawing
    assert "Consegnato," not in drawing
    assert "st-way-manual" not in drawing
    assert "st-way-manual" in browser.get(f"{STATES}grafo/?dashboard=PS&cambi=1").content.decode()
    for words in (
        "GEST_CONTABILIZZATO: Contabilizzata nel gestionale",
        "Cambia stato",
        "Azione non riuscita",
    ):
        assert words in table
    assert "Ricevuto;Azione riuscita;Invia a gestionale;Da contabilizzare" in browser.get(
        f"{STATES}grafo/?dashboard=PS&file=csv"
    ).content.decode("utf-8-sig")


# --- trial


def trial(browser: Client, *keys: str, dashboard: str = "PR") -> str:
    query = "".join(f"&e={key}" for key in keys)
    response = browser.get(f"{STATES}prova/?dashboard={dashboard}{query}")
    assert response.status_code == 200
    return text_of(response)


def test_a_trial_says_where_the_document_goes_and_what_starts_by_itself(browser: Client) -> None:
    page = trial(browser, "ok", "ok", "ok", "ok", "hub:RC")
    for words in (
        "«Genera XML e invia» riesce",
        "Parte da sé: «Valida».",
        "Ora: Consegnato",
        "conservazione",
    ):
        assert words in page


def test_a_trial_says_who_would_see_the_button_and_who_would_be_told(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    save_user("rita@ordine.example", None, "Rita Lettrice", {desk.company.pk: "reader"}, now=NOW)
    page = trial(browser)
    assert "Offerta a Laura Conti, Piera Capo" in page
    change(
        desk, boss, "CONSEGNATO",
        notices=(Notice(Dashboard.ACTIVE_PRIVATE, "group:reader", True),),
        reserved=True, reserved_groups=("group:admin",),
    )  # fmt: skip
    told = "Avvisa il gruppo «Consultazione», nelle pagine e per e-mail:"
    assert f"{told} nessuno" in trial(browser, "ok", "ok", "ok", "ok", "hub:RC")
    change(desk, boss, "CONSEGNATO", reserved=False, reserved_groups=())
    assert f"{told} Rita Lettrice" in trial(browser, "ok", "ok", "ok", "ok", "hub:RC")


def test_a_trial_says_why_something_is_refused_and_writes_nothing(desk: Desk, browser: Client) -> None:
    page = trial(browser, "state:CONSEGNATO", "boh", "hub:" + "x" * 500)
    assert "Rifiutato: Dallo stato «Da processare» non si può assegnare" in page
    assert "Questo evento non esiste" in page
    assert not configuration.proposal(desk.company.pk).is_draft


def test_a_trial_of_a_configuration_that_leads_nowhere_says_so(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    proposal = configuration.proposal(desk.company.pk)
    states = {c: s for c, s in proposal.workflow.states.items() if c != "DA_VALIDARE"}
    flows.save_draft(boss, dataclasses.replace(proposal.workflow, states=states), 0, now=NOW)
    assert "non esiste nella configurazione" in trial(browser, "ok")
    assert browser.get(f"{STATES}grafo/?dashboard=PA").status_code == 200
    for page in ("", "controlla/", "confronta/", "stato/DA_PROCESSARE/"):
        assert browser.get(STATES + page).status_code == 200, page
    sent = state_form(desk.company.pk, "DA_PROCESSARE", active__confirmed="DA_FIRMARE")
    assert browser.post(f"{STATES}stato/DA_PROCESSARE/", sent).status_code == 302


def test_a_dashboard_that_does_not_exist_is_the_first_one(browser: Client) -> None:
    assert "Ora: Da processare" in trial(browser, dashboard="XX")
