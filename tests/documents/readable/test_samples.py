"""Real invoices of many programs: each valid one is drawn, and nothing that its XML says is lost."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation

import pytest
from lxml import etree

from fattorino.core.errors import InputError
from fattorino.core.fatturapa import read_fattura
from fattorino.documents.readable import formats, render_html, render_pdf

# Of the shapes: lotto, transport, pension fund and withholding, attachments, simplified, foreign buyer.
DRAWN = 10


def readable(folder) -> list[tuple[str, object, etree._Element]]:
    found = []
    for path in sorted((folder / "sdi" / "invoices").iterdir()):
        try:
            reading = read_fattura(path.read_bytes())
        except InputError:
            continue
        found.append((path.name, reading.fattura, reading.root))
    assert len(found) > 50
    return found


def values(root: etree._Element) -> list[tuple[str, str]]:
    """Name and text of every element with a value, but for the signature and the content of attachments."""
    return [
        (etree.QName(el).localname, " ".join((el.text or "").split()))
        for el in root.iter("*")
        if not len(el) and (el.text or "").strip()
        if etree.QName(el).localname != "Attachment" and "xmldsig" not in el.tag and "etsi" not in el.tag
    ]


def shown(name: str, value: str, text: str, numbers: set[Decimal]) -> bool:
    if value in text:
        return True
    if value == "SI":
        return "sì" in text or "assolto in modo virtuale" in text
    if name == "Tipo":
        return {"SC": "-", "MG": "+"}[value] in text
    if name == "IBAN":
        return formats.iban(value) in text
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
        return formats.instant(datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))) in text
    if re.match(r"\d{4}-\d\d-\d\d", value):
        return formats.day(datetime.date.fromisoformat(value[:10])) in text
    try:
        return abs(Decimal(value)) in numbers
    except InvalidOperation:
        return False


def numbers_in(text: str) -> set[Decimal]:
    found = re.findall(r"\d[\d.]*(?:,\d+)?", text)
    return {Decimal(n.replace(".", "").replace(",", ".") or 0) for n in found}


def test_nothing_that_a_real_invoice_says_is_lost(shared_data, text_of):
    lost = {}
    for name, fattura, root in readable(shared_data):
        text = text_of(render_html(fattura))
        numbers = numbers_in(text)
        if missing := [pair for pair in values(root) if not shown(*pair, text, numbers)]:
            lost[name] = missing
    assert not lost


def test_the_richest_real_invoices_are_drawn_as_pdf(shared_data, created):
    richest = sorted(readable(shared_data), key=lambda item: -len({el.tag for el in item[2].iter("*")}))[
        :DRAWN
    ]
    simplified = [item for item in readable(shared_data) if "Semplificata" in item[2].tag][:1]
    lotti = [item for item in readable(shared_data) if len(item[1].fattura_elettronica_body) > 1][:1]
    for _, fattura, _ in (*richest, *simplified, *lotti):
        assert render_pdf(fattura, created=created).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("name", ["devcode-it__IT01234567890_FPA03.xml"])
def test_a_real_lotto_shows_every_document(shared_data, text_of, name):
    fattura = read_fattura((shared_data / "sdi" / "invoices" / name).read_bytes()).fattura
    text = text_of(render_html(fattura))
    for body in fattura.fattura_elettronica_body:
        assert f"Fattura n. {body.dati_generali.dati_generali_documento.numero} del " in text
