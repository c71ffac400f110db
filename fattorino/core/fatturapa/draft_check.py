"""What SdI would say about a draft, beside the fields where it was typed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import date

from fattorino.core.fatturapa.build import try_build
from fattorino.core.fatturapa.draft import Draft, FieldFinding, Party
from fattorino.core.fatturapa.findings import Severity
from fattorino.core.fatturapa.rules import Known, Situation, run
from fattorino.core.fatturapa.rules.table import Kind
from fattorino.core.tracciati.declaration import python_name

# What a draft cannot get wrong (its sums are ours), or `totals.compute` has said already.
_SAID = frozenset({"avviso-totale", "avviso-pagamenti", "avviso-bollo", "avviso-cassa", "avviso-linee"})

_STEP = re.compile(r"/([A-Za-z0-9]+)(?:\[(\d+)\])?")
_NAMES = {
    "prezzo_totale": "prezzo_unitario",
    "importo_pagamento": "importo",
    "importo_ritenuta": "aliquota_ritenuta",
    "importo_contributo_cassa": "al_cassa",
    "nome_attachment": "nome",
    "formato_attachment": "formato",
    "descrizione_attachment": "descrizione",
    "attachment": "nome",
}
_REFERENCES = (
    "DatiOrdineAcquisto",
    "DatiContratto",
    "DatiConvenzione",
    "DatiRicezione",
    "DatiFattureCollegate",
)
_ROWS = {
    "DettaglioLinee": "linee",
    "DatiCassaPrevidenziale": "casse",
    "DatiRitenuta": "ritenute",
    "DettaglioPagamento": "pagamenti",
    "Allegati": "allegati",
}


def check_draft(
    draft: Draft,
    *,
    cedente: Party,
    on: date,
    known: Known | None = None,
    allegati: Mapping[str, bytes] | None = None,
    without: frozenset[str] = frozenset(),
) -> tuple[FieldFinding, ...]:
    """Everything to say about a draft before it is saved or sent: sums, schema, recipient, rules of SdI.

    A draft without number is judged as if it had one. Attachments whose bytes are not given count as there.

    Args:
        on: the day on which it would be sent.
        without: codes of warnings that are not wanted (`rules.OPTIONAL`). Errors always come.
    Never raises. The first finding of a field is the one to show beside it.
    """
    complete = draft if draft.numero is not None else dataclasses.replace(draft, numero="1")
    contents = {a.sha256: b"-" for a in draft.allegati} | dict(allegati or {})
    attempt = try_build(
        complete,
        cedente=cedente,
        trasmittente=(cedente.id_paese or "IT", cedente.codice_fiscale or cedente.id_codice or "0"),
        progressivo_invio="1",
        allegati=contents,
    )
    findings = list(attempt.findings)
    if attempt.fattura is not None:
        kind: Kind = "FPA12" if attempt.fattura.versione == "FPA12" else "FPR12"
        for verdict in run(attempt.fattura, Situation(kind, on, "emitter", known or Known())):
            if verdict.code in _SAID or verdict.code == "00399":
                continue
            if verdict.severity == "warning" and verdict.code in without:
                continue
            field = field_of_path(verdict.hit.path, draft)
            code = "" if verdict.code.startswith("avviso-") else verdict.code
            severity: Severity = verdict.severity
            findings.append(FieldFinding(field, severity, verdict.hit.message, verdict.hit.hint, code))
    return tuple(sorted(findings, key=lambda f: not f.is_error))


def field_of_path(path: str, draft: Draft | None = None) -> str:
    """The field of a draft that an element comes from: the place to correct it.

    "/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[2]/PrezzoTotale" -> "linee.1.prezzo_unitario".
    With the draft, references and the recharged stamp duty are found too; "" when no single field stands for it.
    """
    found = _STEP.findall(path)
    steps = [(name, int(index or 1) - 1) for name, index in found]
    numbered = [bool(index) for _, index in found]
    names = [name for name, _ in steps]
    last = _NAMES.get(python_name(names[-1]), python_name(names[-1])) if names else ""
    for position, (name, index) in enumerate(steps):
        rest = steps[position + 1 :]
        if name in _ROWS and not numbered[position]:
            return _ROWS[name]  # the block is missing: the whole group is the place
        if name in _ROWS:
            return _row(_ROWS[name], index, rest, last, draft)
        if name in _REFERENCES:
            return _reference(name, index, bool(rest), last, draft)
        if name == "DatiRiepilogo":
            return "esigibilita_iva" if last == "esigibilita_iva" else "linee"
        if name in ("CedentePrestatore", "CessionarioCommittente"):
            owner = "cedente" if name == "CedentePrestatore" else "cessionario"
            return _party_field(owner, rest, last)
        if name == "ScontoMaggiorazione":
            return f"sconti.{index}" + (f".{last}" if rest else "")
    return _document_field(names, last)


def _row(rows: str, index: int, rest: list[tuple[str, int]], last: str, draft: Draft | None) -> str:
    if rows == "linee" and draft is not None and index >= len(draft.linee):
        return "bollo.importo"
    here = f"{rows}.{index}"
    if rest and rest[0][0] == "ScontoMaggiorazione":
        return f"{here}.sconti.{rest[0][1]}" + (f".{last}" if len(rest) > 1 else "")
    return f"{here}.{last}" if rest else here


def _reference(kind: str, index: int, has_field: bool, last: str, draft: Draft | None) -> str:
    places = [i for i, r in enumerate(draft.riferimenti if draft else ()) if r.kind == kind]
    if index >= len(places):
        return "riferimenti"
    here = f"riferimenti.{places[index]}"
    return f"{here}.{last}" if has_field else here


def _party_field(owner: str, rest: list[tuple[str, int]], last: str) -> str:
    if last in ("dati_anagrafici", "id_fiscale_iva", "identificativi_fiscali"):
        return f"{owner}.id_codice"
    if last in ("sede", "anagrafica") or not rest:
        return f"{owner}.{'indirizzo' if last == 'sede' else 'denominazione'}"
    return f"{owner}.{last}"


def _document_field(names: list[str], last: str) -> str:
    if "DatiTrasmissione" in names:
        return last if last in ("codice_destinatario", "pec_destinatario") else "codice_destinatario"
    if "DatiBollo" in names:
        return "bollo"
    if last == "importo_totale_documento":
        return "linee"
    if last == "dati_ritenuta":
        return "ritenute"
    if "DatiPagamento" in names:
        return "condizioni_pagamento" if last == "condizioni_pagamento" else "pagamenti"
    if "DatiGeneraliDocumento" not in names:
        return ""
    fields = {"tipo_documento", "divisa", "data", "numero", "causale", "art73"}
    return last if last in fields else ""
