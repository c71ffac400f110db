from __future__ import annotations

import datetime
import json
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fattorino.core.errors import InputError
from fattorino.core.fatturapa import draft as d


def test_texts_are_stripped_and_an_empty_one_is_absent():
    party = d.Party(denominazione="  Studio  ", nome="   ")
    assert (party.denominazione, party.nome) == ("Studio", None)
    assert d.Draft(codice_destinatario="  ").codice_destinatario == ""
    assert d.Draft(causale=(" a ", "  ")).causale == ("a",)


texts = st.one_of(st.none(), st.text(max_size=8))
numbers = st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-9999))
days = st.one_of(st.none(), st.dates())
discounts = st.builds(d.Discount, tipo=st.sampled_from(["SC", "MG"]), percentuale=numbers, importo=numbers)
lines = st.builds(
    d.Line,
    descrizione=texts,
    quantita=numbers,
    prezzo_unitario=numbers,
    sconti=st.lists(discounts, max_size=2).map(tuple),
    data_inizio_periodo=days,
    ritenuta=st.booleans(),
)
drafts = st.builds(
    d.Draft,
    data=days,
    numero=texts,
    causale=st.lists(st.text(max_size=4), max_size=2).map(tuple),
    linee=st.lists(lines, max_size=2).map(tuple),
    casse=st.lists(st.builds(d.Cassa, tipo_cassa=texts, al_cassa=numbers), max_size=1).map(tuple),
    ritenute=st.lists(st.builds(d.Ritenuta, aliquota_ritenuta=numbers), max_size=1).map(tuple),
    bollo=st.one_of(st.none(), st.builds(d.Bollo, importo=numbers, addebitato=st.booleans())),
    riferimenti=st.lists(
        st.builds(d.Reference, id_documento=texts, riferimento_numero_linea=st.just((1, 2))), max_size=1
    ).map(tuple),
    allegati=st.lists(st.builds(d.Attachment, nome=texts, sha256=st.text(max_size=4)), max_size=1).map(tuple),
    cessionario=st.builds(d.Party, denominazione=texts, rea=st.one_of(st.none(), st.just(d.Rea("RM", "1")))),
    codice_destinatario=st.text(max_size=7),
)


@given(drafts)
def test_a_draft_comes_back_whole_from_json(draft):
    assert d.draft_from_json(json.loads(json.dumps(d.draft_to_json(draft)))) == draft


def test_digits_come_back_as_they_were_typed():
    draft = d.Draft(linee=(d.Line(prezzo_unitario=D("1.50")),))
    assert d.draft_to_json(draft)["linee"][0]["prezzo_unitario"] == "1.50"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"linee": [{}, {"quantita": "tre"}]}, "linee.1.quantita"),
        ({"linee": [{"quantita": 1.5}]}, "linee.0.quantita"),
        ({"linee": [{"quantita": "NaN"}]}, "linee.0.quantita"),
        ({"linee": [{"quantita": "1E+400"}]}, "linee.0.quantita"),
        ({"linee": {}}, "linee"),
        ({"linee": ["x"]}, "linee.0"),
        ({"data": "31/12/2026"}, "data"),
        ({"art73": "sì"}, "art73"),
        ({"numero": 12}, "numero"),
        ({"colore": "blu"}, "colore"),
        ({"riferimenti": [{"kind": "DatiDDT"}]}, "riferimenti.0.kind"),
        ({"riferimenti": [{"riferimento_numero_linea": [True]}]}, "riferimenti.0.riferimento_numero_linea.0"),
    ],
)
def test_what_cannot_be_read_is_refused_under_its_name(data, field):
    with pytest.raises(InputError) as refusal:
        d.draft_from_json(data)
    assert list(refusal.value.fields) == [field]
    problems: dict[str, str] = {}
    d.draft_from_json(data, problems=problems)
    assert list(problems) == [field]


def test_a_lenient_reading_keeps_the_place_of_every_row():
    problems: dict[str, str] = {}
    draft = d.draft_from_json({"linee": [3, {"descrizione": "seconda"}]}, problems=problems)
    assert draft.linee[1].descrizione == "seconda"


def test_dates_are_iso():
    assert d.draft_from_json({"data": "2026-01-31"}).data == datetime.date(2026, 1, 31)
