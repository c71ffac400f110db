from __future__ import annotations

import base64
import dataclasses
import hashlib
import pathlib
import re

import fattorino.documents
from fattorino.documents.readable import render_html

CSS = pathlib.Path(fattorino.documents.__file__).parent / "static" / "documents" / "readable.css"


def test_neither_script_nor_style_stands_in_the_fragment(whole, tags_of):
    for tag, attributes in tags_of(render_html(whole)):
        assert tag not in ("script", "style", "link", "img", "iframe")
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)


def test_markup_in_a_text_is_shown_and_not_obeyed(invoice, lines_of, text_of, tags_of):
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    hostile = '<script>alert(1)</script> {{ settings }} {% debug %} & &lt; "\' #eval("1") <b>'
    page = render_html(lines_of(invoice, (dataclasses.replace(line, descrizione=hostile),)))
    assert hostile in text_of(page)
    assert "script" not in {tag for tag, _ in tags_of(page)}


def test_a_quote_in_a_text_does_not_leave_its_attribute(invoice, tags_of):
    # Column titles are the only texts that go into an attribute, and they are ours.
    for _, attributes in tags_of(render_html(invoice)):
        assert set(attributes) <= {"class", "lang", "scope", "data-label"}


def test_a_fragment_begins_below_the_heading_of_its_page(invoice, tags_of):
    assert "h1" not in {tag for tag, _ in tags_of(render_html(invoice))}
    levels = [
        int(tag[1]) for tag, _ in tags_of(render_html(invoice, standalone=True)) if re.fullmatch(r"h\d", tag)
    ]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))


def test_headings_of_a_lotto_do_not_skip_a_level(whole, tags_of):
    levels = [
        int(tag[1]) for tag, _ in tags_of(render_html(whole, standalone=True)) if re.fullmatch(r"h\d", tag)
    ]
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))
    assert 3 in levels


def test_a_document_of_its_own_admits_only_its_own_style_sheet(invoice):
    page = render_html(invoice, standalone=True)
    css = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    assert css == CSS.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert "&" not in digest and "<" not in css


def test_a_served_document_links_its_style_sheet(invoice, tags_of):
    page = render_html(invoice, standalone=True, stylesheet="/static/documents/readable.css")
    assert ("link", {"rel": "stylesheet", "href": "/static/documents/readable.css"}) in tags_of(page)
    assert "<style" not in page


def test_a_thousand_lines_stay_quick(invoice, lines_of):
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    lines = tuple(dataclasses.replace(line, numero_linea=n) for n in range(1, 1001))
    page = render_html(lines_of(invoice, lines))
    assert page.count("<tr>") >= 1000
