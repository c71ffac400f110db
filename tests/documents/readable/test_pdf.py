from __future__ import annotations

import dataclasses
import datetime
import io
import re
import time
import unicodedata

import pikepdf
import pytest

from fattorino.core.errors import InputError
from fattorino.documents.readable import pdf as drawing
from fattorino.documents.readable import render_pdf
from fattorino.documents.readable.model import copy_of


@pytest.fixture
def described(invoice, lines_of):
    """An invoice with one line of the given description."""
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    return lambda *texts: lines_of(invoice, tuple(dataclasses.replace(line, descrizione=t) for t in texts))


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def drawn_text(data: bytes) -> str:
    """What the glyphs on the pages stand for, without white space."""
    parts = []
    with opened(data) as pdf:
        for page in pdf.pages:
            fonts = {name: _unicode_map(font) for name, font in page.resources.get("/Font", {}).items()}
            current: dict[int, str] = {}
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) == "Tf":
                    current = fonts[str(operands[0])]
                elif str(operator) in ("Tj", "TJ"):
                    shown = operands[0] if str(operator) == "TJ" else [operands[0]]
                    for piece in shown:
                        if isinstance(piece, pikepdf.String):
                            codes = bytes(piece)
                            parts += [
                                current.get(int.from_bytes(codes[i : i + 2]), "")
                                for i in range(0, len(codes), 2)
                            ]
    return re.sub(r"[\s\u200b\u00ad]", "", "".join(parts))


def _unicode_map(font: pikepdf.Object) -> dict[int, str]:
    found = {}
    cmap = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.S):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.S):
        for low, high, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for offset in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + offset] = chr(int(text, 16) + offset)
    return found


def assert_archivable(data: bytes, part: str, conformance: str) -> None:
    """The structure that PDF/A asks for; no independent validator is at hand."""
    with opened(data) as pdf:
        meta = pdf.open_metadata()
        assert meta["pdfaid:part"] == part
        assert meta["pdfaid:conformance"] == conformance
        assert meta["pdfuaid:part"] == "1"
        root = pdf.Root
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        assert len(root.OutputIntents[0].DestOutputProfile.read_bytes()) > 100
        assert str(root.Lang).startswith("it")
        assert root.MarkInfo.Marked
        assert "/StructTreeRoot" in root
        assert "/ID" in pdf.trailer
        assert "/Encrypt" not in pdf.trailer
        descriptors = [
            o
            for o in pdf.objects
            if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
        ]
        assert descriptors
        for descriptor in descriptors:
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
        assert not any(
            isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/JavaScript" for o in pdf.objects
        )


def test_a_copy_is_a_tagged_pdf_a_2a(whole, created):
    data = render_pdf(whole, created=created)
    assert_archivable(data, "2", "A")
    with opened(data) as pdf:
        assert str(pdf.docinfo.Title) == "Lotto di 2 documenti"
        assert len(pdf.attachments) == 0


XML = '<?xml version="1.0" encoding="UTF-8"?>\r\n<a>perché – €\t</a>'


@pytest.mark.parametrize(
    "xml",
    [
        XML.encode(),
        b"\xef\xbb\xbf" + XML.encode(),
        "<a>perch\xe9</a>".encode("latin-1"),
        XML.encode("utf-16"),
    ],
    ids=["utf-8", "utf-8 with mark", "latin-1", "utf-16"],
)
def test_the_xml_travels_inside_unchanged_in_an_a_3b(invoice, created, xml):
    data = render_pdf(invoice, xml=xml, created=created)
    assert_archivable(data, "3", "B")
    with opened(data) as pdf:
        assert pdf.attachments["fattura.xml"].get_file().read_bytes() == xml
        assert pdf.Root.AF[0].AFRelationship == "/Source"
        assert pdf.attachments["fattura.xml"].get_file().mime_type == "application/xml"


def test_the_same_arguments_give_the_same_bytes(invoice, created):
    first = render_pdf(invoice, created=created)
    assert first == render_pdf(invoice, created=created)
    assert first == render_pdf(invoice, created=created.replace(microsecond=7))
    in_rome = created.astimezone(datetime.timezone(datetime.timedelta(hours=1)))
    assert first == render_pdf(invoice, created=in_rome)
    assert first != render_pdf(invoice, created=created + datetime.timedelta(days=1))


@pytest.mark.parametrize(
    "hostile",
    [
        '#eval("1+1") #read("/etc/passwd") $x^2$ *forte* _corsivo_ `codice` = Titolo',
        "#pagebreak() @ref <label> // commento /* */ \\ ~ -- --- ...",
        '"], [#panic("x")]) #let d = none',
        "<b>grassetto</b> &amp; 'virgolette' \"doppie\"",
    ],
)
def test_markup_in_a_text_is_set_literally(described, created, hostile):
    text = drawn_text(render_pdf(described(hostile), created=created))
    assert re.sub(r"\s", "", hostile) in text


def test_characters_without_a_glyph_are_written_as_code_points(described, created):
    text = drawn_text(render_pdf(described("caffè 中 \ue000 \U0001f600 fine"), created=created))
    assert "caffè[U+4E2D][U+E000][U+1F600]fine" in text


def test_every_character_that_is_passed_on_has_a_glyph(described, created):
    passed = [
        chr(n)
        for n in range(0x20, 0x2400)
        if drawing._drawable(chr(n)) == chr(n)
        and unicodedata.category(chr(n)) not in ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")
    ]
    assert len(passed) > 1200
    for at in range(0, len(passed), 400):
        render_pdf(described(" ".join(passed[at : at + 400])), created=created)


@pytest.mark.parametrize("kind", ["Cf", "Zl", "Zp", "Mn"])
def test_invisible_characters_never_stop_the_drawing(described, created, kind):
    odd = [chr(n) for n in range(0x2400) if unicodedata.category(chr(n)) == kind]
    render_pdf(described("a" + " a".join(odd)), created=created)


def test_control_characters_never_stop_the_drawing(described, created):
    render_pdf(described("".join(chr(n) for n in range(0xA0))), created=created)


def test_a_description_of_a_thousand_letters_without_a_space_stays_in_its_column(described, created):
    data = render_pdf(described("W" * 1000, "ok"), created=created)
    assert "W" * 1000 in drawn_text(data)
    with opened(data) as pdf:
        assert len(pdf.pages) < 12


def test_a_thousand_lines_are_all_there(invoice, lines_of, created):
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    lines = tuple(
        dataclasses.replace(line, numero_linea=n, descrizione=f"voce{n}fine", altri_dati_gestionali=())
        for n in range(1, 1001)
    )
    text = drawn_text(render_pdf(lines_of(invoice, lines), created=created))
    assert all(f"voce{n}fine" in text for n in range(1, 1001))


def test_the_work_grows_no_faster_than_the_lines(invoice, lines_of, created):
    """The longest invoice has 9,999. Processor time, because the machine may be busy: four times the lines would take
    sixteen times as long where each line cost as much as all before it."""
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]

    def cost(count):
        lines = tuple(
            dataclasses.replace(
                line, numero_linea=n, descrizione=f"voce {n}/{count}", altri_dati_gestionali=()
            )
            for n in range(1, count + 1)
        )
        begun = time.process_time()
        render_pdf(lines_of(invoice, lines), created=created)
        return time.process_time() - begun

    cost(50)  # reads the fonts
    few = cost(100)  # once: what was drawn before is remembered
    assert cost(400) < 10 * few


def many(invoice, lines_of, count):
    line = invoice.fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    shown = ("quantita", "unita_misura", "prezzo_unitario", "prezzo_totale", "aliquota_iva")
    filled = {field.name: getattr(line, field.name) for field in dataclasses.fields(line)}
    bare = {
        name: () if isinstance(value, tuple) else None for name, value in filled.items() if name not in shown
    }
    line = dataclasses.replace(line, **bare)
    lines = tuple(
        dataclasses.replace(line, numero_linea=n, descrizione=f"Fornitura, voce{n}fine")
        for n in range(1, count + 1)
    )
    return lines_of(invoice, lines)


def test_the_longest_invoice_takes_little_memory_and_gives_it_back(
    invoice, lines_of, created, monkeypatch, tmp_path
):
    """A process of its own sets it; how much that ever held is told by itself."""
    measured, real, held = tmp_path / "measured.py", drawing.apart.run, []

    def run(script, data, **limits):
        measured.write_text(
            "import re, runpy, sys\n"
            f"runpy.run_path({str(script)!r}, run_name='__main__')\n"
            "most = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
            "sys.stdout.buffer.write(b'\\n' + most.encode())\n"
        )
        pdf, _, kilobytes = real(measured, data, **limits).rpartition(b"\n")
        held.append(int(kilobytes) // 1024)
        return pdf

    monkeypatch.setattr(drawing.apart, "run", run)
    data = render_pdf(many(invoice, lines_of, 9999), created=created)
    assert held[0] < 250
    with opened(data) as pdf:
        assert len(pdf.pages) > 100


def test_a_long_copy_can_be_archived_and_holds_its_xml_too(invoice, lines_of, created):
    xml = "<FatturaElettronica>àèì</FatturaElettronica>".encode()
    data = render_pdf(many(invoice, lines_of, 600), xml=xml, created=created)
    assert_archivable(data, "3", "B")
    text = drawn_text(data)
    assert all(f"voce{n}fine" in text for n in (1, 300, 600))
    assert render_pdf(many(invoice, lines_of, 600), xml=xml, created=created) == data


def test_a_copy_beyond_all_measure_is_refused_with_what_to_do(invoice, lines_of, created, monkeypatch):
    def too_much(*_, **__):
        raise drawing.apart.TooMuchError("MemoryError")

    monkeypatch.setattr(drawing.apart, "run", too_much)
    with pytest.raises(InputError, match="troppo grande") as refused:
        render_pdf(many(invoice, lines_of, 600), created=created)
    assert "XML" in refused.value.hint


def test_what_html_shows_the_pdf_shows(invoice, created):
    """Both are drawings of one model; a template that forgot a part of it would be noticed here."""
    text = drawn_text(render_pdf(invoice, created=created))

    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return [
                t
                for key, item in value.items()
                if key not in ("kind", "subject", "author")
                for t in texts(item)
            ]
        return [t for item in value for t in texts(item)] if isinstance(value, list | tuple) else []

    copy = dataclasses.asdict(copy_of(invoice))
    for body in copy["bodies"]:
        # The title already says them.
        del body["number"], body["date"]
    missing = [
        t
        for t in texts(copy)
        if re.sub(r"\s", "", t) not in text and re.sub(r"\s", "", t).upper() not in text
    ]
    assert not missing
