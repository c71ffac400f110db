"""From a draft to a FatturaElettronica: the same arithmetic as the live totals, the schema's own facets.

Sources: XSD 1.2.3, tabular description v1.8; Suggerimenti per la compilazione 1.6.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.assembly import Assembly, telephone, upper
from fattorino.core.fatturapa.draft import Draft, FieldFinding, Line, Party, Reference
from fattorino.core.fatturapa.recipient import Recipient, resolve_recipient
from fattorino.core.fatturapa.totals import Riepilogo, TotaledLine, Totals, compute

# Whole file 5 MB; what is not attachment is small, base64 adds a third.
LARGEST_ATTACHMENTS = 3_500_000
FOREIGN_CAP = "00000"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of building: the invoice, None when a finding is an error."""

    fattura: o.FatturaElettronica | None
    totals: Totals
    findings: tuple[FieldFinding, ...]


def build(
    draft: Draft,
    *,
    cedente: Party,
    trasmittente: tuple[str, str],
    progressivo_invio: str,
    allegati: Mapping[str, bytes] | None = None,
    terzo_intermediario: Party | None = None,
    soggetto_emittente: str | None = None,
) -> o.FatturaElettronica:
    """The invoice of a complete draft.

    Args:
        cedente: who sells, with `regime_fiscale`.
        trasmittente: (id_paese, id_codice) of who transmits; in Italy the tax code.
        progressivo_invio: up to ten letters and digits.
        allegati: the bytes of the attachments by their sha256.
        terzo_intermediario: who issues in the seller's name (1.5), with `soggetto_emittente` CC or TZ.
    Raises:
        RefusedError: with `fields`, one Italian message a field ("linee.0.descrizione", "cedente.cap" ...).
    """
    attempt = try_build(
        draft,
        cedente=cedente,
        trasmittente=trasmittente,
        progressivo_invio=progressivo_invio,
        allegati=allegati,
        terzo_intermediario=terzo_intermediario,
        soggetto_emittente=soggetto_emittente,
    )
    if attempt.fattura is None:
        fields: dict[str, str] = {}
        for finding in attempt.findings:
            if finding.is_error:
                fields.setdefault(finding.field, f"{finding.message} {finding.hint}".strip())
        first = next(iter(fields.values()))
        raise RefusedError(
            f"La fattura non si può preparare: {len(fields)} campi da correggere."
            if len(fields) > 1
            else f"La fattura non si può preparare. {first}",
            fields=fields,
        )
    return attempt.fattura


def try_build(
    draft: Draft,
    *,
    cedente: Party,
    trasmittente: tuple[str, str],
    progressivo_invio: str,
    allegati: Mapping[str, bytes] | None = None,
    terzo_intermediario: Party | None = None,
    soggetto_emittente: str | None = None,
) -> Attempt:
    """As `build`, but with all findings, warnings too (replaced signs, missing stamp ...), and never raising."""
    work = Assembly()
    totals = compute(draft)
    work.findings.extend(totals.findings)
    recipient = _recipient(work, draft)
    emittente = soggetto_emittente or ("TZ" if terzo_intermediario is not None else None)
    header = _header(work, draft, recipient, cedente, trasmittente, progressivo_invio)
    header = dataclasses.replace(
        header,
        terzo_intermediario_o_soggetto_emittente=_third(work, terzo_intermediario),
        soggetto_emittente=emittente,
    )
    body = _body(work, draft, totals, allegati or {})
    failed = any(f.is_error for f in work.findings)
    fattura = o.FatturaElettronica(
        versione=recipient.formato, fattura_elettronica_header=header, fattura_elettronica_body=(body,)
    )
    return Attempt(None if failed else fattura, totals, tuple(work.findings))


def _recipient(work: Assembly, draft: Draft) -> Recipient:
    try:
        recipient = resolve_recipient(draft.cessionario, draft.codice_destinatario, draft.pec_destinatario)
    except RefusedError as refused:
        for field, message in refused.fields.items():
            work.error(field, message)
        return Recipient("FPR12", "0000000")  # holds the place; the errors keep it from being used
    work.findings.extend(recipient.warnings)
    return recipient


# ------------------------------------------------------------------------------------------------ header


def _header(
    work: Assembly,
    draft: Draft,
    recipient: Recipient,
    cedente: Party,
    trasmittente: tuple[str, str],
    progressivo: str,
) -> o.FatturaElettronicaHeader:
    trasmissione = work.make(
        o.DatiTrasmissione,
        "",
        id_trasmittente=work.make(
            o.IdFiscale, "trasmittente", id_paese=upper(trasmittente[0]), id_codice=upper(trasmittente[1])
        ),
        progressivo_invio=progressivo,
        formato_trasmissione=recipient.formato,
        codice_destinatario=recipient.codice_destinatario,
        pec_destinatario=recipient.pec_destinatario,
    )
    return o.FatturaElettronicaHeader(
        dati_trasmissione=trasmissione,
        cedente_prestatore=_cedente(work, cedente),
        cessionario_committente=_cessionario(work, draft.cessionario),
    )


def _cedente(work: Assembly, party: Party) -> o.CedentePrestatore:
    here = "cedente"
    rea = party.rea
    contacts = (telephone(party.telefono), telephone(party.fax), party.email)
    iscrizione = rea and work.make(
        o.IscrizioneREA,
        f"{here}.rea",
        ufficio=upper(rea.ufficio),
        numero_rea=rea.numero_rea,
        capitale_sociale=rea.capitale_sociale,
        socio_unico=rea.socio_unico,
        stato_liquidazione=rea.stato_liquidazione or "LN",
    )
    contatti = any(contacts) and work.make(
        o.Contatti, here, telefono=contacts[0], fax=contacts[1], email=contacts[2]
    )
    return work.make(
        o.CedentePrestatore,
        here,
        dati_anagrafici=work.make(
            o.DatiAnagraficiCedente,
            here,
            id_fiscale_iva=work.make(
                o.IdFiscale, here, id_paese=upper(party.id_paese) or "IT", id_codice=upper(party.id_codice)
            ),
            codice_fiscale=upper(party.codice_fiscale),
            anagrafica=_anagrafica(work, here, party),
            albo_professionale=party.albo_professionale,
            provincia_albo=upper(party.provincia_albo),
            numero_iscrizione_albo=party.numero_iscrizione_albo,
            data_iscrizione_albo=party.data_iscrizione_albo,
            regime_fiscale=party.regime_fiscale,
        ),
        sede=_sede(work, here, party),
        iscrizione_rea=iscrizione or None,
        contatti=contatti or None,
        riferimento_amministrazione=party.riferimento_amministrazione,
    )


def _cessionario(work: Assembly, party: Party) -> o.CessionarioCommittente:
    here = "cessionario"
    return o.CessionarioCommittente(
        dati_anagrafici=work.make(
            o.DatiAnagraficiCessionario,
            here,
            id_fiscale_iva=_id_fiscale(work, here, party),
            codice_fiscale=upper(party.codice_fiscale),
            anagrafica=_anagrafica(work, here, party),
        ),
        sede=_sede(work, here, party),
    )


def _third(work: Assembly, party: Party | None) -> o.TerzoIntermediarioOSoggettoEmittente | None:
    if party is None:
        return None
    here = "terzo_intermediario"
    return o.TerzoIntermediarioOSoggettoEmittente(
        dati_anagrafici=work.make(
            o.DatiAnagraficiTerzoIntermediario,
            here,
            id_fiscale_iva=_id_fiscale(work, here, party),
            codice_fiscale=upper(party.codice_fiscale),
            anagrafica=_anagrafica(work, here, party),
        )
    )


def _id_fiscale(work: Assembly, here: str, party: Party) -> o.IdFiscale | None:
    if party.id_codice is None:
        return None
    return work.make(o.IdFiscale, here, id_paese=upper(party.id_paese), id_codice=upper(party.id_codice))


def _anagrafica(work: Assembly, here: str, party: Party) -> o.Anagrafica:
    """Denominazione xor Nome and Cognome; a company name given beside a person's wins."""
    person = party.denominazione is None
    if person and party.nome is None and party.cognome is None:
        work.error(f"{here}.denominazione", "Manca la denominazione, oppure nome e cognome.")
    elif person and (party.nome is None or party.cognome is None):
        missing = "nome" if party.nome is None else "cognome"
        work.error(f"{here}.{missing}", f"Manca il {missing}.", "Per una persona servono nome e cognome.")
    return work.make(
        o.Anagrafica,
        here,
        denominazione=party.denominazione,
        nome=party.nome if person else None,
        cognome=party.cognome if person else None,
        titolo=party.titolo,
        cod_eori=upper(party.cod_eori),
    )


def _sede(work: Assembly, here: str, party: Party) -> o.Indirizzo:
    country = upper(party.nazione) or upper(party.id_paese) or "IT"
    cap, province = upper(party.cap), upper(party.provincia)
    if country != "IT":
        # CAP has five digits in the schema and the province two Italian letters: abroad 00000 and nothing.
        if cap is None or not (len(cap) == 5 and cap.isascii() and cap.isdigit()):
            if cap is not None:
                work.warning(
                    f"{here}.cap",
                    f"Il codice postale estero {party.cap} non entra nel tracciato: nella fattura sarà 00000.",
                    "Se serve, scriverlo accanto al comune.",
                )
            cap = FOREIGN_CAP
        province = None
    return work.make(
        o.Indirizzo,
        here,
        indirizzo=party.indirizzo,
        numero_civico=party.numero_civico,
        cap=cap,
        comune=party.comune,
        provincia=province,
        nazione=country,
    )


# -------------------------------------------------------------------------------------------------- body


def _body(
    work: Assembly, draft: Draft, totals: Totals, contents: Mapping[str, bytes]
) -> o.FatturaElettronicaBody:
    return o.FatturaElettronicaBody(
        dati_generali=_generali(work, draft, totals),
        dati_beni_servizi=o.DatiBeniServizi(
            dettaglio_linee=tuple(_linea(work, line) for line in totals.linee),
            dati_riepilogo=_riepilogo(work, totals),
        ),
        dati_pagamento=_pagamento(work, draft, totals),
        allegati=_allegati(work, draft, contents),
    )


def _generali(work: Assembly, draft: Draft, totals: Totals) -> o.DatiGenerali:
    documento = work.make(
        o.DatiGeneraliDocumento,
        "",
        names={"importo_totale_documento": "linee"},
        tipo_documento=upper(draft.tipo_documento),
        divisa=upper(draft.divisa),
        data=draft.data,
        numero=draft.numero,
        dati_ritenuta=_ritenute(work, totals),
        dati_bollo=None
        if totals.bollo is None
        else o.DatiBollo(bollo_virtuale="SI", importo_bollo=totals.bollo),
        dati_cassa_previdenziale=_casse(work, totals),
        sconto_maggiorazione=tuple(
            work.make(
                o.ScontoMaggiorazione,
                f"sconti.{i}",
                tipo=s.tipo,
                percentuale=s.percentuale,
                importo=s.importo,
            )
            for i, s in enumerate(draft.sconti)
        ),
        importo_totale_documento=totals.totale_documento,
        causale=draft.causale,
        art73="SI" if draft.art73 else None,
    )
    if draft.numero is not None and not any("0" <= c <= "9" for c in draft.numero):
        work.error(
            "numero", f"Il numero «{draft.numero}» non contiene cifre.", "Aggiungere un numero.", "00425"
        )
    blocks: dict[str, list[o.DatiDocumentiCorrelati]] = {}
    for index, reference in enumerate(draft.riferimenti):
        blocks.setdefault(reference.kind, []).append(_riferimento(work, index, reference))
    return o.DatiGenerali(
        dati_generali_documento=documento,
        dati_ordine_acquisto=tuple(blocks.get("DatiOrdineAcquisto", ())),
        dati_contratto=tuple(blocks.get("DatiContratto", ())),
        dati_convenzione=tuple(blocks.get("DatiConvenzione", ())),
        dati_ricezione=tuple(blocks.get("DatiRicezione", ())),
        dati_fatture_collegate=tuple(blocks.get("DatiFattureCollegate", ())),
    )


def _ritenute(work: Assembly, totals: Totals) -> tuple[o.DatiRitenuta, ...]:
    return tuple(
        work.make(
            o.DatiRitenuta,
            f"ritenute.{i}",
            tipo_ritenuta=item.ritenuta.tipo_ritenuta,
            importo_ritenuta=item.importo,
            aliquota_ritenuta=item.ritenuta.aliquota_ritenuta,
            causale_pagamento=item.ritenuta.causale_pagamento,
        )
        for i, item in enumerate(totals.ritenute)
    )


def _casse(work: Assembly, totals: Totals) -> tuple[o.DatiCassaPrevidenziale, ...]:
    return tuple(
        work.make(
            o.DatiCassaPrevidenziale,
            f"casse.{i}",
            tipo_cassa=item.cassa.tipo_cassa,
            al_cassa=item.cassa.al_cassa,
            importo_contributo_cassa=item.importo,
            imponibile_cassa=item.imponibile,
            aliquota_iva=item.cassa.aliquota_iva,
            ritenuta="SI" if item.cassa.ritenuta else None,
            natura=item.cassa.natura,
        )
        for i, item in enumerate(totals.casse)
    )


def _riferimento(work: Assembly, index: int, reference: Reference) -> o.DatiDocumentiCorrelati:
    return work.make(
        o.DatiDocumentiCorrelati,
        f"riferimenti.{index}",
        riferimento_numero_linea=reference.riferimento_numero_linea,
        id_documento=reference.id_documento,
        data=reference.data,
        num_item=reference.num_item,
        codice_commessa_convenzione=reference.codice_commessa_convenzione,
        codice_cup=upper(reference.codice_cup),
        codice_cig=upper(reference.codice_cig),
    )


def _linea(work: Assembly, item: TotaledLine) -> o.DettaglioLinee:
    line = item.line
    here = "bollo" if item.index is None else f"linee.{item.index}"
    if _backwards(line.data_inizio_periodo, line.data_fine_periodo):
        work.warning(f"{here}.data_fine_periodo", "Il periodo finisce prima di cominciare.")
    return work.make(
        o.DettaglioLinee,
        here,
        names={"prezzo_totale": f"{here}.prezzo_unitario"},
        numero_linea=item.numero_linea,
        tipo_cessione_prestazione=line.tipo_cessione_prestazione,
        codice_articolo=_articolo(work, here, line),
        descrizione=line.descrizione,
        quantita=line.quantita,
        unita_misura=line.unita_misura,
        data_inizio_periodo=line.data_inizio_periodo,
        data_fine_periodo=line.data_fine_periodo,
        prezzo_unitario=line.prezzo_unitario,
        sconto_maggiorazione=tuple(
            work.make(
                o.ScontoMaggiorazione,
                f"{here}.sconti.{i}",
                tipo=step.tipo,
                percentuale=step.percentuale,
                importo=step.importo,
            )
            for i, step in enumerate(line.sconti)
        ),
        prezzo_totale=item.prezzo_totale,
        aliquota_iva=line.aliquota_iva,
        ritenuta="SI" if line.ritenuta else None,
        natura=line.natura,
        riferimento_amministrazione=line.riferimento_amministrazione,
    )


def _backwards(start: datetime.date | None, end: datetime.date | None) -> bool:
    return start is not None and end is not None and end < start


def _articolo(work: Assembly, here: str, line: Line) -> tuple[o.CodiceArticolo, ...]:
    if line.codice_tipo is None and line.codice_valore is None:
        return ()
    return (
        work.make(o.CodiceArticolo, here, codice_tipo=line.codice_tipo, codice_valore=line.codice_valore),
    )


def _riepilogo(work: Assembly, totals: Totals) -> tuple[o.DatiRiepilogo, ...]:
    return tuple(
        work.make(
            o.DatiRiepilogo,
            _first_line(totals, r),
            names={"esigibilita_iva": "esigibilita_iva", "imponibile_importo": "linee", "imposta": "linee"},
            aliquota_iva=r.aliquota_iva,
            natura=r.natura,
            arrotondamento=r.arrotondamento,
            imponibile_importo=r.imponibile_importo,
            imposta=r.imposta,
            esigibilita_iva=r.esigibilita_iva,
            riferimento_normativo=r.riferimento_normativo,
        )
        for r in totals.riepiloghi
    )


def _first_line(totals: Totals, riepilogo: Riepilogo) -> str:
    """The first line that gave this block a law, as a field name: there a wrong law is to be corrected."""
    for item in totals.linee:
        line = item.line
        if item.index is not None and line.natura == riepilogo.natura and line.riferimento_normativo:
            return f"linee.{item.index}"
    return "casse.0" if totals.casse else "linee"


def _pagamento(work: Assembly, draft: Draft, totals: Totals) -> tuple[o.DatiPagamento, ...]:
    if not totals.pagamenti:
        return ()
    details = tuple(
        work.make(
            o.DettaglioPagamento,
            f"pagamenti.{i}",
            names={"importo_pagamento": f"pagamenti.{i}.importo"},
            beneficiario=item.payment.beneficiario,
            modalita_pagamento=item.payment.modalita_pagamento,
            data_scadenza_pagamento=item.payment.data_scadenza_pagamento,
            importo_pagamento=item.importo,
            istituto_finanziario=item.payment.istituto_finanziario,
            iban=upper(item.payment.iban),
            bic=upper(item.payment.bic),
            codice_pagamento=item.payment.codice_pagamento,
        )
        for i, item in enumerate(totals.pagamenti)
    )
    terms = draft.condizioni_pagamento or ("TP02" if len(details) == 1 else "TP01")
    return (work.make(o.DatiPagamento, "", condizioni_pagamento=terms, dettaglio_pagamento=details),)


def _allegati(work: Assembly, draft: Draft, contents: Mapping[str, bytes]) -> tuple[o.Allegati, ...]:
    done = []
    for index, attachment in enumerate(draft.allegati):
        content = contents.get(attachment.sha256)
        here = f"allegati.{index}"
        if content is None:
            work.error(f"{here}.nome", "L'allegato non si trova più: allegarlo di nuovo.")
        extension = (attachment.nome or "").rpartition(".")[2] if "." in (attachment.nome or "") else ""
        done.append(
            work.make(
                o.Allegati,
                here,
                names={"nome_attachment": f"{here}.nome", "attachment": f"{here}.nome"},
                nome_attachment=attachment.nome,
                formato_attachment=attachment.formato or extension.upper()[:10] or None,
                descrizione_attachment=attachment.descrizione,
                attachment=content or b"",
            )
        )
    size = sum(len(item.attachment) for item in done)
    if size > LARGEST_ATTACHMENTS:
        work.error(
            "allegati",
            f"Gli allegati pesano {size / 1_000_000:.1f} MB: in una fattura ne entrano al massimo 3,5.",
            "Togliere un allegato o ridurlo, e mandarlo al cliente in un altro modo.",
            "00003",
        )
    return tuple(done)
