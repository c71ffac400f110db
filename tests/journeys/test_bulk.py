"""Issue part 2: *Invio massivo*, from the ticks in the list to the outcome of each document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import NARROW, Picture
from tests.journeys.pages import document_of, duplicate
from tests.journeys.product import Product
from tests.journeys.test_with_telephone import fits

LIST = "/entrate/?dashboard=privati&stato=DA_PROCESSARE"
RUN = re.compile(r"/invio-massivo/(\d+)/$")
COPIES = 400
# As in fattorino.workflow.flows.advance: who publishes a configuration lets no document move meanwhile.
CONFIGURING = 20827

_COPY = """
with copied as (
  insert into workflow_document (number, date, {document}) select number || '-' || g, date - 400, {document}
  from workflow_document, generate_series(1, %s) g where id = %s returning id, number
) insert into documents_invoice (document_id, draft, {invoice})
select copied.id, jsonb_set(draft, '{{numero}}', to_jsonb(copied.number)), {invoice}
from documents_invoice i, copied where i.document_id = %s
"""


@contextmanager
def database(product: Product) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(host=str(product.home / "run"), dbname="fattorino", user="fattorino") as link:
        link.execute("select set_config('app.companies', '*', false)")
        yield link


def copies(product: Product, document: int, number: int) -> None:
    """So many more documents like this one, which nobody would type; old ones, behind what other journeys look for."""
    with database(product) as link:
        columns = {
            table: ", ".join(
                row[0]
                for row in link.execute(
                    "select column_name from information_schema.columns where table_name = %s"
                    " and column_name not in ('id', 'number', 'date', 'document_id', 'draft', 'progressive')",
                    [table],
                )
            )
            for table in ("workflow_document", "documents_invoice")
        }
        link.execute(
            _COPY.format(document=columns["workflow_document"], invoice=columns["documents_invoice"]),
            [number, document, document],
        )


@contextmanager
def nothing_moves(product: Product) -> Iterator[None]:
    """The worker waits before the next documents of any company, as while a configuration is published."""
    with database(product) as link:
        link.execute("select pg_advisory_xact_lock(%s, id::int) from organisations_company", [CONFIGURING])
        yield
        link.rollback()


def outcome_rows(page: Page) -> Any:
    return page.locator("#bulk-outcomes tbody tr")


def test_what_is_ticked_is_sent_and_each_outcome_is_shown(
    page: Page, product: Product, picture: Picture
) -> None:
    source = document_of(page, "Fattura 2")
    documents = [duplicate(page, source) for _ in range(3)]
    page.goto(LIST)
    send = page.locator("[data-bulk-ticked]")
    expect(send).to_be_disabled()
    for document in documents[:2]:
        page.locator(f"#row-{document} input[name=documento]").check()
    expect(send).to_contain_text("(2)")
    picture(page, "40-invio-massivo-elenco")
    send.click()
    expect(page.get_by_role("heading", name="Invio massivo")).to_be_visible()
    expect(page.locator(".bulk-number")).to_have_text("2")
    picture(page, "40-invio-massivo-conferma")
    page.get_by_role("button", name="Genera XML e invia: 2 documenti").click()
    page.wait_for_url(RUN)
    expect(page.locator("#bulk-progress h2")).to_contain_text("Concluso")
    expect(page.locator(".bulk-figures")).to_contain_text("2 riusciti")
    expect(outcome_rows(page)).to_have_count(2)
    expect(outcome_rows(page).first).to_contain_text("riuscito")
    picture(page, "40-invio-massivo-esiti")
    page.goto(LIST)
    expect(page.locator(f"#row-{documents[2]}")).to_be_visible()


def test_a_run_over_all_that_was_found_is_paused_resumed_and_followed(
    page: Page, product: Product, picture: Picture, new_context: Callable[..., BrowserContext]
) -> None:
    document = duplicate(page, document_of(page, "Fattura 2"), {"causale": "quota da annullare"})
    copies(product, document, COPIES)
    page.goto(LIST + "&testo=annullare")
    page.get_by_role("button", name="Tutti quelli trovati").click()
    expect(page.locator(".bulk-number")).to_have_text(str(COPIES + 1))
    page.get_by_text("Cambia stato").first.click()
    page.get_by_label("Nuovo stato").select_option("ANNULLATO")
    page.get_by_label(re.compile("^Motivo")).fill("quote mai spedite")
    with nothing_moves(product):
        page.get_by_role("button", name="Cambia stato").click()
        page.wait_for_url(RUN)
        expect(page.locator("#bulk-progress h2")).to_have_text("In corso")
        page.get_by_role("button", name="Metti in pausa").click()
        expect(page.locator("#bulk-progress h2")).to_have_text("In pausa")
        # By keyboard: what is drawn anew every second must not take the focus away.
        page.locator("#bulk-pause").focus()
        for _ in range(2):
            with page.expect_response(lambda answer: "/invio-massivo/" in answer.url):
                pass
        assert page.evaluate("document.activeElement.id") == "bulk-pause"
        picture(page, "40-invio-massivo-pausa")
    expect(page.locator(".bulk-figures")).to_contain_text(f"{COPIES + 1} in attesa")
    page.get_by_role("button", name="Riprendi").click()
    expect(page.locator("#bulk-progress h2")).to_contain_text("Concluso")
    expect(page.locator(".bulk-figures")).to_contain_text(f"{COPIES + 1} riusciti")
    expect(outcome_rows(page).first).to_contain_text("Annullato")
    page.get_by_role("link", name="Avanti").click()
    expect(outcome_rows(page)).to_have_count(50)
    with page.expect_download() as download:
        page.locator("#bulk-csv").click()
    assert download.value.path().read_text("utf-8-sig").count("\n") == COPIES + 2

    telephone = new_context(viewport=NARROW).new_page()
    for address, name in (
        (LIST, "elenco"),
        (page.url.split("?")[0].split("#")[0], "esiti"),
        ("/invio-massivo/", "tutti"),
    ):
        telephone.goto(address)
        fits(telephone)
        picture(telephone, f"40-invio-massivo-{name}-telefono")


def test_a_run_is_cancelled_and_the_others_stay_as_they_are(
    page: Page, product: Product, picture: Picture
) -> None:
    document = duplicate(page, document_of(page, "Fattura 2"), {"causale": "quota da lasciare"})
    copies(product, document, 20)
    page.goto(LIST + "&testo=lasciare")
    page.get_by_role("button", name="Tutti quelli trovati").click()
    page.on("dialog", lambda dialog: dialog.accept())
    with nothing_moves(product):
        page.get_by_role("button", name="Genera XML e invia: 21 documenti").click()
        page.wait_for_url(RUN)
        page.get_by_role("button", name="Annulla").click()
        expect(page.locator("#bulk-progress h2")).to_contain_text("Annullato")
    expect(page.locator(".bulk-figures")).to_contain_text("21 lasciati come sono")
    page.goto("/invio-massivo/")
    expect(page.locator("tbody tr").first).to_contain_text("annullato")
    picture(page, "40-invii-massivi")
    page.goto(LIST + "&testo=lasciare")
    expect(page.locator(".ft-sum strong").first).to_have_text("21")
