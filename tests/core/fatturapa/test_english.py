"""No finding loses its origin on the way to whoever shows it: each is said in English with no Italian left in it.

The rules' own examples (`rules/`) ask the same of every finding they get, through `drafts.found`.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
import pathlib
import random
import zipfile
from decimal import Decimal

import pytest

from fattorino.core.errors import FormatError, InputError, RefusedError
from fattorino.core.fatturapa import codes, read_fattura, write_fattura
from fattorino.core.fatturapa.archive import read_zip
from fattorino.core.fatturapa.build import build, try_build
from fattorino.core.fatturapa.draft import Bollo, Cassa, Discount, Draft, Party, Payment, Ritenuta
from fattorino.core.fatturapa.draft_check import check_draft
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.fatturapa.file_check import WARNINGS, Question, check_file
from fattorino.core.fatturapa.format_check import examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.recipient import resolve_recipient
from fattorino.core.fatturapa.rules import OPTIONAL, OWN
from fattorino.core.fatturapa.rules.explain import EXPLAINED, explain
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.fatturapa.trust import read_trusted
from fattorino.core.tracciati.codelists import CodeList
from fattorino.core.tracciati.table import lines
from fattorino.core.tracciati.values import Pattern
from tests.conftest import SHARED
from tests.core.fatturapa import mutants_text, mutants_tree
from tests.core.fatturapa.drafts import (
    CEDENTE,
    CLIENT,
    FOREIGNER,
    OFFICE,
    PERSON,
    TODAY,
    draft,
    invoice,
    line,
    spoil,
)
from tests.core.fatturapa.english import all_said, italian_left, said
from tests.core.fatturapa.mutants import SEED, breeding_stock

D = Decimal
AT = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
SAMPLES = sorted(
    f"{folder}/{path.name}"
    for folder in ("invoices", "signed")
    for path in (SHARED / "sdi" / folder).glob("*")
)
LISTS = [value for value in vars(codes).values() if isinstance(value, CodeList)]


@pytest.mark.parametrize("flow", ["", "pa", "privati"])
def test_every_sample_is_told_in_english(flow: str, shared_data: pathlib.Path) -> None:
    faults = []
    for name in SAMPLES:
        data = (shared_data / "sdi" / name).read_bytes()
        for result in check_file(name, data, Question(TODAY, AT, flow)):  # type: ignore[arg-type]
            faults += [f"{name}: {fault}" for fault in all_said(result.findings)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("spoiling", [mutants_tree.spoil, mutants_text.spoil])
def test_what_breaks_the_format_is_told_in_english(
    spoiling, shared_data: pathlib.Path, official_schemas, record_property
) -> None:
    record_property("seed", f"FATTORINO_SEED={SEED}")
    rng = random.Random(f"{SEED}-english")
    stock = breeding_stock(rng, shared_data, official_schemas)
    faults = []
    for _ in range(400):
        data = spoiling(rng.choice(stock), rng)
        examination = examine(data)
        faults += all_said(examination.findings)
        faults += [fault for text in examination.tolerated if (fault := italian_left(text))]
        faults += [fault for text in (examination.unreadable,) if (fault := italian_left(text))]
        try:
            read_fattura(data)
        except InputError as error:
            faults += [fault for text in (error.message, error.hint) if (fault := italian_left(text))]
    assert not faults, "\n".join(sorted(set(faults)))


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"non so",
        b"<a/>",
        b"<!DOCTYPE a><a/>",
        b"\x30\x82\x01\x02",
        b" " * (20 * 1024 * 1024 + 1),
        zipped(),
        zipped(a__zip=zipped()),
        b"PK\x03\x04 e poi basta",
        b"PK\x03\x04" + b" " * (150 * 1024 * 1024),
    ],
    ids=[
        "empty",
        "no XML",
        "other XML",
        "DOCTYPE",
        "broken",
        "large",
        "empty zip",
        "zip in zip",
        "cut",
        "huge",
    ],
)
def test_a_file_that_cannot_be_opened_is_told_in_english(data: bytes) -> None:
    (result,) = check_file("x.xml", data, Question(TODAY, AT))
    assert not all_said(result.findings)


@pytest.mark.parametrize(
    "act",
    [
        lambda: read_zip(zipped(a=b"x" * 30), max_member_size=10),
        lambda: read_zip(zipped(a=b"x", b=b"y"), max_members=1),
        lambda: read_zip(zipped(a=b"x" * 20, b=b"y" * 20), max_total_size=30),
        lambda: read_zip(zipped(**{"/a": b"x"})),
        lambda: read_zip(zipped(a=b"x", A=b"y")),
        lambda: unwrap(b"1" * 30, max_size=10),
        lambda: read_trusted(b"?", at=AT),
        lambda: read_trusted(b"<a/>", at=AT),
        lambda: read_trusted(b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----", at=AT),
        lambda: write_fattura(spoil(invoice(), document__numero="", document__divisa="€")),
        lambda: build(draft(), cedente=CEDENTE, trasmittente=("IT", "1"), progressivo_invio="é"),
        lambda: build(Draft(), cedente=Party(), trasmittente=("", ""), progressivo_invio=""),
    ],
)
def test_an_error_is_told_in_english(act) -> None:
    with pytest.raises((InputError, RefusedError, FormatError)) as raised:
        act()
    error = raised.value
    told = [error.message, error.hint, *getattr(error, "fields", {}).values()]
    assert not [fault for text in told if (fault := italian_left(text))]
    assert not all_said(getattr(error, "findings", ()))


@pytest.mark.parametrize("party", [CLIENT, OFFICE, PERSON, FOREIGNER, Party(), Party(id_codice="1")])
@pytest.mark.parametrize(
    "code", ["", "UFABC1", "ABC1234", "XXXXXXX", "2R4GTO8", "?"], ids=lambda code: code or "no code"
)
@pytest.mark.parametrize("pec", [None, "a@pec.it", "sdi01@pec.fatturapa.it", "?"])
def test_a_recipient_is_refused_in_english(party: Party, code: str, pec: str | None) -> None:
    try:
        recipient = resolve_recipient(party, code, pec)
    except RefusedError as error:
        told = [error.message, *error.fields.values()]
        assert not [fault for text in told if (fault := italian_left(text))]
    else:
        assert not all_said(recipient.warnings)


ODD = Draft(
    tipo_documento="TD01",
    numero="senza",
    data=TODAY,
    divisa="€",
    esigibilita_iva="?",
    cessionario=dataclasses.replace(FOREIGNER, nome="Ada", denominazione=None),
    linee=(
        line("1e99", "-3", quantita=D(-1)),
        line("NaN", "0.22", natura="N4", sconti=(Discount("?"), Discount("SC"), Discount("SC", D(200)))),
        dataclasses.replace(line(), descrizione="Ł € \x01", aliquota_iva=None, prezzo_unitario=None),
        line("100", "0", natura="N4", ritenuta=True, quantita=D("1.123456789")),
    ),
    casse=(Cassa(None, D(400), D(0), None, ritenuta=True),),
    pagamenti=(Payment(None, importo=D("1.234")),),
    bollo=Bollo(importo=D(-1), addebitato=True),
    codice_destinatario="UFABC1",
)


@pytest.mark.parametrize(
    "odd",
    [
        ODD,
        Draft(),
        dataclasses.replace(ODD, ritenute=(Ritenuta(None, D(300), None),)),
        draft(line("100", "0"), line("100", "22", natura="N1")),
        draft(line("100", "0", natura="N4")),
        draft(ritenute=(Ritenuta("RT01", D(20), "A"),)),
        draft(pagamenti=(Payment("MP05", importo=D(1)),)),
        draft(pagamenti=(Payment("MP05", importo=D(1000)), Payment("MP05"))),
        draft(cessionario=dataclasses.replace(CLIENT, cap="?", comune=None, denominazione=None)),
    ],
)
def test_what_is_said_beside_the_fields_is_english(odd: Draft) -> None:
    found = try_build(odd, cedente=CEDENTE, trasmittente=("IT", "1"), progressivo_invio="1").findings
    assert found, "nothing is asked here of a draft without fault"
    assert not all_said(found)
    assert not all_said(check_draft(odd, cedente=CEDENTE, on=TODAY))


@pytest.mark.parametrize("code", sorted(EXPLAINED) + ["00999"])
def test_a_rejection_is_explained_in_english(code: str) -> None:
    explained = explain(code)
    assert not [fault for text in (explained.plain, explained.remedy) if (fault := italian_left(text))]


def test_what_can_be_switched_off_has_its_english_but_for_the_quoted_controls() -> None:
    ours = [text for code, text in OPTIONAL.items() if code in OWN] + list(WARNINGS.values())
    assert not [fault for text in ours if (fault := italian_left(text))]


@pytest.mark.parametrize("known", LISTS, ids=lambda known: known.name)
def test_every_code_has_an_english_description(known: CodeList) -> None:
    assert not [fault for _, description in known if (fault := italian_left(description))]


@pytest.mark.parametrize("cls", [FatturaElettronica, FatturaElettronicaSemplificata])
def test_every_element_has_an_english_description(cls: type) -> None:
    faults = []
    for each in lines(cls):
        faults += [
            each.field.name + ": " + fault for fault in [italian_left(each.field.description)] if fault
        ]
        value = each.field.value
        if isinstance(value, Pattern) and (fault := italian_left(value.shape)):
            faults.append(f"{each.field.name}: {fault}")
    assert not faults, "\n".join(faults)


def test_what_is_typed_is_quoted_and_the_sentence_is_english() -> None:
    (found,) = [f for f in examine(write_fattura(invoice()).replace(b">EUR<", b">euro<")).findings]
    assert said(found.message) == "<Divisa> (currency) has the value “euro”, which is not admitted."
    assert said(found.hint) == "Needed: three capital letters, such as EUR."
