from __future__ import annotations

import datetime
import io
import types
from decimal import Decimal

import pikepdf
import pytest

from fattorino.cli import main as cli
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft, Line, Party

SELLER = Party(
    id_paese="IT",
    id_codice="01234567897",
    denominazione="Ordine di Esempio",
    regime_fiscale="RF01",
    indirizzo="Via Roma 1",
    cap="00100",
    comune="Roma",
    provincia="RM",
    nazione="IT",
)
BUYER = Party(
    id_paese="IT",
    id_codice="12345678903",
    denominazione="Cliente S.r.l.",
    indirizzo="Via Milano 2",
    cap="20100",
    comune="Milano",
    provincia="MI",
    nazione="IT",
)


@pytest.fixture
def invoice(tmp_path):
    draft = Draft(
        data=datetime.date(2026, 11, 20),
        numero="12",
        linee=(Line(descrizione="Corso", prezzo_unitario=Decimal("100.00"), aliquota_iva=Decimal("22.00")),),
        cessionario=BUYER,
        codice_destinatario="ABCDEFG",
    )
    fattura = build(
        draft, cedente=SELLER, trasmittente=("IT", "01234567897"), progressivo_invio="00001", allegati={}
    )
    path = tmp_path / "IT01234567897_00001.xml"
    path.write_bytes(write_fattura(fattura))
    return path


def test_a_pdf_is_written_beside_the_invoice(invoice, capsys):
    assert cli.main(["render", str(invoice)]) == 0
    written = invoice.with_name("IT01234567897_00001.xml.pdf")
    assert capsys.readouterr().out.strip() == str(written)
    assert written.read_bytes().startswith(b"%PDF")


def test_the_ending_of_the_output_chooses_the_form(invoice, tmp_path):
    page = tmp_path / "copia.html"
    assert cli.main(["render", str(invoice), "-o", str(page)]) == 0
    assert "Fattura n. 12 del 20/11/2026" in page.read_text(encoding="utf-8")


def test_the_xml_can_travel_inside_the_pdf(invoice, tmp_path):
    output = tmp_path / "copia.pdf"
    assert cli.main(["render", str(invoice), "--xml", "-o", str(output)]) == 0
    with pikepdf.open(output) as pdf:
        assert pdf.attachments["fattura.xml"].get_file().read_bytes() == invoice.read_bytes()


def test_the_invoice_may_come_from_standard_input(invoice, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(invoice.read_bytes())))
    output = tmp_path / "copia.pdf"
    assert cli.main(["render", "-", "-o", str(output)]) == 0
    assert output.exists()


@pytest.mark.parametrize(
    ("content", "output"),
    [(b"", "a.pdf"), (b"non sono xml", "a.pdf"), (b"<a/>", "a.pdf"), (None, "a.pdf"), (b"<a/>", "a.docx")],
    ids=["empty", "no xml", "no invoice", "no file", "unknown ending"],
)
def test_what_cannot_be_rendered_is_one_line_and_exit_1(tmp_path, capsys, content, output):
    source = tmp_path / "fattura.xml"
    if content is not None:
        source.write_bytes(content)
    assert cli.main(["render", str(source), "-o", str(tmp_path / output)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("fattorino: ")
    assert "Traceback" not in error
    assert not (tmp_path / output).exists()


def test_without_a_file_the_use_is_wrong(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["render"])
    assert stop.value.code == 2
