"""What SdI does not look at but a person should know before sending: always warnings, with names of our own.

Source: Suggerimenti per la compilazione 1.6 (what is not checked), Elenco dei controlli 2.0; 00477 in the part
that a file shows (shape of the protocol, tabular description v1.8, 2.2.1.16.2).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from fattorino.core.errors import InputError
from fattorino.core.fatturapa.ordinaria import (
    DatiDocumentiCorrelati,
    FatturaElettronica,
    FatturaElettronicaBody,
)
from fattorino.core.fatturapa.rules.engine import (
    HEADER,
    Hit,
    Situation,
    bodies,
    casse,
    document,
    document_path,
    lines,
    ordinary,
    riepiloghi,
    taxed,
)
from fattorino.core.fatturapa.totals import STAMP_DUTY_NATURE, STAMP_DUTY_THRESHOLD
from fattorino.core.money import CENT, ZERO, after_steps, italian, percent, r2, total
from fattorino.core.values import UNKNOWN_RECIPIENT, Iban

# Integrations and self-invoices: who writes them pays nobody by them.
OWN_DOCUMENTS = frozenset(
    {"TD16", "TD17", "TD18", "TD19", "TD20", "TD21", "TD22", "TD23", "TD27", "TD28", "TD29"}
)
_PROTOCOL = re.compile(r"\d{17}[-/]\d{6}", re.ASCII)


def gross_total(body: FatturaElettronicaBody) -> Decimal:
    """What ImportoTotaleDocumento should be: riepiloghi, document discounts, rounding of the document."""
    blocks = body.dati_beni_servizi.dati_riepilogo
    data = document(body)
    summed = total(b.imponibile_importo + b.imposta for b in blocks)
    return after_steps(summed, data.sconto_maggiorazione) + (data.arrotondamento or ZERO)


def amount_due(body: FatturaElettronicaBody) -> Decimal:
    """Gross total less split tax and withholdings."""
    split = total(b.imposta for b in body.dati_beni_servizi.dati_riepilogo if b.esigibilita_iva == "S")
    return gross_total(body) - split - total(r.importo_ritenuta for r in document(body).dati_ritenuta)


@ordinary("avviso-totale")
def total_of_the_document(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        declared, right = document(body).importo_totale_documento, gross_total(body)
        here = f"{document_path(path)}/ImportoTotaleDocumento"
        if declared is not None and abs(declared - right) > CENT:
            yield Hit(
                here,
                f"L'importo totale del documento è {italian(declared)}, ma i riepiloghi fanno {italian(right)}.",
                "Il totale è imponibile più imposta, al lordo della ritenuta.",
            )


@ordinary("avviso-negativo")
def negative_total(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        right = gross_total(body)
        if right < 0 and document(body).tipo_documento not in ("TD04", "TD05"):
            yield Hit(
                f"{document_path(path)}/ImportoTotaleDocumento",
                f"Il totale del documento è negativo ({italian(right)}).",
                "Per restituire un importo si usa la nota di credito (TD04), con importi positivi.",
            )


@ordinary("avviso-pagamenti")
def payments(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if not body.dati_pagamento or document(body).tipo_documento in OWN_DOCUMENTS:
            continue
        paid = total(p.importo_pagamento for block in body.dati_pagamento for p in block.dettaglio_pagamento)
        due = amount_due(body)
        if abs(paid - due) > CENT:
            yield Hit(
                f"{path}/DatiPagamento[1]",
                f"I pagamenti fanno {italian(paid)} euro, ma da pagare risultano {italian(due)}"
                " (totale meno ritenute e IVA in scissione).",
                "Controllare gli importi dei pagamenti.",
            )


@ordinary("avviso-iban")
def bank_account(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for number, block in enumerate(body.dati_pagamento, 1):
            for index, payment in enumerate(block.dettaglio_pagamento, 1):
                here = f"{path}/DatiPagamento[{number}]/DettaglioPagamento[{index}]/IBAN"
                if payment.iban is None:
                    if payment.modalita_pagamento == "MP05":
                        yield Hit(here, "Il pagamento è per bonifico ma manca l'IBAN.", "Aggiungere l'IBAN.")
                    continue
                try:
                    Iban.parse(payment.iban)
                except InputError as error:
                    yield Hit(here, error.message, error.hint)


@ordinary("avviso-bollo")
def stamp_duty(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if document(body).dati_bollo is not None or document(body).tipo_documento in OWN_DOCUMENTS:
            continue
        exempt = total(
            b.imponibile_importo for _, b in riepiloghi(path, body) if b.natura in STAMP_DUTY_NATURE
        )
        if exempt > STAMP_DUTY_THRESHOLD:
            yield Hit(
                f"{document_path(path)}/DatiBollo",
                f"Le somme senza IVA sono {italian(exempt)} euro, più di {italian(STAMP_DUTY_THRESHOLD)},"
                " e il bollo manca.",
                "Aggiungere il bollo virtuale di 2 euro, se l'operazione non ne è esente.",
            )


@ordinary("avviso-cig")
def tender_code(fattura: FatturaElettronica, situation: Situation) -> Iterator[Hit]:
    if situation.kind != "FPA12":
        return
    for path, body in bodies(fattura):
        if not any(block.codice_cig for block in _references(body)):
            yield Hit(
                f"{path}/DatiGenerali/DatiOrdineAcquisto",
                "La fattura è per una pubblica amministrazione e non riporta il CIG.",
                "Senza CIG (e CUP, dove previsto) l'ente non può pagare e può rifiutare: aggiungerlo, se"
                " l'operazione non ne è esclusa.",
            )


def _references(body: FatturaElettronicaBody) -> tuple[DatiDocumentiCorrelati, ...]:
    data = body.dati_generali
    return (*data.dati_ordine_acquisto, *data.dati_contratto, *data.dati_convenzione, *data.dati_ricezione,
            *data.dati_fatture_collegate)  # fmt: skip


@ordinary("avviso-cassa")
def contribution(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, cassa in casse(path, body):
            if cassa.imponibile_cassa is None:
                continue
            right = r2(percent(cassa.imponibile_cassa, cassa.al_cassa))
            if abs(cassa.importo_contributo_cassa - right) > CENT:
                yield Hit(
                    f"{here}/ImportoContributoCassa",
                    f"Il contributo è {italian(cassa.importo_contributo_cassa)}, ma il {italian(cassa.al_cassa)} %"
                    f" di {italian(cassa.imponibile_cassa)} fa {italian(right)}.",
                    "Controllare aliquota e imponibile della cassa.",
                )


@ordinary("avviso-ritenuta")
def withholding(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    """Only an amount above the whole base is surely wrong: of some fees only a part is withheld upon."""
    for path, body in bodies(fattura):
        base = total(x.prezzo_totale for _, x in lines(path, body) if x.ritenuta == "SI")
        base += total(c.importo_contributo_cassa for _, c in casse(path, body) if c.ritenuta == "SI")
        for number, block in enumerate(document(body).dati_ritenuta, 1):
            most = r2(percent(base, block.aliquota_ritenuta))
            here = f"{document_path(path)}/DatiRitenuta[{number}]"
            if base and block.importo_ritenuta > most + CENT:
                yield Hit(
                    f"{here}/ImportoRitenuta",
                    f"La ritenuta è {italian(block.importo_ritenuta)}, ma il {italian(block.aliquota_ritenuta)} %"
                    f" delle somme che vi sono soggette ({italian(base)}) fa {italian(most)}.",
                    "Controllare aliquota e righe soggette a ritenuta.",
                )
        split = any(b.esigibilita_iva == "S" for _, b in riepiloghi(path, body))
        if split and any(b.tipo_ritenuta in ("RT01", "RT02") for b in document(body).dati_ritenuta):
            yield Hit(
                f"{document_path(path)}/DatiRitenuta[1]",
                "C'è la ritenuta e insieme la scissione dei pagamenti: ai compensi con ritenuta la scissione"
                " di solito non si applica.",
                "Controllare l'esigibilità dell'IVA (art. 17-ter c. 1-sexies DPR 633/72).",
            )


@ordinary("avviso-linee")
def line_numbers(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        count = Counter(line.numero_linea for _, line in lines(path, body))
        for here, line in lines(path, body):
            if count[line.numero_linea] > 1:
                yield Hit(
                    f"{here}/NumeroLinea",
                    f"Il numero di linea {line.numero_linea} è usato più volte.",
                    "Numerare le linee da 1 in poi.",
                )
                break


@ordinary("avviso-norma")
def law_of_the_natura(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, block in riepiloghi(path, body):
            if block.natura is not None and block.riferimento_normativo is None:
                yield Hit(
                    f"{here}/RiferimentoNormativo",
                    f"Per la Natura {block.natura} non è indicata la norma.",
                    "Scrivere l'articolo di legge che esclude l'IVA.",
                )


@ordinary("avviso-regime")
def regime(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    seller = fattura.fattura_elettronica_header.cedente_prestatore.dati_anagrafici
    if seller.regime_fiscale not in ("RF19", "RF02"):
        return
    for path, body in bodies(fattura):
        if document(body).tipo_documento in OWN_DOCUMENTS:
            continue
        for here, item in taxed(path, body):
            if item.aliquota_iva:
                yield Hit(
                    f"{here}/AliquotaIVA",
                    f"Il regime {seller.regime_fiscale} non addebita l'IVA, ma c'è un'aliquota del"
                    f" {italian(item.aliquota_iva)} %.",
                    "Usare aliquota zero e Natura N2.2, oppure correggere il regime fiscale.",
                )
                break


@ordinary("avviso-collegata")
def credit_note_without_invoice(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        if document(body).tipo_documento == "TD04" and not body.dati_generali.dati_fatture_collegate:
            yield Hit(
                f"{path}/DatiGenerali/DatiFattureCollegate",
                "La nota di credito non dice quale fattura corregge.",
                "Aggiungere numero e data della fattura.",
            )


@ordinary("avviso-destinatario")
def recipient(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    block = fattura.fattura_elettronica_header.dati_trasmissione
    if block.pec_destinatario is not None and block.codice_destinatario != UNKNOWN_RECIPIENT:
        yield Hit(
            f"{HEADER}/DatiTrasmissione/PECDestinatario",
            f"Con il codice destinatario {block.codice_destinatario} la PEC non viene usata.",
            "Togliere la PEC, oppure mettere 0000000 come codice.",
        )
    types = {document(body).tipo_documento for _, body in bodies(fattura)}
    if "TD29" in types and block.codice_destinatario != UNKNOWN_RECIPIENT:
        yield Hit(
            f"{HEADER}/DatiTrasmissione/CodiceDestinatario",
            f"La comunicazione TD29 va inviata con codice destinatario 0000000, non"
            f" {block.codice_destinatario}.",
            "Indicare 0000000.",
        )


@ordinary("00477")
def protocol_of_the_declaration(fattura: FatturaElettronica, _: Situation) -> Iterator[Hit]:
    for path, body in bodies(fattura):
        for here, line in lines(path, body):
            for number, block in enumerate(line.altri_dati_gestionali, 1):
                if block.tipo_dato.upper() != "INTENTO":
                    continue
                if not _PROTOCOL.fullmatch((block.riferimento_testo or "").strip()):
                    yield Hit(
                        f"{here}/AltriDatiGestionali[{number}]/RiferimentoTesto",
                        f"Il protocollo della dichiarazione d'intento «{block.riferimento_testo or ''}» non ha la"
                        " forma giusta.",
                        "Scriverlo come 08060120341234567-000001 (17 cifre, trattino, 6 cifre).",
                    )
