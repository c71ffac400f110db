"""What people do on the pages, in their words: sign in, fill the form, save, send, look at the outcome."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Mapping

from playwright.sync_api import Locator, Page, expect

from fattorino.core.fatturapa.draft import Party

BUTTON = "Genera XML e invia"
# Seconds that six digits may be on their way.
TYPING = 12
DASHBOARD = re.compile(r"/dashboard/[a-z-]+/$")
DOCUMENT = re.compile(r"/entrate/(\d+)/$")
LINE: Mapping[str, str] = {
    "linee-0-descrizione": "Corso di aggiornamento",
    "linee-0-prezzo_unitario": "100,00",
}


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Entra").click()
    page.wait_for_url(lambda url: "/accesso/login" not in url)


def totp(secret: str, at: float | None = None) -> str:
    """The six digits of RFC 6238 (SHA-1, 30 s) for a base32 secret."""
    if at is None and (left := 30 - time.time() % 30) < TYPING:
        time.sleep(left)  # they must still be right when they arrive
    key = base64.b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret.replace(" ", "")) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int((time.time() if at is None else at) // 30)), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def until(page: Page, come: Callable[[], bool], *, seconds: float = 120) -> None:
    """Load the page again until something has come there that it does not tell by itself."""
    deadline = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < deadline, f"it did not come to {page.url} within {seconds:.0f} s"
        page.wait_for_timeout(300)
        page.reload()


# The form -------------------------------------------------------------------------------------------------


def field(page: Page, name: str) -> Locator:
    """A field by the name that the form sends."""
    return page.locator(f'[id="{name}"]')


def told_beside(page: Page, name: str) -> Locator:
    """The message beside a field."""
    return page.locator(f'[id="err-{name}"]')


def fill(page: Page, values: Mapping[str, str]) -> None:
    """Type or choose as a person would; "1" and "" set and clear a box."""
    for name, value in values.items():
        target = field(page, name)
        kind = target.evaluate("element => element.type")
        if kind == "select-one":
            target.select_option(value)
        elif kind == "checkbox":
            target.set_checked(bool(value))
        else:
            target.fill(value)
            target.blur()


def choose_kind_of_recipient(page: Page, kind: str) -> None:
    """ "pa", "privato" or "estero"."""
    page.locator(f'label[for="cessionario-genere-{kind}"]').click()


def party_fields(party: Party) -> dict[str, str]:
    """What one types for a party."""
    names = (
        "denominazione",
        "nome",
        "cognome",
        "id_codice",
        "codice_fiscale",
        "indirizzo",
        "numero_civico",
        "cap",
        "comune",
        "provincia",
    )
    return {f"cessionario-{name}": value for name in names if (value := getattr(party, name))}


def new_invoice(page: Page, kind: str, party: Party, address: Mapping[str, str], **more: str) -> None:
    """A new document, filled but not saved; `address` holds the code or the PEC."""
    page.goto("/entrate/nuovo/")
    choose_kind_of_recipient(page, kind)
    fill(page, {**party_fields(party), **address, **LINE, **more})


def duplicate(page: Page, document: int, changes: Mapping[str, str] | None = None) -> int:
    """A copy of a document with some fields changed, saved; its id."""
    page.goto(f"/entrate/nuovo/?da={document}")
    fill(page, changes or {})
    return save(page)


def save(page: Page, button: str = "Salva il documento") -> int:
    """Save and arrive at the document's page; its id."""
    page.get_by_role("button", name=button).click()
    page.wait_for_url(DOCUMENT)
    return current_document(page)


def current_document(page: Page) -> int:
    found = DOCUMENT.search(page.url)
    assert found, page.url
    return int(found[1])


# The document and the list --------------------------------------------------------------------------------


def send(page: Page) -> None:
    page.get_by_role("button", name=BUTTON).click()


def expect_state(page: Page, label: str) -> None:
    """On the document's page, which follows by itself."""
    expect(page.locator("#live .ft-state")).to_have_text(label)


def row(page: Page, document: int) -> Locator:
    """A document's row in the list."""
    return page.locator(f"#row-{document}")


def fact(page: Page, label: str) -> Locator:
    """One of the facts under "In breve"."""
    return page.locator(f'.ft-facts dt:text-is("{label}") + dd')


def files(page: Page) -> dict[str, bytes]:
    """Every file of the document's page, downloaded."""
    found = {}
    for link in page.locator("[aria-labelledby=h-files] .ft-files a").all():
        answer = page.request.get(str(link.get_attribute("href")))
        assert answer.ok and "attachment" in answer.headers["content-disposition"]
        found[link.inner_text()] = answer.body()
    return found


def sent_name(page: Page) -> str:
    """The name under which the file went out the last time: what a receipt's name begins with."""
    names = [
        text
        for text in page.locator("[aria-labelledby=h-files] .ft-files a").all_inner_texts()
        if not re.search(r"_[A-Z]{2}_\d{3}", text)
    ]
    signed = [name for name in names if name.endswith(".p7m")]
    return (signed or names)[-1]


def document_of(page: Page, title: str) -> int:
    """The id of a document by its title in the list, for example "Fattura 2", however many are newer."""
    page.goto(f"/entrate/?numero={title.split()[-1]}")
    link = page.get_by_role("link", name=title, exact=True)
    found = DOCUMENT.search(str(link.get_attribute("href")))
    assert found
    return int(found[1])
