"""Who reads English finds no Italian on the pages of states, dashboards, runs and notices, but others' own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from fattorino import clock
from fattorino.config import demo
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.graph import draw
from fattorino.organisations.flows import choose_language
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration, flows, tasks_bulk, tasks_notices
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows.bulk import Order
from fattorino.workflow.models import StateLook
from tests.desk import NOW, Desk, run_jobs
from tests.language_scan import SMALL_WORDS
from tests.page_texts import pieces
from tests.workflow.postbox import ENTERED, PostBox, person, postbox, subject_of, tells, text_of
from tests.workflow.settings_pages import GROUPS, STATES, admin_of, browser_of, state_form

__all__ = ["postbox"]  # a fixture


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    actor = admin_of(desk)
    choose_language(actor.user_id or 0, "en", now=NOW)
    return actor


@pytest.fixture
def browser(boss: Actor) -> Client:
    return browser_of(boss, staff=True)


def own_words(company_id: int) -> Iterator[str]:
    """What the company configured or wrote: shown as it is, in any language."""
    looks = [*StateLook.objects.all(), *configuration.proposal(company_id).workflow.states.values()]
    for look in looks:
        yield from (look.label, look.gadget_label, look.tooltip, look.tab)
    workflow = configuration.proposal(company_id).workflow
    for state in workflow.states.values():
        yield state.deadline
    for dashboard in Dashboard:
        # A drawing has no room for a label on one line.
        yield from (line for box in draw(workflow, dashboard).boxes for line in box.lines)
    yield from (demo.ORDINE["denominazione"], demo.ROSSI.denominazione or "", demo.COMUNE.denominazione or "")


def italian_in(page: str, company_id: int) -> list[str]:
    """What a page says in Italian without marking it as Italian."""
    own = sorted(filter(None, own_words(company_id)), key=len, reverse=True)
    found = []
    for piece in pieces(page):
        rest = piece.text
        for word in own:
            rest = rest.replace(word, " ")
        if piece.language != "it" and SMALL_WORDS.search(rest):
            found.append(piece.text)
    return found


def in_english(browser: Client, desk: Desk, address: str, status: int = 200) -> str:
    """A page that says nothing in Italian."""
    answer = browser.get(address)
    assert answer.status_code == status, address
    page = answer.content.decode()
    assert '<html lang="en"' in page and italian_in(page, desk.company.pk) == []
    return page


def test_the_settings_pages_are_english(desk: Desk, browser: Client) -> None:
    desk.save()
    assert "Compliance states" in in_english(browser, desk, STATES)
    for address in (
        "aggiungi/", "grafo/?dashboard=PS&cambi=1", "versioni/", "versioni/1/", "importa/", "copia/", "confronta/",
        "comuni/", "comuni/nuovo/", "comuni/CONSEGNATO/",
    ):  # fmt: skip
        in_english(browser, desk, f"{STATES}{address}")
    for address in ("", "nuovo/"):
        in_english(browser, desk, f"{GROUPS}{address}")


@pytest.mark.parametrize("code", ["DA_PROCESSARE", "CONSEGNATO", "RICEVUTO"])
def test_a_state_s_page_is_english_but_for_the_names_of_states(
    desk: Desk, browser: Client, code: str
) -> None:
    page = in_english(browser, desk, f"{STATES}stato/{code}/")
    assert "Assignable by business software" in page and "Generate XML and send" in page


def test_what_cannot_be_saved_is_told_in_english(desk: Desk, browser: Client) -> None:
    wrong = state_form(desk.company.pk, "CONSEGNATO", type="Terminale", **{"event__0__status": "XX"})
    answer = browser.post(f"{STATES}stato/CONSEGNATO/", wrong)
    page = answer.content.decode()
    assert answer.status_code == 422 and "Choose the type of the state." in page
    assert italian_in(page, desk.company.pk) == []
    look = {"code": "x", "label": "", "tab": "", "order": "uno", "colour": "#ffff00", "image": "icon"}
    answer = browser.post(f"{STATES}comuni/nuovo/", look)
    assert answer.status_code == 422 and italian_in(answer.content.decode(), desk.company.pk) == []


def test_the_lint_and_the_comparison_of_a_draft_are_english(desk: Desk, boss: Actor, browser: Client) -> None:
    changed = state_form(desk.company.pk, "DA_PROCESSARE", asynchronous="", active__failed="")
    assert browser.post(f"{STATES}stato/DA_PROCESSARE/", changed).status_code == 302
    page = in_english(browser, desk, f"{STATES}controlla/")
    assert "sends to Digital Hub, but is not in asynchronous mode." in page
    assert "Turn the check “Asynchronous mode” on." in page
    page = in_english(browser, desk, f"{STATES}confronta/")
    assert "Asynchronous mode" in page and ">yes</td>" in page and ">no</td>" in page
    refused = browser.post(f"{STATES}pubblica/", {"azienda": desk.company.pk, "versione": 1})
    assert "The configuration has errors and cannot be published: " in refused.content.decode()
    assert italian_in(refused.content.decode(), desk.company.pk) == []


def test_a_trial_is_english(desk: Desk, browser: Client) -> None:
    tells(desk, "DA_VALIDARE", mail=True)
    address = f"{STATES}prova/?dashboard=PR&e=action&e=ok&e=hub:RC&e=state:CONSEGNATO&e=niente"
    page = in_english(browser, desk, address)
    for words in (
        "“Generate XML and send” succeeds",
        "Tells the group “Operators”",
        "Refused:",
        "Offered to",
    ):
        assert words in page


@pytest.mark.parametrize(
    "address", ["pa/", "privati/", "privati/?disponi=1", "passive/", "lipe/", "dati-fatture/"]
)
def test_a_dashboard_is_english_but_for_its_gadgets(desk: Desk, browser: Client, address: str) -> None:
    desk.save()
    page = in_english(browser, desk, f"/dashboard/{address}")
    assert "Invoices issued to PA" in page


def test_unexpected_outcomes_are_english(desk: Desk, browser: Client) -> None:
    document = desk.save()
    sdi = flows.system_actor(desk.company.pk, "sdi")
    flows.report_status(document.pk, "RC", sdi, now=desk.now, message="Arrivata dal canale.")
    page = in_english(browser, desk, "/dashboard/esiti-non-attesi/")
    assert "Delivery receipt" in page and "Waiting for the document to be ready" in page
    # What was recorded keeps its words, and says whose they are.
    assert re.search(r'<span lang="it">Arrivata dal canale\.', page)
    in_english(browser, desk, "/dashboard/esiti-non-attesi/?mostra=conservato")


def test_what_synchronisation_did_is_told_in_english(desk: Desk, browser: Client) -> None:
    answer = browser.post("/dashboard/sincronizza/", {"azienda": desk.company.pk}, follow=True)
    page = answer.content.decode()
    assert "Synchronisation with Digital Hub: 0 outcomes applied" in page
    assert italian_in(page, desk.company.pk) == []


def test_the_pages_of_bulk_runs_are_english(desk: Desk, browser: Client) -> None:
    in_english(browser, desk, "/invio-massivo/")
    good, busy = desk.save(), desk.save()
    order = Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
    run_id, _ = runs.start_run(desk.actor, order, [[good.pk, busy.pk]], now=desk.now)
    assert "Pause" in in_english(browser, desk, f"/invio-massivo/{run_id}/")
    desk.press(busy)
    tasks_bulk.carry_on(desk.company.pk, run_id)
    run_jobs(skip=frozenset({"hub.turn"}))
    page = in_english(browser, desk, f"/invio-massivo/{run_id}/")
    assert "Outcome of each document" in page and "not allowed" in page
    assert "An operation is already running on the document." in page
    assert "Generate XML and send" in in_english(browser, desk, "/invio-massivo/")
    late = browser.post(f"/invio-massivo/{run_id}/pausa/", {"azienda": desk.company.pk})
    assert "In the meantime the bulk run has ended" in late.content.decode()
    listed = browser.get(f"/invio-massivo/{run_id}/esiti.csv")
    head = b"".join(listed.streaming_content).decode("utf-8-sig").splitlines()
    assert head[0].startswith("Posto;Tipo;Numero;Data;Controparte;") and ";riuscito;" in head[1]


def test_the_pages_of_notices_are_english(desk: Desk, boss: Actor, browser: Client, postbox: PostBox) -> None:
    in_english(browser, desk, "/avvisi/")
    tells(desk, ENTERED, "group:admin", mail=True)
    desk.save()
    postbox.rcpt["capo@ordine.example"] = "550 5.1.1 no such user"
    tasks_notices.mail_notices.func(timestamp=0)
    page = in_english(browser, desk, "/avvisi/")
    assert "Invoice 1" in page and "Moved to the state" in page and "Notices: 1 unread" in page
    for address in ("?mostra=non-letti", "preferenze/", "posta/"):
        in_english(browser, desk, f"/avvisi/{address}")
    assert italian_in(browser.post("/avvisi/preferenze/", {}).content.decode(), desk.company.pk) == []
    assert "sì" not in browser.get("/avvisi/elenco.csv").content.decode()
    assert (
        browser.get("/avvisi/elenco.csv")
        .content.decode("utf-8-sig")
        .startswith("Documento;Data;Controparte;")
    )


def test_of_one_event_each_is_told_by_mail_in_her_own_language(desk: Desk, postbox: PostBox) -> None:
    english = person(desk, "ada@ordine.example")
    choose_language(english.user_id or 0, "en", now=NOW)
    tells(desk, ENTERED, mail=True)
    desk.save()
    tasks_notices.mail_notices.func(timestamp=0)
    mails = dict(zip(postbox.to, postbox.mails, strict=True))
    state = StateLook.objects.get(code=ENTERED).label
    for address, title, words, language in (
        ("ada@ordine.example", "Invoice 1", "Automatic message from Fattorino: please do not reply.", "en"),
        ("laura@ordine.example", "Fattura 1", "Messaggio automatico di Fattorino: non rispondere.", "it"),
    ):
        mail = mails[address]
        assert subject_of(mail) == f"{title}: {state}"
        assert f'<html lang="{language}">' in text_of(mail, "html")
        for text in (text_of(mail), text_of(mail, "html")):
            assert title in text and words in text and state in text
    rest = text_of(mails["ada@ordine.example"]).replace(demo.ORDINE["denominazione"], "")
    assert not SMALL_WORDS.search(rest.replace(state, "").replace(demo.ROSSI.denominazione or "", ""))


def test_a_summary_counts_in_the_language_of_its_reader(desk: Desk, postbox: PostBox) -> None:
    choose_language(desk.actor.user_id or 0, "en", now=NOW)
    tells(desk, ENTERED, mail=True)
    desk.save(), desk.save()
    tasks_notices.mail_notices.func(timestamp=0)
    assert subject_of(postbox.mails[0]) == f"2 notices · {desk.company.name}"


def test_what_is_quoted_beside_a_field_stands_in_english_quotation_marks(desk: Desk, browser: Client) -> None:
    sent = state_form(
        desk.company.pk, "DA_PROCESSARE", dashboards__PA="", dashboards__PR="", assignable__CONSEGNATO="1"
    )
    page = browser.post(f"{STATES}stato/DA_PROCESSARE/", sent).content.decode()
    assert "“Invoices issued to PA”, “Invoices issued to private parties”" in page
    assert "“Consegnato”" in page and "«" not in page


def test_what_a_flow_records_is_italian_whoever_does_it(desk: Desk, boss: Actor, browser: Client) -> None:
    from fattorino.organisations.models import AuditEntry

    look = {
        "label": "Nuovo",
        "tab": "Da lavorare",
        "order": "5",
        "colour": "#1e7d32",
        "image": "icon",
        "code": "NUOVO",
    }
    assert browser.post(f"{STATES}comuni/nuovo/", look).status_code == 302
    assert AuditEntry.objects.filter(what="stato creato").exists()
    browser.post(f"{STATES}stato/CONSEGNATO/", state_form(desk.company.pk, "CONSEGNATO", issued=""))
    entry = AuditEntry.objects.get(what="stati: bozza modificata")
    assert entry.detail["modifiche"] == [["Consegnato", "Documento emesso", "sì", "no"]]
    assert User.objects.get(pk=boss.user_id).language == "en"
