from __future__ import annotations

import io
import pathlib
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fattorino.config import demo
from fattorino.hub.flows import channels, keys
from fattorino.hub.models import SigningKey
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.models import AuditEntry, Company, Membership
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, TODAY

YAML = """
denominazione: Ordine di prova
id_paese: IT
id_codice: "02100450127"
indirizzo: Via Roma
cap: "21100"
comune: Varese
provincia: VA
nazione: IT
regime_fiscale: RF01
default_iban: IT60X0542811101000000123456
sezionali:
  - {codice: A, descrizione: Corsi}
"""


def run(*args: Any, typed: str = "", monkeypatch: pytest.MonkeyPatch) -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command(*args, stdout=out)
    return out.getvalue()


@pytest.fixture
def company_file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "azienda.yaml"
    path.write_text(YAML, encoding="utf-8")
    return path


def test_a_real_company_its_key_its_user_and_channel_are_put_in_by_command(
    db: None, company_file: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fattorino import clock

    assert "Ordine di prova" in run("company", str(company_file), monkeypatch=monkeypatch)
    key = tmp_path / "chiave.p12"
    key.write_bytes(
        issue(make_ca(at=clock.now()), Holder("A", "B", "VRDLCU82D25L219V"), "segreta", at=clock.now())
    )
    said = run("company_key", "02100450127", str(key), typed="segreta\n", monkeypatch=monkeypatch)
    assert "valida fino al" in said and "segreta" not in said
    run(
        "user",
        "x@y.example",
        "Ada Neri",
        "02100450127",
        "admin",
        typed="una-parola-lunga-9\n",
        monkeypatch=monkeypatch,
    )
    run("channel", "02100450127", "https://servizi.example/ricevi_file", monkeypatch=monkeypatch)
    company = Company.objects.get()
    assert Membership.objects.get().role == "admin" and company.default_iban
    with company_scope(company.pk):
        stored = SigningKey.objects.get()
        assert b"segreta" not in bytes(stored.password) and bytes(stored.pkcs12) != key.read_bytes()
        assert keys.sign(keys.key_of(company.pk), b"<a/>", now=clock.now()).startswith(b"0")
        assert channels.channel_for(company.pk, "PA").settings["url"] == "https://servizi.example/ricevi_file"
    assert "segreta" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[1, 2", "non si legge"),
        ("- a", "campi"),
        ("colore: blu", "colore"),
        ("denominazione: X", "partita IVA"),
    ],
)
def test_a_wrong_company_file_is_told_in_one_line(
    db: None, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, text: str, word: str
) -> None:
    path = tmp_path / "azienda.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=word):
        run("company", str(path), monkeypatch=monkeypatch)


def test_a_company_switches_off_the_warnings_it_does_not_want_and_no_error(
    db: None, company_file: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = company_file.read_text(encoding="utf-8")
    company_file.write_text(f"{text}avvisi_spenti: [avviso-cig]\n", encoding="utf-8")
    run("company", str(company_file), monkeypatch=monkeypatch)
    assert Company.objects.get().warnings_off == ["avviso-cig"]
    company_file.write_text(f"{text}avvisi_spenti: ['00423']\n", encoding="utf-8")
    with pytest.raises(CommandError, match="non si può spegnere"):
        run("company", str(company_file), monkeypatch=monkeypatch)


def test_a_wrong_password_of_the_key_is_told_and_nothing_is_kept(
    db: None, company_file: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("company", str(company_file), monkeypatch=monkeypatch)
    key = tmp_path / "chiave.p12"
    key.write_bytes(issue(make_ca(at=NOW), Holder("A", "B", "VRDLCU82D25L219V"), "giusta", at=NOW))
    with pytest.raises(CommandError, match="(?i)password"):
        run("company_key", "02100450127", str(key), typed="sbagliata\n", monkeypatch=monkeypatch)


def test_a_channel_in_clear_over_the_network_is_refused(
    db: None, company_file: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("company", str(company_file), monkeypatch=monkeypatch)
    with pytest.raises(CommandError, match="https"):
        run("channel", "02100450127", "http://servizi.example/ricevi_file", monkeypatch=monkeypatch)


def test_the_demo_is_loaded_once(db: None) -> None:
    assert demo.load(now=NOW, today=TODAY)
    assert not demo.load(now=NOW, today=TODAY)
    ordine = Company.objects.get(id_codice=demo.ORDINE["id_codice"])
    with company_scope(ordine.pk):
        assert Document.objects.count() == 7


def test_the_checks_of_the_framework_find_nothing(db: None) -> None:
    """They are left out where a worker starts (cli/worker.py), so they are made here."""
    call_command("check", fail_level="WARNING")
