"""The settings pages: what an administrator sees, sends and is told; and who is not let in."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.workflow.definition import Action, Dashboard, Notice, StateType, workflow_to_json
from fattorino.core.workflow.lint import lint
from fattorino.core.workflow.standard import standard_workflow
from fattorino.organisations import groups
from fattorino.organisations.flows import save_user
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration, flows, overview, queries
from fattorino.workflow.forms.state import StateForm
from fattorino.workflow.views.common import tab_of
from fattorino.workflow.views.state import TABS
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import (
    GROUPS,
    STATES,
    admin_of,
    browser_of,
    draft_version,
    state_form,
    text_of,
)

PAGES = (
    "", "controlla/", "aggiungi/", "grafo/", "grafo/?dashboard=PS&cambi=1", "grafo/?file=csv", "prova/", "confronta/",
    "versioni/", "versioni/1/", "esporta/", "importa/", "copia/", "stato/DA_PROCESSARE/", "stato/RICEVUTO/",
    "elenco.csv", "elenco.xlsx",
)  # fmt: skip


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin_of(desk)


@pytest.fixture
def browser(boss: Actor) -> Client:
    return browser_of(boss)


# --- who comes in


@pytest.mark.parametrize("role", ["operator", "reader"])
def test_only_administrators_see_the_configuration(desk: Desk, role: str) -> None:
    user = save_user(f"{role}@ordine.example", None, "Ugo Bassi", {desk.company.pk: role}, now=NOW)
    browser = Client()
    browser.force_login(user)
    for page in PAGES:
        response = browser.get(STATES + page)
        assert response.status_code == 403, page
        assert "Chiedere a un amministratore" in response.content.decode()
    assert browser.get(GROUPS).status_code == 403
    assert "Impostazioni" not in text_of(browser.get("/entrate/"))


def test_every_page_has_a_help_line_and_the_entry_of_the_menu(browser: Client) -> None:
    for page in PAGES:
        response = browser.get(STATES + page)
        assert response.status_code == 200, page
        if response["Content-Type"].startswith("text/html"):
            help_line = response.content.decode().split('class="ft-help">')[1].split("</p>")[0]
            assert len(help_line.strip()) > 40, page
            assert "<style" not in response.content.decode() and " style=" not in response.content.decode()


# --- impostazioni aziendali


def test_a_form_that_nobody_changed_changes_nothing_for_any_state(desk: Desk, boss: Actor) -> None:
    proposal = configuration.proposal(desk.company.pk)
    around = configuration.surroundings(desk.company.pk)
    for code in proposal.workflow.states:
        form = StateForm.of(proposal.workflow, code)
        edit = form.read(proposal.workflow, code, around)
        assert edit is not None, form.errors
        assert edit.into(proposal.workflow) == proposal.workflow


def test_every_setting_of_the_source_is_on_the_page_and_saved_to_the_draft(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    group = groups.save_group(boss, "Presidenza", [boss.user_id or 0], now=NOW)
    sent = state_form(
        desk.company.pk,
        "TRASMESSO_MANUALE",
        type="Intermedio",
        deadline="entro domani",
        from_hub="1",
        asynchronous="1",
        confirms="1",
        in_esterometro="1",
        preserved="1",
        reserved="1",
        issued="1",
        hidden_from_bulk="1",
        dashboards__DF="",
        notice__PA="1",
        notice__PA__0__group=group,
        notice__PA__0__medium="mail",
        active__action="CHIUDI_ITER",
        active__confirmed="IN_ATTESA_ESITO",
        active__failed="TRASMESSO_MANUALE",
        active__change_state="motivo",
        active__automatic="1",
        passive__action="ARCHIVIA",
        passive__confirmed="CONTABILIZZATO",
        passive__failed="RICEVUTO",
        assignable__ANNULLATO="1",
        event__0__status="HUB_ERRORE",
        event__0__dashboard__PR="1",
        event__0__from__DA_CONFERMARE="1",
    )
    sent |= {f"reserved_groups-{group}": "1", f"reserved_users-user:{boss.user_id}": "1"}
    page = browser.get(f"{STATES}stato/TRASMESSO_MANUALE/").content.decode()
    assert not [name for name in sent if f'name="{name}"' not in page and not name.startswith("assignable")]
    response = browser.post(f"{STATES}stato/TRASMESSO_MANUALE/", sent)
    assert response.status_code == 302, text_of(response)
    flow = configuration.proposal(desk.company.pk).workflow
    state = flow.states["TRASMESSO_MANUALE"]
    assert all(
        getattr(state, name)
        for name in (
            "from_hub",
            "asynchronous",
            "confirms",
            "in_esterometro",
            "preserved",
            "reserved",
            "issued",
        )
    )
    assert (state.type, state.deadline, state.hidden_from_bulk) == (
        StateType.INTERMEDIATE,
        "entro domani",
        True,
    )
    assert Dashboard.DATI_FATTURE not in state.dashboards
    assert state.notices == (Notice(Dashboard.ACTIVE_PA, group, True),)
    assert (state.active.action, state.active.confirmed, state.active.failed) == (
        Action.CLOSE, "IN_ATTESA_ESITO", "TRASMESSO_MANUALE",
    )  # fmt: skip
    assert state.active.change_state and state.active.reason_required and state.active.automatic
    assert (state.passive.action, state.passive.confirmed) == (Action.ARCHIVE, "CONTABILIZZATO")
    assert state.assignable == ("DA_PROCESSARE", "ANNULLATO")
    assert (state.reserved_groups, state.reserved_users) == ((group,), (f"user:{boss.user_id}",))
    event = next(e for e in flow.events if e.to_state == "TRASMESSO_MANUALE")
    assert (event.status, event.dashboards, event.from_states) == (
        "HUB_ERRORE", frozenset({Dashboard.ACTIVE_PRIVATE}), frozenset({"DA_CONFERMARE"}),
    )  # fmt: skip
    assert not queries.workflow_of(desk.company.pk)[1].states["TRASMESSO_MANUALE"].reserved


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "Eterno"}, "type"),
        ({"deadline": "x" * 201}, "deadline"),
        ({"active__action": "VOLA"}, "active-action"),
        ({"active__confirmed": "NESSUN_POSTO"}, "active-confirmed"),
        ({"notice__PA": "1"}, "notice-PA-0-group"),
        ({"notice__PA": "1", "notice__PA__0__group": "group:altri"}, "notice-PA-0-group"),
        ({"reserved_users__user:999999": "1"}, "reserved_users"),
        ({"assignable__CONSEGNATO": "1"}, "assignable"),
        ({"dashboards__PA": ""}, "dashboards"),
        ({"initial__PS": "1"}, "initial-PS"),
        ({"event__0__status": "RC", "event__0__from__ANNULLATO": "1"}, "event-0-dashboards"),
        ({"event__0__status": "RC", "event__0__dashboard__PS": "1"}, "event-0-dashboards"),
        ({"event__0__status": "BOH", "event__0__dashboard__PA": "1"}, "event-0-status"),
    ],
)
def test_what_cannot_stay_so_is_told_beside_its_field_and_nothing_is_saved(
    desk: Desk, browser: Client, changes: dict[str, str], field: str
) -> None:
    response = browser.post(
        f"{STATES}stato/DA_PROCESSARE/", state_form(desk.company.pk, "DA_PROCESSARE", **changes)
    )
    assert response.status_code == 422
    told = response.content.decode().split(f'id="err-{field}"')[1].split("</div>")[0].partition(">")[2]
    assert len(told) > 20
    assert not configuration.proposal(desk.company.pk).is_draft


def test_only_an_initial_state_may_be_opened_by_an_outcome(desk: Desk, browser: Client) -> None:
    sent = state_form(desk.company.pk, "CONSEGNATO", event__1__status="AT", event__1__dashboard__PR="1")
    assert "Indicare da quali stati" in text_of(browser.post(f"{STATES}stato/CONSEGNATO/", sent))


def test_the_state_of_entry_is_moved_from_the_state_that_takes_it(desk: Desk, browser: Client) -> None:
    browser.post(f"{STATES}stato/DA_INTEGRARE/", state_form(desk.company.pk, "DA_INTEGRARE", initial__PA="1"))
    initial = configuration.proposal(desk.company.pk).workflow.initial
    assert (initial[Dashboard.ACTIVE_PA], initial[Dashboard.ACTIVE_PRIVATE]) == (
        "DA_INTEGRARE",
        "DA_PROCESSARE",
    )


def test_saving_without_a_change_begins_no_draft(desk: Desk, browser: Client) -> None:
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO"))
    assert not configuration.proposal(desk.company.pk).is_draft


def test_of_two_who_change_the_same_state_the_second_sees_both_and_may_insist(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    other = browser_of(admin_of(desk, "vice@ordine.example", "Ada Vice"))
    mine = state_form(desk.company.pk, "CONSEGNATO", deadline="la mia")
    theirs = state_form(desk.company.pk, "CONSEGNATO", deadline="la sua", issued="")
    assert other.post(f"{STATES}stato/CONSEGNATO/", theirs).status_code == 302
    response = browser.post(f"{STATES}stato/CONSEGNATO/", mine)
    assert response.status_code == 409
    assert all(words in text_of(response) for words in ("Ada Vice", "la mia", "la sua", "Documento emesso"))
    shown = response.content.decode().split('name="impronta" value="')[1].split('"')[0]
    assert browser.post(f"{STATES}stato/CONSEGNATO/", mine | {"impronta": shown}).status_code == 302
    assert configuration.proposal(desk.company.pk).workflow.states["CONSEGNATO"].deadline == "la mia"


def test_who_changes_another_state_meanwhile_disturbs_nobody(desk: Desk, browser: Client) -> None:
    mine = state_form(desk.company.pk, "CONSEGNATO", deadline="la mia")
    browser.post(f"{STATES}stato/ANNULLATO/", state_form(desk.company.pk, "ANNULLATO", deadline="altro"))
    assert browser.post(f"{STATES}stato/CONSEGNATO/", mine).status_code == 302
    states = configuration.proposal(desk.company.pk).workflow.states
    assert (states["CONSEGNATO"].deadline, states["ANNULLATO"].deadline) == ("la mia", "altro")


def test_new_common_settings_are_no_conflict(desk: Desk, boss: Actor, browser: Client) -> None:
    mine = state_form(desk.company.pk, "CONSEGNATO", deadline="la mia")
    look = overview.look("CONSEGNATO")
    assert look is not None
    flows.save_look(
        dataclasses.replace(look, label="Arrivata"), user_id=boss.user_id or 0, new=False, now=NOW
    )
    assert browser.post(f"{STATES}stato/CONSEGNATO/", mine).status_code == 302


def test_the_picker_offers_only_states_with_the_same_abilitazioni(browser: Client) -> None:
    """ "Sarà possibile selezionare solo stati con le stesse abilitazioni attive"."""
    page = browser.get(f"{STATES}stato/RIFIUTATO/").content.decode()
    boxes = page.split('id="assegnare"')[1].split('id="esiti"')[0].split("st-box")[1:]
    fitting = {
        box.split('name="assignable-')[1].split('"')[0]
        for box in boxes
        if "data-unfit" not in box and "name=" in box
    }
    flow = standard_workflow()
    assert fitting == {
        s.code
        for s in flow.states.values()
        if s.from_gestionale and Dashboard.ACTIVE_PA in s.dashboards and s.code != "RIFIUTATO"
    }


def test_the_lint_is_said_beside_the_setting(browser: Client) -> None:
    page = browser.get(f"{STATES}stato/MANCATA_CONSEGNA/").content.decode()
    assert "stato finale, ma ha l&#x27;azione" in page.split('id="err-active-action"')[1].split("</div>")[0]


def test_every_remark_of_the_lint_leads_to_a_tab_that_exists() -> None:
    flow = standard_workflow()
    broken = dataclasses.replace(flow, events=(), initial={})
    settings = {f.setting for f in lint(broken, configuration.Surroundings())}
    assert {tab_of(s) for s in settings | {"", "active.confirmed", "retired_to", "events"}} <= set(TABS)


# --- the table


def test_the_table_counts_documents_and_tells_nobody_how_many_are_reserved_to_others(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    desk.save()
    assert (
        "Da processare DA_PROCESSARE Iniziale PA Privati LIPE Dati fatture Genera XML e invia 1"
        in text_of(browser.get(STATES))
    )
    flow = configuration.proposal(desk.company.pk).workflow
    hidden = dataclasses.replace(
        flow.states["DA_PROCESSARE"], reserved=True, reserved_groups=("group:operator",)
    )
    flow = dataclasses.replace(flow, states={**flow.states, "DA_PROCESSARE": hidden})
    flows.save_draft(boss, flow, 0, now=NOW)
    assert "Genera XML e invia riservato" in text_of(browser.get(STATES))


def test_the_table_is_exported_as_csv_and_excel(browser: Client) -> None:
    text = browser.get(f"{STATES}elenco.csv?dashboard=PS").content.decode("utf-8-sig")
    assert text.startswith("Codice;Descrizione;") and "RICEVUTO;" in text and "CONSEGNATO;" not in text
    archive = zipfile.ZipFile(io.BytesIO(browser.get(f"{STATES}elenco.xlsx").content))
    assert b"CONSEGNATO" in archive.read("xl/worksheets/sheet1.xml")


def test_the_banner_says_draft_or_version_and_who(desk: Desk, boss: Actor, browser: Client) -> None:
    assert "Versione 1, pubblicata" in text_of(browser.get(STATES))
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", deadline="x"))
    assert "modificata da Piera Capo il 21/11/2026 10:30" in text_of(browser.get(STATES))


# --- states come and go


def test_a_state_is_added_from_the_common_list(desk: Desk, boss: Actor, browser: Client) -> None:
    flows.save_look(
        flows.Look("DA_RIVEDERE", "Da rivedere", "Da lavorare"), user_id=boss.user_id or 0, new=True, now=NOW
    )
    assert "Da rivedere" in text_of(browser.get(f"{STATES}aggiungi/"))
    sent = {"azienda": desk.company.pk, "versione": 0, "codice": "DA_RIVEDERE"}
    assert browser.post(f"{STATES}aggiungi/", sent).status_code == 302
    added = configuration.proposal(desk.company.pk).workflow.states["DA_RIVEDERE"]
    assert (added.label, added.dashboards) == ("Da rivedere", frozenset())
    assert (
        browser.post(f"{STATES}aggiungi/", sent | {"versione": 1, "codice": "INVENTATO"}).status_code == 409
    )


def test_a_state_in_use_is_not_deleted_but_retired_with_a_target(desk: Desk, browser: Client) -> None:
    document = desk.save()
    flows.choose_state(document.pk, "ANNULLATO", desk.actor, now=NOW)
    page = text_of(browser.get(f"{STATES}stato/ANNULLATO/"))
    assert "Ci sono documenti in questo stato" in page and "impostazioni indicano questo stato" in page
    sent = {"azienda": desk.company.pk, "versione": 0, "verso": ""}
    assert browser.post(f"{STATES}stato/ANNULLATO/elimina/", sent).status_code == 409
    assert browser.post(f"{STATES}stato/ANNULLATO/ritira/", sent).status_code == 409
    assert (
        browser.post(f"{STATES}stato/ANNULLATO/ritira/", sent | {"verso": "DA_PROCESSARE"}).status_code == 302
    )
    assert "Ritirati" in text_of(browser.get(STATES))
    assert "«Annullato (mai trasmesso)» → «Da processare»" in text_of(browser.get(f"{STATES}confronta/"))
    sent["versione"] = draft_version(desk.company.pk)
    assert browser.post(f"{STATES}stato/ANNULLATO/ripristina/", sent).status_code == 302
    assert not configuration.proposal(desk.company.pk).workflow.states["ANNULLATO"].retired_to


def test_an_unused_state_is_deleted_with_what_named_it(desk: Desk, browser: Client) -> None:
    sent = {"azienda": desk.company.pk, "versione": 0}
    assert browser.post(f"{STATES}stato/ANNULLATO/elimina/", sent).status_code == 302
    assert "ANNULLATO" not in configuration.proposal(desk.company.pk).workflow.states
    assert browser.get(f"{STATES}stato/ANNULLATO/").status_code == 404


# --- versions


def test_a_single_version_is_not_offered_for_comparison(browser: Client) -> None:
    assert "st-compare" not in browser.get(f"{STATES}versioni/").content.decode()


def test_what_versions_changed_does_not_tell_of_the_common_settings(desk: Desk, browser: Client) -> None:
    # The first version is the house's own, stored before anybody gave its gadgets a tooltip.
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", issued=""))
    browser.post(
        f"{STATES}pubblica/", {"azienda": desk.company.pk, "versione": draft_version(desk.company.pk)}
    )
    for address in ("versioni/2/", "versioni/?da=1&a=2"):
        page = text_of(browser.get(STATES + address))
        assert "Documento emesso" in page and "Tooltip" not in page, address


def test_a_draft_is_compared_published_with_a_note_and_an_old_version_begun_again(
    desk: Desk, browser: Client
) -> None:
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", issued=""))
    page = text_of(browser.get(f"{STATES}confronta/"))
    assert "1 differenza" in page and "Consegnato Documento emesso sì no" in page
    sent = {"azienda": desk.company.pk, "versione": draft_version(desk.company.pk), "nota": "Prova"}
    assert browser.post(f"{STATES}pubblica/", sent).status_code == 302
    assert "Versione 2, pubblicata" in text_of(browser.get(STATES)) and "Prova" in text_of(
        browser.get(STATES)
    )
    assert "Consegnato Documento emesso sì no" in text_of(browser.get(f"{STATES}versioni/2/"))
    assert "Consegnato Documento emesso no sì" in text_of(browser.get(f"{STATES}versioni/?da=2&a=1"))
    browser.post(f"{STATES}versioni/1/ripristina/", {"azienda": desk.company.pk, "versione": 0})
    assert configuration.proposal(desk.company.pk).workflow.states["CONSEGNATO"].issued
    assert browser.get(f"{STATES}versioni/9/").status_code == 404
    assert browser.get(f"{STATES}versioni/99999999999/").status_code == 404
    assert browser.get(f"{STATES}versioni/?da=boh&a=1").status_code == 409


def test_errors_keep_a_draft_from_being_published_and_are_listed_with_their_places(
    desk: Desk, browser: Client
) -> None:
    browser.post(
        f"{STATES}stato/DA_PROCESSARE/", state_form(desk.company.pk, "DA_PROCESSARE", asynchronous="")
    )
    page = browser.get(f"{STATES}confronta/").content.decode()
    assert f"{STATES}stato/DA_PROCESSARE/#aziendali" in page and " disabled" in page
    assert f"{STATES}stato/DA_PROCESSARE/#aziendali" in browser.get(f"{STATES}controlla/").content.decode()
    sent = {"azienda": desk.company.pk, "versione": 1}
    assert browser.post(f"{STATES}pubblica/", sent).status_code == 409
    assert queries.workflow_of(desk.company.pk)[0] == 1


def test_what_an_older_configuration_does_not_hear_is_added_to_the_draft_with_one_press(
    desk: Desk, browser: Client
) -> None:
    before = workflow_to_json(standard_workflow())
    for event in before["events"]:
        if event["status"] in ("SE", "DT"):
            event["from_states"] = [s for s in event["from_states"] if s != "RIFIUTATO_PASS"]
    flows.publish_workflow(desk.company, before, now=NOW)
    page = browser.get(f"{STATES}controlla/").content.decode()
    assert "può ancora dire" in page and "Aggiungi alla bozza" in page
    assert browser.post(f"{STATES}controlla/", {"azienda": desk.company.pk, "versione": 7}).status_code == 409
    answer = browser.post(f"{STATES}controlla/", {"azienda": desk.company.pk, "versione": 0})
    assert answer.status_code == 302 and configuration.proposal(desk.company.pk).is_draft
    assert "Aggiungi alla bozza" not in browser.get(f"{STATES}controlla/").content.decode()
    browser.post(f"{STATES}pubblica/", {"azienda": desk.company.pk, "versione": 1})
    published = queries.workflow_of(desk.company.pk)[1]
    assert {e.status for e in published.events if "RIFIUTATO_PASS" in e.from_states} == {"SE", "DT"}


def test_a_draft_is_thrown_away(desk: Desk, browser: Client) -> None:
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", issued=""))
    browser.post(f"{STATES}bozza/elimina/", {"azienda": desk.company.pk, "versione": 1})
    assert not configuration.proposal(desk.company.pk).is_draft


def test_a_draft_older_than_the_last_version_is_published_only_after_a_look(
    desk: Desk, browser: Client
) -> None:
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", issued=""))
    flows.publish_workflow(desk.company, workflow_to_json(queries.workflow_of(desk.company.pk)[1]), now=NOW)
    assert "ma è già pubblicata la 2" in text_of(browser.get(f"{STATES}confronta/"))
    sent = {"azienda": desk.company.pk, "versione": 1}
    assert browser.post(f"{STATES}pubblica/", sent).status_code == 409
    assert browser.post(f"{STATES}bozza/conferma/", sent).status_code == 302
    assert browser.post(f"{STATES}pubblica/", sent).status_code == 302
