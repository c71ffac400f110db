"""Issue step 4: the one button."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from fattorino.config import demo
from fattorino.core.fatturapa import check
from fattorino.core.fatturapa.envelope import unwrap
from tests.journeys.conftest import Picture
from tests.journeys.pages import BUTTON, expect_state, files, new_invoice, row, save, send
from tests.journeys.product import Product

# Longer than a busy machine needs to show what is under way meanwhile.
SLOW = 12.0


def test_step_4_the_button_answers_at_once_while_the_row_shows_progress_and_the_pa_gets_a_p7m(
    page: Page, product: Product, control: Callable[..., Any], picture: Picture
) -> None:
    new_invoice(page, "pa", demo.COMUNE, {"codice_ufficio": "ABC123"})
    document = save(page)
    elsewhere = page.context.new_page()
    elsewhere.goto("/entrate/")
    expect(row(elsewhere, document)).to_contain_text("Da processare")

    control("faults", {"kind": "slow", "seconds": SLOW, "count": 1})
    pressed = time.monotonic()
    send(page)
    expect(page.locator("#notices")).to_contain_text(f"«{BUTTON}» avviato")
    assert time.monotonic() - pressed < SLOW  # SdI has not answered yet
    expect(page.locator("#live .ft-progress")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)
    picture(page, "05-invio")
    # The actions may be over before the list asks again; SdI, which is slow here, is not.
    expect(row(elsewhere, document)).to_contain_text(re.compile(rf"{BUTTON}…|In elaborazione"))
    picture(elsewhere, "04-elenco-in-corso")

    expect_state(page, "Accettato dalla PA")
    expect(row(elsewhere, document)).to_contain_text("Accettato dalla PA")
    expect(row(elsewhere, document).locator(".ft-progress")).to_have_count(0)
    with page.expect_download() as found:
        page.locator("[aria-labelledby=h-files] .ft-files a", has_text=".xml.p7m").first.click()
    name = found.value.suggested_filename
    p7m = found.value.path().read_bytes()
    assert name.startswith("IT02100450127_") and p7m == product.got(name)
    opened = unwrap(p7m)
    assert opened.valid and len(opened.layers) == 1
    assert opened.content == files(page)[name.removesuffix(".p7m")]
    today = opened.layers[0].signers[0].signing_time
    assert today is not None
    assert [f for f in check(opened.content, on=today.date()) if f.severity == "error"] == []
