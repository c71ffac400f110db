from __future__ import annotations

import dataclasses
import datetime
import random
from decimal import localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fattorino.core.fatturapa import FatturaElettronica, FatturaElettronicaSemplificata
from fattorino.core.fatturapa.rules import MOST_PLACES, Hit, Known, Situation, identities, run, tally_of
from fattorino.core.fatturapa.rules.case import Case, More
from fattorino.core.fatturapa.rules.engine import in_force
from fattorino.core.fatturapa.rules.sides import sides
from fattorino.core.money import EXACT
from tests.core.fatturapa import generated
from tests.core.fatturapa.drafts import TODAY, invoice, line, spoil


def random_invoice(seed, kind, bodies):
    rng = random.Random(seed)
    cls = FatturaElettronicaSemplificata if kind == "FSM10" else FatturaElettronica
    f = generated.document(cls, rng, rng.random(), most=4)
    some = tuple(rng.choices(f.fattura_elettronica_body, k=bodies))
    return dataclasses.replace(f, versione=kind, fattura_elettronica_body=some)


def asked_one_by_one(fattura, situation):
    """Every rule in force, whatever it says it needs."""
    tallies = tuple(tally_of(n, body) for n, body in enumerate(fattura.fattura_elettronica_body, 1))
    case = Case(fattura, situation, sides(fattura), tallies)
    found = set()
    with localcontext(EXACT):
        for rule, _severity in in_force(situation.kind, situation.on):
            asked = [(tally, case) for tally in tallies] if rule.each_body else [(case,)]
            if rule.types:
                asked = [pair for pair in asked if pair[0].general.tipo_documento in rule.types]
            for arguments in asked:
                found |= {(rule.code, hit.path) for hit in rule.function(*arguments) if isinstance(hit, Hit)}
    return found


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(["FPA12", "FPR12", "FSM10"]),
    st.integers(1, 3),
    st.sampled_from(["emitter", "receiver"]),
    st.dates(datetime.date(2019, 1, 1), datetime.date(2027, 1, 1)),
)
def test_a_rule_that_is_not_asked_would_have_said_nothing(seed, kind, bodies, side, on):
    f = random_invoice(seed, kind, bodies)
    situation = Situation(kind, on, side, Known("a", frozenset({"a"}), identities(f)))
    assert {(v.code, v.hit.path) for v in run(f, situation)} == asked_one_by_one(f, situation)


def test_of_one_code_at_most_so_many_places_are_listed_and_the_others_counted():
    row = line("1", "0", natura="N4")
    one = invoice(row).fattura_elettronica_body[0].dati_beni_servizi.dettaglio_linee[0]
    for count, more in (
        (MOST_PLACES, None),
        (MOST_PLACES + 1, "un altro punto ha"),
        (1000, "altri 800 punti hanno"),
    ):
        many = tuple(dataclasses.replace(one, natura=None, numero_linea=i + 1) for i in range(count))
        f = spoil(invoice(row), goods__dettaglio_linee=many)
        hits = [v.hit for v in run(f, Situation("FPR12", TODAY)) if v.code == "00400"]
        assert len([h for h in hits if h.path]) == min(count, MOST_PLACES)
        said = [h.message for h in hits if not h.path]
        assert (more is None and not said) or (len(said) == 1 and str(more) in said[0])


def test_the_places_of_all_bodies_count_together():
    row = line("1", "0", natura="N4")
    f = spoil(invoice(row), line__natura=None)
    many = dataclasses.replace(f, fattura_elettronica_body=f.fattura_elettronica_body * (MOST_PLACES + 50))
    hits = [v.hit for v in run(many, Situation("FPR12", TODAY)) if v.code == "00400"]
    assert len(hits) == MOST_PLACES + 1 and "altri 50 punti" in hits[-1].message


def test_more_is_only_a_number():
    assert More(3).count == 3


@pytest.mark.parametrize("kind", ["FPA12", "FPR12", "FSM10"])
def test_rules_are_chosen_once_for_a_flow_and_a_day(kind):
    assert in_force(kind, TODAY) is in_force(kind, TODAY)
    assert len(in_force(kind, datetime.date(2019, 1, 1))) < len(in_force(kind, TODAY))
