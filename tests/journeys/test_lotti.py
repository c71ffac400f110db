"""A lotto of another program: one file, a document for each body, sent once, the outcome on each."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Locator, Page, expect

from fattorino.config import demo
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.envelope import unwrap
from tests.journeys.pages import expect_state, send, sent_name
from tests.journeys.product import Product
from tests.journeys.samples import invoice_file

_BODY = re.compile(rb"<FatturaElettronicaBody>.*?</FatturaElettronicaBody>", re.DOTALL)


def lotto_file(numbers: list[str], *, buyer: Party, code: str) -> bytes:
    """One file with a document for each of these numbers."""
    files = [invoice_file(number, buyer=buyer, code=code) for number in numbers]
    bodies = b"\r\n".join(_BODY.findall(each)[0] for each in files)
    return _BODY.sub(lambda _: bodies, files[0], count=1)


def new_numbers(count: int) -> list[str]:
    """Numbers that nothing else has, also where the journey is walked again."""
    own = secrets.token_hex(4).upper()
    return [f"LT{own}-{place}" for place in range(1, count + 1)]


def import_lotto(page: Page, name: str, content: bytes) -> Locator:
    """Hand the file in; what the list of imports tells of it."""
    page.goto("/entrate/importa/")
    page.set_input_files("#files", {"name": name, "mimeType": "application/xml", "buffer": content})
    page.get_by_role("button", name="Importa i file").click()
    told = page.locator("#imports tr", has=page.get_by_role("link", name=name, exact=True))
    expect(told).to_contain_text("Importato un lotto")
    return told


def test_a_lotto_goes_out_once_and_each_of_its_documents_has_the_outcome(
    page: Page, product: Product
) -> None:
    numbers = new_numbers(3)
    content = lotto_file(numbers, buyer=demo.COMUNE, code="ABC123")
    name = f"lotto-{numbers[0]}.xml"
    told = import_lotto(page, name, content)
    told.get_by_role("link", name="Apri il documento 2").click()
    expect(page.locator("h1")).to_have_text(f"Fattura {numbers[1]}")
    lotto = page.locator("[aria-labelledby=h-lotto]")
    expect(lotto).to_contain_text(f"Fattura 2 di 3 del lotto {name}")
    expect(lotto.locator("li")).to_have_count(3)
    send(page)
    expect_state(page, "Accettato dalla PA")
    files = {sent_name(page)}
    for number in (numbers[0], numbers[2]):
        page.locator("[aria-labelledby=h-lotto]").get_by_role("link", name=number, exact=True).click()
        expect(page.locator("h1")).to_have_text(f"Fattura {number}")
        expect_state(page, "Accettato dalla PA")
        files.add(sent_name(page))
    assert len(files) == 1
    assert unwrap(product.got(files.pop())).content == content


def test_a_scarto_of_a_lotto_is_told_on_each_of_its_documents(page: Page) -> None:
    numbers = new_numbers(2)
    content = lotto_file(numbers, buyer=demo.ROSSI, code="IGNOTO0")
    told = import_lotto(page, f"scarto-{numbers[0]}.xml", content)
    told.get_by_role("link", name="Apri il documento 1").click()
    send(page)
    expect_state(page, "Scartato da SDI")
    page.locator("[aria-labelledby=h-lotto]").get_by_role("link", name=numbers[1], exact=True).click()
    expect(page.locator("h1")).to_have_text(f"Fattura {numbers[1]}")
    expect_state(page, "Scartato da SDI")
    # The whole file may be sent again, from any of them.
    expect(page.get_by_role("button", name="Genera XML e invia")).to_be_visible()
