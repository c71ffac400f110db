"""Configurations that come from a file or another company: shown first, applied to the draft."""

from __future__ import annotations

import dataclasses

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fattorino import clock
from fattorino.core.workflow.definition import State, StateType
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, flows, overview
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import STATES, admin_of, browser_of, text_of


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin_of(desk)


@pytest.fixture
def browser(boss: Actor) -> Client:
    return browser_of(boss)


def exported(browser: Client) -> str:
    response = browser.get(f"{STATES}esporta/")
    assert "attachment" in response["Content-Disposition"] and ".yaml" in response["Content-Disposition"]
    return response.content.decode()


def upload(browser: Client, desk: Desk, text: str) -> object:
    file = SimpleUploadedFile("stati.yaml", text.encode())
    return browser.post(f"{STATES}importa/", {"azienda": desk.company.pk, "file": file})


def apply(browser: Client, desk: Desk, text: str, version: int = 0) -> int:
    sent = {"azienda": desk.company.pk, "versione": version, "testo": text.replace("\n", "\r\n")}
    return browser.post(f"{STATES}importa/applica/", sent).status_code


def test_what_was_exported_comes_back_without_a_difference(desk: Desk, browser: Client) -> None:
    assert "Nessuna differenza" in text_of(upload(browser, desk, exported(browser)))
    before = configuration.proposal(desk.company.pk).workflow
    assert apply(browser, desk, exported(browser)) == 302
    assert configuration.proposal(desk.company.pk).workflow == before


def test_the_changes_of_a_file_are_shown_and_nothing_is_written_until_they_are_applied(
    desk: Desk, browser: Client
) -> None:
    before = "SdI ritenta per 10 giorni, poi attesta la trasmissione"
    text = exported(browser).replace(f"termine: {before}", "termine: subito")
    page = text_of(upload(browser, desk, text))
    assert "1 differenza" in page and f"Termine {before} subito" in page
    assert not configuration.proposal(desk.company.pk).is_draft
    assert apply(browser, desk, text) == 302
    assert configuration.proposal(desk.company.pk).workflow.states["MANCATA_CONSEGNA_PA"].deadline == "subito"
    assert apply(browser, desk, text) == 409  # the draft has changed since that page was shown


@pytest.mark.parametrize(
    ("text", "words"), [("a: [", "riga 1"), ("formato: 9", "formato 1"), ("formato: 1\nboh: 2", "boh")]
)
def test_a_file_that_cannot_be_read_is_told_beside_the_field(
    desk: Desk, browser: Client, text: str, words: str
) -> None:
    response = upload(browser, desk, text)
    assert response.status_code == 422 and words in text_of(response)  # type: ignore[attr-defined]
    assert browser.post(f"{STATES}importa/", {"azienda": desk.company.pk}).status_code == 422


def test_states_that_the_installation_does_not_know_are_made_only_by_who_administers_it(
    desk: Desk, boss: Actor, browser: Client
) -> None:
    flow = configuration.proposal(desk.company.pk).workflow
    new = State("DA_RIVEDERE", "Da rivedere", StateType.INTERMEDIATE, tab="Da lavorare", order=7)
    flow = dataclasses.replace(flow, states={**flow.states, new.code: new})
    text = configuration.export_file(desk.company.pk, flow)
    page = text_of(upload(browser, desk, text))
    assert "chiedere a un amministratore dell'installazione" in page and "Applica alla bozza" not in page
    assert apply(browser, desk, text) == 409 and overview.look("DA_RIVEDERE") is None
    staff = browser_of(boss, staff=True)
    assert "Applica alla bozza" in text_of(upload(staff, desk, text))
    assert apply(staff, desk, text) == 302
    look = overview.look("DA_RIVEDERE")
    assert look is not None and look.tab == "Da lavorare"


def test_a_state_of_a_file_whose_look_cannot_be_is_refused_with_the_reason(desk: Desk, boss: Actor) -> None:
    flow = configuration.proposal(desk.company.pk).workflow
    new = State("DA_RIVEDERE", "Da rivedere", StateType.INTERMEDIATE, tab="Da lavorare", colour="#ffffff")
    text = configuration.export_file(
        desk.company.pk, dataclasses.replace(flow, states={**flow.states, new.code: new})
    )
    assert apply(browser_of(boss, staff=True), desk, text) == 409
    assert overview.look("DA_RIVEDERE") is None and not configuration.proposal(desk.company.pk).is_draft


def test_a_configuration_is_copied_only_from_a_company_that_the_same_person_administers(
    desk: Desk, other_desk: Desk, boss: Actor, browser: Client
) -> None:
    assert "Non ci sono altre aziende" in text_of(browser.get(f"{STATES}copia/"))
    source = other_desk.company.pk
    assert browser.get(f"{STATES}copia/?da={source}").status_code == 409
    user = User.objects.get(pk=boss.user_id)
    save_user(user.email, None, "Piera Capo", {source: "operator"}, now=NOW)
    assert browser.get(f"{STATES}copia/?da={source}").status_code == 409
    save_user(user.email, None, "Piera Capo", {source: "admin"}, now=NOW)
    with company_scope(source):
        there = dataclasses.replace(boss, company_id=source)
        flow = configuration.proposal(source).workflow
        state = dataclasses.replace(flow.states["CONSEGNATO"], deadline="come là")
        flow = dataclasses.replace(flow, states={**flow.states, "CONSEGNATO": state})
        flows.publish_draft(there, flows.save_draft(there, flow, 0, now=NOW), now=NOW)
    page = browser.get(f"{STATES}copia/?da={source}")
    assert "Termine — come là" in text_of(page)
    assert not configuration.proposal(desk.company.pk).is_draft
    sent = {"azienda": desk.company.pk, "versione": 0, "da": source, "numero": 1}
    assert browser.post(f"{STATES}copia/", sent).status_code == 409  # the one that was shown is another
    assert browser.post(f"{STATES}copia/", sent | {"numero": 2}).status_code == 302
    assert configuration.proposal(desk.company.pk).workflow.states["CONSEGNATO"].deadline == "come là"
