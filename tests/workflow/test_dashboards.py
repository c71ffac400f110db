"""The dashboards: built only from the configuration, counted exactly, arranged by each person for herself."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.standard import standard_json
from fattorino.organisations import groups
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor, actor_for
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, dashboards, flows, outcomes
from fattorino.workflow.models import Document, GadgetPreference, StateChange, StateLook
from fattorino.workflow.tasks_synchronise import synchronise
from tests.desk import Desk

PR = Dashboard.ACTIVE_PRIVATE


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


def publish(desk: Desk, **changes: dict[str, Any]) -> None:
    """Another version of the standard configuration, some states changed."""
    definition = standard_json()
    for state in definition["states"]:
        state.update(changes.get(state["code"], {}))
    flows.publish_workflow(desk.company, definition, now=desk.now)


def codes(view: dashboards.DashboardView) -> list[str]:
    return [gadget.code for tab in view.tabs for gadget in tab.shown]


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_the_dashboard_is_built_from_the_common_settings_alone(desk: Desk, client: Client) -> None:
    """«La dashboard [...] è completamente configurabile dall'utente.»"""
    StateLook.objects.filter(code="CONSEGNATO").update(
        tab="Archivio",
        order=5,
        gadget_label="A posto",
        colour="#7b1fa2",
        icon="it-star-full",
        tooltip="Fatto",
    )
    page = text(client, "/dashboard/privati/")
    tabs = re.findall(r'role="tab" [^>]*>([^<]+) <', page)
    assert tabs == ["Archivio", "Da lavorare", "In attesa", "Iter completato"]
    gadget = page[page.index("A posto") - 900 : page.index("A posto") + 500]
    assert 'fill="#7b1fa2"' in gadget and "#it-star-full" in gadget
    assert re.search(r'role="tooltip" id="tip-1-CONSEGNATO">Fatto<', page)
    assert 'aria-describedby="tip-1-CONSEGNATO"' in page


def test_gadgets_stand_in_the_order_of_their_number(desk: Desk) -> None:
    """«Numero campo per ordinamento gadget»."""
    first = codes(dashboards.dashboard_view(desk.actor, PR))
    assert first[:2] == ["DA_PROCESSARE", "DA_INTEGRARE"]
    StateLook.objects.filter(code="SCARTATO_SDI").update(order=1)
    assert codes(dashboards.dashboard_view(desk.actor, PR))[0] == "SCARTATO_SDI"


def test_an_uploaded_picture_stands_in_the_place_of_the_icon(desk: Desk) -> None:
    StateLook.objects.filter(code="CONSEGNATO").update(image_sha256="ab" * 32)
    view = dashboards.dashboard_view(desk.actor, PR)
    found = {g.code: g.image_sha256 for tab in view.tabs for g in tab.gadgets}
    assert found["CONSEGNATO"] == "ab" * 32 and not found["DA_PROCESSARE"]


def test_a_state_not_available_for_invio_massivo_has_no_gadget_but_is_counted_apart(
    desk: Desk, client: Client
) -> None:
    """«In questo modo gli stati non sono visibili sulla dashboard anche se gestiti per la fatturazione.»"""
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="DA_FIRMARE")
    view = dashboards.dashboard_view(desk.actor, PR)
    assert not {"DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE"} & set(codes(view))
    assert view.figures.others == 1
    page = text(client, "/dashboard/privati/")
    assert "Da firmare" not in page and "?dashboard=privati" in page


def test_only_the_kinds_with_states_are_offered(desk: Desk, client: Client) -> None:
    page = text(client, "/dashboard/pa/")
    for label in ("verso PA", "verso privati", "Fatture passive", "Liquidazioni IVA", "Dati fatture"):
        assert label in page
    definition = standard_json()
    for state in definition["states"]:
        state["dashboards"] = [d for d in state["dashboards"] if d in ("PA", "PR")] or ["PR"]
    definition["events"] = [e | {"dashboards": ["PR"]} for e in definition["events"]]
    definition["initial"] = {"PA": "DA_PROCESSARE", "PR": "DA_PROCESSARE"}
    flows.publish_workflow(desk.company, definition, now=desk.now)
    page = text(client, "/dashboard/pa/")
    # The menu names the panel of received invoices wherever one is.
    assert 'href="/dashboard/passive/"' not in page and "Liquidazioni IVA" not in page
    assert "nulla da mostrare" in text(client, "/dashboard/lipe/")
    assert client.get("/dashboard/altro/").status_code == 404


def test_a_kind_without_documents_says_with_what_they_come(client: Client) -> None:
    for slug, words in (
        ("lipe", "liquidazioni IVA"),
        ("dati-fatture", "comunicazioni dei dati fatture"),
    ):
        page = text(client, f"/dashboard/{slug}/")
        assert "ancora" in page and words in page
    assert "Questa installazione non" not in text(client, "/dashboard/privati/")
    passive = text(client, "/dashboard/passive/")
    assert "Questa installazione non" not in passive and 'href="/passive/?stato=RICEVUTO"' in passive


def test_a_gadget_counts_its_documents_and_opens_their_list(desk: Desk, client: Client) -> None:
    for _ in range(3):
        desk.save()
    desk.save(desk.pa_draft())
    page = text(client, "/dashboard/privati/")
    assert re.search(r'data-count="DA_PROCESSARE"[^>]*>3<', page)
    assert 'href="/entrate/?dashboard=privati&amp;stato=DA_PROCESSARE"' in page
    assert re.search(r'data-kind-count="PA">1<', page) and re.search(r'data-kind-count="PR">3<', page)


def test_home_is_the_dashboard_with_most_open_documents(desk: Desk, client: Client) -> None:
    desk.save(desk.pa_draft())
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/dashboard/pa/"
    for _ in range(2):
        desk.save()
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/dashboard/privati/"


# --- reserved states


@pytest.fixture
def reserved(desk: Desk) -> Desk:
    """SCARTATO_SDI is for the group "Contabili" only; one document is in it."""
    label = groups.save_group(desk.actor, "Contabili", [], now=desk.now)
    publish(desk, SCARTATO_SDI={"reserved": True, "reserved_groups": [label]})
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="SCARTATO_SDI")
    return desk


def join(desk: Desk) -> None:
    groups.save_group(
        desk.actor, "Contabili", [desk.actor.user_id or 0], now=desk.now, label="group:contabili"
    )


def test_a_reserved_state_is_nowhere_for_who_may_not_see_it(reserved: Desk, client: Client) -> None:
    page = text(client, "/dashboard/privati/")
    told = client.get("/dashboard/privati/conteggi/").json()
    assert "SCARTATO_SDI" not in page and "Scartato" not in page
    assert "SCARTATO_SDI" not in told["states"]
    assert told["others"] == 0 and told["kinds"]["PR"] == 0
    assert client.post(
        "/dashboard/privati/disponi/", {"comando": "fissa", "stato": "SCARTATO_SDI"}
    ).status_code in (302, 409)
    assert not GadgetPreference.objects.exists()


def test_a_reserved_state_is_there_for_its_group(reserved: Desk, client: Client) -> None:
    join(reserved)
    assert re.search(r'data-count="SCARTATO_SDI"[^>]*>1<', text(client, "/dashboard/privati/"))
    assert client.get("/dashboard/privati/conteggi/").json()["states"]["SCARTATO_SDI"] == 1


# --- one's own arrangement


def arrange(client: Client, **values: str) -> Any:
    return client.post("/dashboard/privati/disponi/", {"scheda": "Da lavorare", **values})


def of_tab(desk: Desk, name: str = "Da lavorare", actor: Actor | None = None) -> list[str]:
    view = dashboards.dashboard_view(actor or desk.actor, PR)
    return [g.code for tab in view.tabs if tab.name == name for g in tab.shown]


def test_gadgets_are_moved_by_button_and_by_drag(desk: Desk, client: Client) -> None:
    before = of_tab(desk)
    assert arrange(client, comando="giu", stato=before[0]).status_code == 302
    assert of_tab(desk) == [before[1], before[0], *before[2:]]
    arrange(client, comando="su", stato=before[0])
    arrange(client, comando="su", stato=before[0])
    assert of_tab(desk) == before
    arrange(client, comando="ordina", ordine=" ".join(reversed(before)))
    assert of_tab(desk) == before[::-1]
    arrange(client, comando="ripristina")
    assert of_tab(desk) == before and not GadgetPreference.objects.exists()


def test_a_new_state_stands_behind_the_one_configured_before_it(desk: Desk) -> None:
    before = of_tab(desk)
    flows.arrange_gadgets(desk.actor, PR, before[::-1])
    GadgetPreference.objects.filter(state=before[1]).delete()
    assert of_tab(desk) == [*before[:1:-1], before[0], before[1]]


def test_a_hidden_gadget_is_out_of_sight_and_of_the_tabs_sum(desk: Desk, client: Client) -> None:
    desk.save()
    arrange(client, comando="nascondi", stato="DA_PROCESSARE")
    page = text(client, "/dashboard/privati/")
    assert 'data-count="DA_PROCESSARE"' not in page and "1 gadget nascosto" in page
    assert re.search(r'data-tab-count="panel-1">0<', page)
    assert "Nascosto" in text(client, "/dashboard/privati/?disponi=1")
    arrange(client, comando="mostra", stato="DA_PROCESSARE")
    assert 'data-count="DA_PROCESSARE"' in text(client, "/dashboard/privati/")


def test_the_tabs_keep_their_sums_while_gadgets_are_arranged(desk: Desk, client: Client) -> None:
    desk.save()
    answer = client.post(
        "/dashboard/privati/disponi/",
        {"comando": "fissa", "stato": "DA_PROCESSARE", "scheda": "Da lavorare"},
        headers={"HX-Request": "true"},
    )
    assert re.search(r'data-tab-count="panel-1">1<', answer.content.decode())


def test_a_tab_with_only_hidden_gadgets_explains_itself(desk: Desk, client: Client) -> None:
    for code in of_tab(desk, "In attesa"):
        flows.hide_gadget(desk.actor, PR, code, hidden=True)
    assert "Tutti i gadget di questa scheda sono nascosti" in text(client, "/dashboard/privati/")


def test_a_pinned_gadget_stands_above_all_tabs_too(desk: Desk, client: Client) -> None:
    arrange(client, comando="fissa", stato="CONSEGNATO")
    page = text(client, "/dashboard/privati/")
    assert "In evidenza" in page and page.count('data-count="CONSEGNATO"') == 2
    arrange(client, comando="stacca", stato="CONSEGNATO")
    assert "In evidenza" not in text(client, "/dashboard/privati/")


def test_what_one_person_arranges_changes_nothing_for_another(desk: Desk, client: Client) -> None:
    other = save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "reader"}, now=desk.now)
    hers = actor_for(other, desk.company.pk)
    assert hers is not None
    arrange(client, comando="nascondi", stato="DA_PROCESSARE")
    assert "DA_PROCESSARE" in of_tab(desk, actor=hers)
    flows.reset_gadgets(hers, PR)
    assert "DA_PROCESSARE" not in of_tab(desk)


def test_who_only_reads_arranges_her_own_gadgets_too(desk: Desk) -> None:
    other = save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "reader"}, now=desk.now)
    browser = Client()
    browser.force_login(other)
    arrange(browser, comando="nascondi", stato="DA_PROCESSARE")
    assert 'data-count="DA_PROCESSARE"' not in text(browser, "/dashboard/privati/")


@pytest.mark.parametrize(
    "values",
    [
        {"comando": "vola", "stato": "DA_PROCESSARE"},
        {"comando": "su", "stato": "NON_ESISTE"},
        {"comando": "su", "stato": "DA_FIRMARE"},
        {"comando": "ordina", "ordine": ""},
        {"comando": "ordina", "ordine": "DA_PROCESSARE DA_PROCESSARE"},
        {"comando": "ordina", "ordine": "DA_PROCESSARE CONSEGNATO"},
    ],
)
def test_what_makes_no_sense_changes_nothing(client: Client, values: dict[str, str]) -> None:
    answer = client.post("/dashboard/privati/disponi/", values, headers={"HX-Request": "true"})
    assert answer.status_code in (409, 422) and "notice" in json.loads(answer.headers["HX-Trigger"])
    assert not GadgetPreference.objects.exists()


# --- figures for pages that ask


def test_a_page_of_another_company_is_told_so_instead_of_numbers(desk: Desk, client: Client) -> None:
    assert client.get(f"/dashboard/privati/conteggi/?azienda={desk.company.pk}").status_code == 200
    assert client.get(f"/dashboard/privati/conteggi/?azienda={desk.company.pk + 1}").status_code == 409


def test_the_version_of_the_configuration_is_told_so_that_a_page_knows_it_is_old(
    desk: Desk, client: Client
) -> None:
    assert client.get("/dashboard/privati/conteggi/").json()["version"] == 1
    publish(desk)
    assert client.get("/dashboard/privati/conteggi/").json()["version"] == 2


# --- Sincronizza and Esiti non attesi


def hub(desk: Desk, document: Document, status: str) -> None:
    flows.report_status(
        document.pk, status, flows.system_actor(desk.company.pk, "sdi"), now=desk.now, message="Da SdI."
    )


def test_an_unexpected_outcome_is_kept_and_shown_never_dropped(desk: Desk, client: Client) -> None:
    document = desk.save()
    hub(desk, document, "RC")
    assert desk.state(document) == "DA_PROCESSARE"
    page = text(client, "/dashboard/esiti-non-attesi/")
    assert "Ricevuta di consegna" in page and "In attesa che il documento sia pronto" in page
    assert f"/entrate/{document.pk}/" in page
    for name in ("csv", "xlsx"):
        assert client.get(f"/dashboard/esiti-non-attesi/elenco.{name}").status_code == 200
    listed = client.get("/dashboard/esiti-non-attesi/elenco.csv").content.decode()
    assert "Ricevuta di consegna" in listed


def test_an_outcome_of_a_final_state_is_kept_and_moves_nothing_back(desk: Desk) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="CONSEGNATO")
    hub(desk, document, "NS")
    assert desk.state(document) == "CONSEGNATO"
    [row] = outcomes.unexpected(desk.actor)
    assert (row.became, row.status) == (outcomes.KEPT, "NS")
    assert outcomes.count_unexpected(desk.actor, outcomes.KEPT) == 1


def test_a_late_delivery_after_mancata_consegna_is_no_unexpected_outcome(desk: Desk) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="MANCATA_CONSEGNA")
    hub(desk, document, "RC")
    assert desk.state(document) == "CONSEGNATO" and not outcomes.unexpected(desk.actor)


def test_a_repeated_outcome_is_no_unexpected_outcome(desk: Desk) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="CONSEGNATO")
    hub(desk, document, "RC")
    assert not outcomes.unexpected(desk.actor)


def test_sincronizza_applies_what_the_configuration_allows_by_now(desk: Desk, client: Client) -> None:
    """A state that was not *aggiornabile da Digital Hub* becomes so: the outcome that waited is applied."""
    publish(desk, CONSEGNATO={"from_hub": False})
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="IN_ATTESA_ESITO")
    hub(desk, document, "RC")
    assert desk.state(document) == "IN_ATTESA_ESITO"
    publish(desk)
    page = client.post("/dashboard/sincronizza/", {"dashboard": "privati"}, follow=True).content.decode()
    assert "1 esito applicato, 0 in attesa, 0 non attesi" in page
    assert desk.state(document) == "CONSEGNATO"
    [row] = outcomes.unexpected(desk.actor)
    assert row.became == outcomes.APPLIED
    assert StateChange.objects.filter(document=document, event="RC", outcome="moved").count() == 1


def test_sincronizza_says_what_still_waits_and_leads_to_it(desk: Desk, client: Client) -> None:
    hub(desk, desk.save(), "RC")
    page = client.post("/dashboard/sincronizza/", follow=True).content.decode()
    assert "0 esiti applicati, 1 in attesa" in page and 'href="/dashboard/esiti-non-attesi/"' in page


def test_the_schedule_does_the_same_for_every_company(desk: Desk) -> None:
    publish(desk, CONSEGNATO={"from_hub": False})
    documents = [desk.save() for _ in range(3)]
    for document in documents:
        Document.objects.filter(pk=document.pk).update(state="IN_ATTESA_ESITO")
        hub(desk, document, "RC")
    publish(desk)
    synchronise(0)
    assert {desk.state(document) for document in documents} == {"CONSEGNATO"}
    synchronise(0)


def test_no_more_than_allowed_are_moved_while_a_person_waits(desk: Desk) -> None:
    publish(desk, CONSEGNATO={"from_hub": False})
    for _ in range(3):
        document = desk.save()
        Document.objects.filter(pk=document.pk).update(state="IN_ATTESA_ESITO")
        hub(desk, document, "RC")
    publish(desk)
    assert flows.bring_held(desk.company.pk, now=desk.now, most=2) == (2, True)
    assert flows.bring_held(desk.company.pk, now=desk.now) == (1, False)
    assert flows.bring_held(desk.company.pk, now=desk.now) == (0, False)


def test_outcomes_of_reserved_states_are_not_listed_nor_counted(reserved: Desk, client: Client) -> None:
    document = Document.objects.get(state="SCARTATO_SDI")
    hub(reserved, document, "DT")
    assert not outcomes.unexpected(reserved.actor)
    assert outcomes.count_unexpected(reserved.actor, "") == 0
    assert "Nessun esito non atteso" in text(client, "/dashboard/esiti-non-attesi/")
    join(reserved)
    assert len(outcomes.unexpected(reserved.actor)) == 1


def test_who_only_reads_does_not_synchronise(desk: Desk) -> None:
    other = save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "reader"}, now=desk.now)
    browser = Client()
    browser.force_login(other)
    assert browser.post("/dashboard/sincronizza/").status_code == 409
    assert "Sincronizza</span>" not in text(browser, "/dashboard/privati/")


def test_the_list_of_outcomes_is_read_page_by_page(desk: Desk) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(state="CONSEGNATO")
    for _ in range(3):
        hub(desk, document, "NS")
    first = outcomes.unexpected(desk.actor, limit=2)
    rest = outcomes.unexpected(desk.actor, before=first[-1].id, limit=2)
    assert len(first) == 2 and len(rest) == 1
    assert len(list(outcomes.all_unexpected(desk.actor))) == 3


def test_another_company_s_outcomes_and_gadgets_are_not_there(desk: Desk, other_desk: Desk) -> None:
    hub(desk, desk.save(), "RC")
    with company_scope(other_desk.company.pk):
        assert not outcomes.unexpected(other_desk.actor)
        assert dashboards.dashboard_view(other_desk.actor, PR).figures.states["DA_PROCESSARE"] == 0


def test_the_common_settings_are_those_of_the_settings_pages(desk: Desk) -> None:
    dressed = configuration.with_looks(standard_workflow_of(desk))
    view = dashboards.dashboard_view(desk.actor, PR)
    for tab in view.tabs:
        for gadget in tab.gadgets:
            state = dressed.states[gadget.code]
            assert (state.tab, state.colour) == (tab.name, gadget.colour)


def standard_workflow_of(desk: Desk) -> Any:
    return dashboards.snapshot(desk.company.pk).workflow
