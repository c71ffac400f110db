"""Issue step 7: files of other programs come in and go out unchanged."""

from __future__ import annotations

import base64

from playwright.sync_api import Locator, Page, expect

from fattorino.config import demo
from tests.journeys.conftest import Picture
from tests.journeys.pages import expect_state, send
from tests.journeys.product import Product, sha256
from tests.journeys.samples import archive, invoice_file, signed

ENTITY = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
DROP = """([name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type}));
  const box = document.getElementById("drop");
  for (const kind of ["dragenter", "dragover", "drop"])
    box.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));
}"""


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#files", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.get_by_role("button", name="Importa i file").click()


def drop(page: Page, name: str, content: bytes) -> None:
    page.evaluate(DROP, [name, "application/octet-stream", base64.b64encode(content).decode()])


def outcome(page: Page, name: str) -> Locator:
    """What the list of imports says about a file; it follows by itself."""
    return page.locator("#imports tr", has=page.get_by_role("link", name=name, exact=True))


def test_step_7_a_chosen_xml_is_sent_byte_for_byte(page: Page, product: Product) -> None:
    content = invoice_file("XML-1")
    page.goto("/entrate/importa/")
    choose(page, "fattura.xml", content)
    outcome(page, "fattura.xml").get_by_role("link", name="Apri il documento").click()
    expect(page.locator("h1")).to_have_text("Fattura XML-1")
    send(page)
    expect_state(page, "Consegnato")
    assert taken(product, content) == 1


def test_step_7_a_dropped_p7m_goes_to_the_pa_as_it_is(page: Page, product: Product) -> None:
    content = signed(invoice_file("P7M-1", buyer=demo.COMUNE, code="ABC123"))
    page.goto("/entrate/importa/")
    drop(page, "firmata.xml.p7m", content)
    outcome(page, "firmata.xml.p7m").get_by_role("link", name="Apri il documento").click()
    send(page)
    expect_state(page, "Accettato dalla PA")
    assert taken(product, content) == 1


def test_step_7_a_zip_gives_each_invoice_its_document_and_each_bad_file_its_reason(
    page: Page, product: Product, picture: Picture
) -> None:
    good = {"uno.xml": invoice_file("ZIP-1"), "due.xml": invoice_file("ZIP-2")}
    page.goto("/entrate/importa/")
    choose(page, "fatture.zip", archive({**good, "rotta.xml": b"<nulla"}))
    told = outcome(page, "fatture.zip")
    expect(told).to_contain_text("Importato il documento ZIP-1")
    expect(told).to_contain_text("Importato il documento ZIP-2")
    expect(told).to_contain_text("rotta.xml")
    picture(page, "08-importa")
    address = told.get_by_role("link", name="Apri il documento").last.get_attribute("href")
    page.goto(str(address))
    send(page)
    expect_state(page, "Consegnato")
    assert taken(product, good["due.xml"]) == 1 and taken(product, good["uno.xml"]) == 0


def test_step_7_bad_files_are_refused_with_clear_words(page: Page, picture: Picture) -> None:
    cut = invoice_file("TAGLIATA-1")
    tampered = signed(invoice_file("ALTERATA-1", buyer=demo.COMUNE, code="ABC123")).replace(
        b"200.00", b"900.00"
    )
    bad = {
        "vuota.xml": (b"", "Il file è vuoto"),
        "tagliata.xml": (cut[: len(cut) // 2], "00200"),
        "entita.xml": (ENTITY, "DOCTYPE"),
        "documento.pdf": (b"%PDF-1.7 non una fattura", ""),
        "di-altri.xml": (invoice_file("ALTRI-1", seller=demo.STUDIO), "Il cedente del documento"),
        "alterata.xml.p7m": (tampered, "firma"),
        "rotta.zip": (b"PK\x03\x04 non un archivio", ""),
    }
    page.goto("/entrate/importa/")
    page.set_input_files(
        "#files",
        [{"name": n, "mimeType": "application/octet-stream", "buffer": c} for n, (c, _) in bad.items()],
    )
    page.get_by_role("button", name="Importa i file").click()
    for name, (_, words) in bad.items():
        told = outcome(page, name).locator("td").last
        expect(told).to_contain_text("Rifiutato")
        expect(told).to_contain_text(words)
        assert len(told.inner_text()) > 40, told.inner_text()
        expect(told.get_by_role("link", name="Apri il documento")).to_have_count(0)
    picture(page, "08-file-rifiutati", full_page=True)


def taken(product: Product, content: bytes) -> int:
    """How many files with exactly these bytes SdI has."""
    wanted = sha256(content)
    return sum(file["sha256"] == wanted for file in product.control("books")["files"])
