"""What SdI does not look at but a person should know before sending: warnings, each of which can be switched off.

Here sums, payment and references; `advice_parties` has the remarks on who sells to whom. Texts and sources: `own`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fattorino.core.errors import InputError
from fattorino.core.fatturapa.ordinaria import DatiDocumentiCorrelati, DettaglioLinee
from fattorino.core.fatturapa.rules.case import Hit, Hits, OrdinaryCase, SimpleCase
from fattorino.core.fatturapa.rules.counting import CASSE, MARKED, NATURES, PAYMENTS, REPEATED, RITENUTE
from fattorino.core.fatturapa.rules.engine import (
    NO_VAT_REGIME,
    NO_VAT_REGIMES,
    cassa_path,
    document_path,
    each,
    line_path,
    ordinary_body,
    riepilogo_path,
    simplified_body,
)
from fattorino.core.fatturapa.rules.tally import AnyTally, SimpleTally, Tally, is_odd_intent
from fattorino.core.fatturapa.totals import STAMP_DUTY_THRESHOLD
from fattorino.core.money import CENT, ZERO, italian, percent, r2
from fattorino.core.texts import say
from fattorino.core.values import Iban

# Integrations and self-invoices: who writes them pays nobody by them.
OWN_DOCUMENTS = frozenset(
    {"TD16", "TD17", "TD18", "TD19", "TD20", "TD21", "TD22", "TD23", "TD27", "TD28", "TD29"}
)


@ordinary_body("avviso-totale")
def total_of_the_document(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    declared = tally.general.importo_totale_documento
    if declared is not None and abs(declared - tally.gross) > CENT:
        yield Hit(
            f"{document_path(tally)}/ImportoTotaleDocumento",
            say(
                "L'importo totale del documento è {declared}, ma i riepiloghi fanno {gross}.",
                declared=italian(declared),
                gross=italian(tally.gross),
            ),
            say("Il totale è imponibile più imposta, al lordo della ritenuta."),
        )


@ordinary_body("avviso-negativo")
def negative_total(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    if tally.gross < 0 and tally.general.tipo_documento not in ("TD04", "TD05"):
        yield Hit(
            f"{document_path(tally)}/ImportoTotaleDocumento",
            say("Il totale del documento è negativo ({gross}).", gross=italian(tally.gross)),
            say("Per restituire un importo si usa la nota di credito (TD04), con importi positivi."),
        )


@ordinary_body("avviso-pagamenti", needs=PAYMENTS)
def payments(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    blocks = tally.body.dati_pagamento
    if not blocks or tally.general.tipo_documento in OWN_DOCUMENTS:
        return
    paid = ZERO
    for block in blocks:
        for payment in block.dettaglio_pagamento:
            paid += payment.importo_pagamento
    due = tally.due
    if abs(paid - due) > CENT:
        yield Hit(
            f"{tally.path}/DatiPagamento[1]",
            say(
                "I pagamenti fanno {paid} euro, ma da pagare risultano {due}"
                " (totale meno ritenute e IVA in scissione).",
                paid=italian(paid),
                due=italian(due),
            ),
            say("Controllare gli importi dei pagamenti."),
        )


@ordinary_body("avviso-iban", needs=PAYMENTS)
def bank_account(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, block in enumerate(tally.body.dati_pagamento, 1):
        for index, payment in enumerate(block.dettaglio_pagamento, 1):
            if payment.iban is not None:
                problem = _iban_problem(payment.iban)
            elif payment.modalita_pagamento == "MP05":
                problem = (say("Il pagamento è per bonifico ma manca l'IBAN."), say("Aggiungere l'IBAN."))
            else:
                problem = None
            if problem:
                here = f"{tally.path}/DatiPagamento[{number}]/DettaglioPagamento[{index}]/IBAN"
                yield Hit(here, *problem)


@lru_cache(maxsize=1024)
def _iban_problem(text: str) -> tuple[str, str] | None:
    try:
        Iban.parse(text)
    except InputError as error:
        return error.message, error.hint
    return None


@ordinary_body("avviso-bollo", needs=NATURES)
def stamp_duty(tally: Tally, _: OrdinaryCase) -> Hits:
    if tally.exempt <= STAMP_DUTY_THRESHOLD or tally.general.dati_bollo is not None:
        return ()
    return () if tally.general.tipo_documento in OWN_DOCUMENTS else (_no_stamp(tally, "DatiBollo"),)


@simplified_body("avviso-bollo")
def simple_stamp_duty(tally: SimpleTally, _: SimpleCase) -> Hits:
    if tally.exempt <= STAMP_DUTY_THRESHOLD or tally.general.bollo_virtuale is not None:
        return ()
    return (_no_stamp(tally, "BolloVirtuale"),)


def _no_stamp(tally: AnyTally, element: str) -> Hit:
    return Hit(
        f"{document_path(tally)}/{element}",
        say(
            "Le somme senza IVA sono {exempt} euro, più di {threshold}, e il bollo manca.",
            exempt=italian(tally.exempt),
            threshold=italian(STAMP_DUTY_THRESHOLD),
        ),
        say("Aggiungere il bollo virtuale di 2 euro, se l'operazione non ne è esente."),
    )


_REFERENCES = (
    ("DatiOrdineAcquisto", "dati_ordine_acquisto"),
    ("DatiContratto", "dati_contratto"),
    ("DatiConvenzione", "dati_convenzione"),
    ("DatiRicezione", "dati_ricezione"),
    ("DatiFattureCollegate", "dati_fatture_collegate"),
)
_CODES = (("CIG", "codice_cig", 10), ("CUP", "codice_cup", 15))


@ordinary_body("avviso-cig")
def tender_code(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    """Which contracts have no CIG, and which projects want a CUP, a file does not tell."""
    has_cig = False
    for name, attribute in _REFERENCES:
        blocks: tuple[DatiDocumentiCorrelati, ...] = getattr(tally.body.dati_generali, attribute)
        for number, block in enumerate(blocks, 1):
            has_cig = has_cig or bool(block.codice_cig)
            yield from _odd_codes(f"{tally.path}/DatiGenerali/{name}[{number}]", block)
    if not has_cig:
        yield Hit(
            f"{tally.path}/DatiGenerali/DatiOrdineAcquisto",
            say("La fattura è per una pubblica amministrazione e non riporta il CIG."),
            say(
                "Senza CIG (e CUP, dove previsto) l'ente non può pagare e può rifiutare: aggiungerlo, se"
                " l'operazione non ne è esclusa."
            ),
        )


def _odd_codes(here: str, block: DatiDocumentiCorrelati) -> Iterator[Hit]:
    for name, attribute, length in _CODES:
        code: str | None = getattr(block, attribute)
        if code is not None and not (len(code.strip()) == length and code.strip().isalnum()):
            yield Hit(
                f"{here}/Codice{name}",
                say(
                    "Il {name} «{code}» non ha {length} lettere e cifre: ne ha {found}.",
                    name=name,
                    code=code,
                    length=length,
                    found=len(code.strip()),
                ),
                say(
                    "Ricopiare il {name} dal contratto o dall'ordine; se l'operazione ne è esclusa, lasciarlo vuoto.",
                    name=name,
                ),
            )


@ordinary_body("avviso-cassa", needs=CASSE)
def contribution(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, cassa in enumerate(tally.casse, 1):
        if cassa.imponibile_cassa is None:
            continue
        right = r2(percent(cassa.imponibile_cassa, cassa.al_cassa))
        if abs(cassa.importo_contributo_cassa - right) > CENT:
            yield Hit(
                f"{cassa_path(tally, number)}/ImportoContributoCassa",
                say(
                    "Il contributo è {importo_contributo_cassa}, ma il {al_cassa} %"
                    " di {imponibile_cassa} fa {right}.",
                    importo_contributo_cassa=italian(cassa.importo_contributo_cassa),
                    al_cassa=italian(cassa.al_cassa),
                    imponibile_cassa=italian(cassa.imponibile_cassa),
                    right=italian(right),
                ),
                say("Controllare aliquota e imponibile della cassa."),
            )


@ordinary_body("avviso-ritenuta", needs=RITENUTE)
def withholding(tally: Tally, _: OrdinaryCase) -> Hits:
    return _withholding(tally) if tally.general.dati_ritenuta else ()


def _withholding(tally: Tally) -> Iterator[Hit]:
    """Only an amount above the whole base is surely wrong: of some fees only a part is withheld upon."""
    base = tally.withheld
    for cassa in tally.casse:
        if cassa.ritenuta is not None:
            base += cassa.importo_contributo_cassa
    blocks = tally.general.dati_ritenuta
    for number, block in enumerate(blocks, 1):
        most = r2(percent(base, block.aliquota_ritenuta))
        if base and block.importo_ritenuta > most + CENT:
            yield Hit(
                f"{document_path(tally)}/DatiRitenuta[{number}]/ImportoRitenuta",
                say(
                    "La ritenuta è {importo_ritenuta}, ma il {aliquota_ritenuta} %"
                    " delle somme che vi sono soggette ({base}) fa {most}.",
                    importo_ritenuta=italian(block.importo_ritenuta),
                    aliquota_ritenuta=italian(block.aliquota_ritenuta),
                    base=italian(base),
                    most=italian(most),
                ),
                say("Controllare aliquota e righe soggette a ritenuta."),
            )
    split = any(block.esigibilita_iva == "S" for block in tally.riepiloghi)
    if split and any(block.tipo_ritenuta in ("RT01", "RT02") for block in blocks):
        yield Hit(
            f"{document_path(tally)}/DatiRitenuta[1]",
            say(
                "C'è la ritenuta e insieme la scissione dei pagamenti: ai compensi con ritenuta la scissione"
                " di solito non si applica."
            ),
            say("Controllare l'esigibilità dell'IVA (art. 17-ter c. 1-sexies DPR 633/72)."),
        )


@ordinary_body("avviso-linee", needs=REPEATED)
def line_numbers(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    if tally.repeated is not None:
        number, line = tally.repeated
        yield Hit(
            f"{line_path(tally, number)}/NumeroLinea",
            say("Il numero di linea {line} è usato più volte.", line=line.numero_linea),
            say("Numerare le linee da 1 in poi."),
        )


@ordinary_body("avviso-norma", needs=NATURES)
def law_of_the_natura(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    for number, block in enumerate(tally.riepiloghi, 1):
        if block.natura is not None and block.riferimento_normativo is None:
            yield Hit(
                f"{riepilogo_path(tally, number)}/RiferimentoNormativo",
                say("Per la Natura {natura} non è indicata la norma.", natura=block.natura),
                say("Scrivere l'articolo di legge che esclude l'IVA."),
            )


@ordinary_body("avviso-regime", needs=NO_VAT_REGIME)
def regime(tally: Tally, case: OrdinaryCase) -> Iterator[Hit]:
    if case.parties.regime not in NO_VAT_REGIMES or tally.general.tipo_documento in OWN_DOCUMENTS:
        return
    for rate, sums in tally.rates.items():
        if rate:
            here = (
                line_path(tally, sums.line)
                if sums.line
                else cassa_path(tally, sums.cassa)
                if sums.cassa
                else riepilogo_path(tally, sums.riepilogo)
            )
            yield Hit(
                f"{here}/AliquotaIVA",
                say(
                    "Il regime {regime} non addebita l'IVA, ma c'è un'aliquota del {rate} %.",
                    regime=case.parties.regime,
                    rate=italian(rate),
                ),
                say("Usare aliquota zero e Natura N2.2, oppure correggere il regime fiscale."),
            )
            return


@ordinary_body("avviso-collegata", types="TD04")
def credit_note_without_invoice(tally: Tally, _: OrdinaryCase) -> Iterator[Hit]:
    if tally.general.tipo_documento == "TD04" and not tally.body.dati_generali.dati_fatture_collegate:
        yield Hit(
            f"{tally.path}/DatiGenerali/DatiFattureCollegate",
            say("La nota di credito non dice quale fattura corregge."),
            say("Aggiungere numero e data della fattura."),
        )


@ordinary_body("00477", needs=MARKED)
def protocol_of_the_declaration(tally: Tally, _: OrdinaryCase) -> Hits:
    """Only the shape of the protocol: which declarations are invalidated SdI alone knows."""
    return each(tally, "odd declaration of intent", _odd_intent)


def _odd_intent(here: str, line: DettaglioLinee) -> Hit:
    number, block = next((n, b) for n, b in enumerate(line.altri_dati_gestionali, 1) if is_odd_intent(b))
    return Hit(
        f"{here}/AltriDatiGestionali[{number}]/RiferimentoTesto",
        say(
            "Il protocollo della dichiarazione d'intento «{text}» non ha la forma giusta.",
            text=block.riferimento_testo or "",
        ),
        say("Scriverlo come 08060120341234567-000001 (17 cifre, trattino, 6 cifre)."),
    )
