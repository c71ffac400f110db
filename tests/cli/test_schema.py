from __future__ import annotations

import pathlib

import pytest
from lxml import etree

from fattorino.cli.main import main
from fattorino.cli.schema import FORMATS, XMLDSIG_NAME, document, page, xmldsig
from fattorino.core.fatturapa.format_check import DOCUMENTS
from fattorino.core.tracciati.schema import XMLDSIG, schema_text

PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tracciati"


@pytest.fixture(autouse=True)
def italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "it_IT.UTF-8")


def test_every_declared_format_has_its_schema():
    assert sorted(FORMATS) == sorted(v for cls in DOCUMENTS.values() for v in cls.ROOT.versions)


@pytest.mark.parametrize("name", FORMATS)
def test_the_schema_goes_to_standard_output_as_it_would_be_published(name, capfdbinary):
    assert main(["schema", name]) == 0
    shown = capfdbinary.readouterr().out
    assert shown.decode() == schema_text(document(name))
    assert XMLDSIG.encode() in shown


def test_pa_and_private_invoices_share_one_schema_and_names_may_be_in_small_letters(capfdbinary):
    assert main(["schema", "fpa12"]) == 0
    first = capfdbinary.readouterr().out
    assert main(["schema", "FPR12"]) == 0
    assert capfdbinary.readouterr().out == first


@pytest.mark.parametrize("name", FORMATS)
def test_a_schema_in_a_file_compiles_without_network(name, tmp_path):
    assert main(["schema", name, "--output", str(tmp_path / "s.xsd")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.xsd", XMLDSIG_NAME]
    parser = etree.XMLParser(no_network=True, load_dtd=False)
    etree.XMLSchema(etree.parse(str(tmp_path / "s.xsd"), parser))


def test_a_schema_of_the_signature_that_is_there_is_left_alone(tmp_path):
    (tmp_path / XMLDSIG_NAME).write_text("mine")
    assert main(["schema", "FSM10", "-o", str(tmp_path / "s.xsd")]) == 0
    assert (tmp_path / XMLDSIG_NAME).read_text() == "mine"


def test_the_schema_of_the_signature_is_the_one_the_official_schemas_import(shared_data):
    assert xmldsig() == (shared_data / "sdi" / "xsd" / XMLDSIG_NAME).read_bytes()


def test_a_table_is_one_file(tmp_path):
    assert main(["schema", "FSM10", "--table", "-o", str(tmp_path / "t.md")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["t.md"]
    assert (tmp_path / "t.md").read_text(encoding="utf-8") == page(document("FSM10"))


@pytest.mark.parametrize(
    ("name", "file"), [("FPA12", "fattura-ordinaria.md"), ("FSM10", "fattura-semplificata.md")]
)
def test_the_pages_in_the_documentation_are_what_the_declaration_gives(name, file):
    written = (PAGES / file).read_text(encoding="utf-8")
    assert written == page(document(name)), f"fattorino schema {name} --table -o docs/tracciati/{file}"


def test_what_cannot_be_written_is_one_italian_line(tmp_path, capsys):
    assert main(["schema", "FPA12", "-o", str(tmp_path / "manca" / "s.xsd")]) == 2
    said = capsys.readouterr().err
    assert "non si può scrivere" in said and said.count("\n") == 1


def test_an_unknown_format_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["schema", "FPA13"])
    assert stop.value.code == 2
    assert "FSM10" in capsys.readouterr().err
