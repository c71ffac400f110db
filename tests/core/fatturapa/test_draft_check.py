from __future__ import annotations

import dataclasses
import datetime

import pytest

from fattorino.core.fatturapa import draft as d
from fattorino.core.fatturapa.checking import Known, identities
from fattorino.core.fatturapa.draft_check import check_draft, field_of_path
from tests.core.fatturapa.drafts import CEDENTE, CLIENT, OFFICE, TODAY, draft, invoice, line

BODY = "/FatturaElettronicaBody[1]"
HEAD = "/FatturaElettronicaHeader"
DOC = f"{BODY}/DatiGenerali/DatiGeneraliDocumento"


def said(the_draft, **how):
    return {(f.field, f.code) for f in check_draft(the_draft, cedente=CEDENTE, on=TODAY, **how) if f.is_error}


def test_a_good_draft_has_nothing_wrong_even_before_it_has_a_number():
    assert not check_draft(dataclasses.replace(draft(), numero=None), cedente=CEDENTE, on=TODAY)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"data": TODAY + datetime.timedelta(1)}, ("data", "00403")),
        ({"linee": (line(rate="0"),)}, ("linee.0.natura", "00400")),
        ({"cessionario": dataclasses.replace(CLIENT, id_codice="01234567897")}, ("tipo_documento", "00471")),
        ({"tipo_documento": "TD17"}, ("cedente.id_paese", "00473")),
        ({"tipo_documento": "TD21"}, ("tipo_documento", "00472")),
        (
            {
                "tipo_documento": "TD04",
                "riferimenti": (
                    d.Reference("DatiContratto", "1"),
                    d.Reference("DatiFattureCollegate", "1", TODAY),
                ),
            },
            ("riferimenti.1.data", "00418"),
        ),
        ({"codice_destinatario": "XXXXXXX"}, ("codice_destinatario", "")),
        ({"linee": (dataclasses.replace(line(), descrizione=None),)},
         ("linee.0.descrizione", "")),
    ],
)  # fmt: skip
def test_what_sdi_would_refuse_is_said_beside_the_field(change, expected):
    assert expected in said(dataclasses.replace(draft(), **change))


def test_a_number_sent_before_is_said_beside_the_number():
    assert ("numero", "00404") in said(draft(), known=Known(invoices=identities(invoice())))


def test_errors_come_before_warnings_and_an_empty_draft_never_raises():
    findings = check_draft(d.Draft(), cedente=d.Party(), on=TODAY)
    kinds = [f.is_error for f in findings]
    assert kinds == sorted(kinds, reverse=True) and any(kinds)


def test_useful_warnings_come_with_a_field():
    findings = check_draft(
        draft(cessionario=OFFICE, codice_destinatario="UFABC1", pagamenti=(d.Payment("MP05"),)),
        cedente=CEDENTE,
        on=TODAY,
    )
    assert {f.field for f in findings} == {"riferimenti", "pagamenti.0.iban"}
    assert not any(f.is_error for f in findings)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{BODY}/DatiBeniServizi/DettaglioLinee[2]/PrezzoTotale", "linee.1.prezzo_unitario"),
        (f"{BODY}/DatiBeniServizi/DettaglioLinee[1]/ScontoMaggiorazione[3]", "linee.0.sconti.2"),
        (f"{BODY}/DatiBeniServizi/DettaglioLinee[1]/ScontoMaggiorazione[3]/Importo", "linee.0.sconti.2.importo"),
        (f"{BODY}/DatiBeniServizi/DatiRiepilogo[1]/Imposta", "linee"),
        (f"{BODY}/DatiBeniServizi/DatiRiepilogo[1]/EsigibilitaIVA", "esigibilita_iva"),
        (f"{DOC}/Numero", "numero"),
        (f"{DOC}/TipoDocumento", "tipo_documento"),
        (f"{DOC}/ScontoMaggiorazione[1]", "sconti.0"),
        (f"{DOC}/DatiRitenuta", "ritenute"),
        (f"{DOC}/DatiRitenuta[2]/CausalePagamento", "ritenute.1.causale_pagamento"),
        (f"{DOC}/DatiCassaPrevidenziale[1]/AliquotaIVA", "casse.0.aliquota_iva"),
        (f"{DOC}/DatiBollo", "bollo"),
        (f"{DOC}/ImportoTotaleDocumento", "linee"),
        (f"{BODY}/DatiGenerali/DatiFattureCollegate[1]/Data", "riferimenti"),
        (f"{BODY}/DatiPagamento[1]", "pagamenti"),
        (f"{BODY}/DatiPagamento[1]/DettaglioPagamento[2]/ImportoPagamento", "pagamenti.1.importo"),
        (f"{BODY}/Allegati[1]/NomeAttachment", "allegati.0.nome"),
        (f"{HEAD}/CessionarioCommittente/DatiAnagrafici/IdFiscaleIVA/IdCodice", "cessionario.id_codice"),
        (f"{HEAD}/CessionarioCommittente/DatiAnagrafici", "cessionario.id_codice"),
        (f"{HEAD}/CessionarioCommittente/Sede/CAP", "cessionario.cap"),
        (f"{HEAD}/CedentePrestatore/DatiAnagrafici/IdFiscaleIVA/IdPaese", "cedente.id_paese"),
        (f"{HEAD}/DatiTrasmissione/CodiceDestinatario", "codice_destinatario"),
        (f"{HEAD}/DatiTrasmissione/PECDestinatario", "pec_destinatario"),
        ("", ""),
        (f"{BODY}/DatiVeicoli/Data", ""),
    ],
)  # fmt: skip
def test_an_element_leads_to_its_field(path, field):
    assert field_of_path(path) == field


def test_the_recharged_stamp_duty_is_no_line_of_the_form():
    path = f"{BODY}/DatiBeniServizi/DettaglioLinee[2]/Natura"
    assert field_of_path(path, draft(line())) == "bollo.importo"


def test_a_warning_that_is_switched_off_is_not_told_and_an_error_always_is():
    off = frozenset({"avviso-cig", "00425"})
    to_pa = draft(cessionario=OFFICE, codice_destinatario="ABC123")
    (kept,) = check_draft(to_pa, cedente=CEDENTE, on=TODAY)
    assert "CIG" in kept.message
    assert check_draft(to_pa, cedente=CEDENTE, on=TODAY, without=off) == ()
    assert said(dataclasses.replace(to_pa, numero="senza"), without=off) == {("numero", "00425")}


def test_a_price_of_a_hundred_digits_is_refused_beside_its_field_and_never_raises():
    assert ("linee.0.prezzo_unitario", "") in said(draft(line("1e99")))
