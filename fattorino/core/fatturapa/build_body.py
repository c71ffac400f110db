"""The body of an invoice out of a draft and its totals (2.1-2.5)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.assembly import Assembly, upper
from fattorino.core.fatturapa.draft import Draft, Line, Reference
from fattorino.core.fatturapa.totals import Riepilogo, TotaledLine, Totals
from fattorino.core.texts import say

# Whole file 5 MB; what is not attachment is small, base64 adds a third.
LARGEST_ATTACHMENTS = 3_500_000


def body_of(
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
            "numero",
            say("Il numero «{numero}» non contiene cifre.", numero=draft.numero),
            say("Aggiungere un numero."),
            "00425",
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
        work.warning(f"{here}.data_fine_periodo", say("Il periodo finisce prima di cominciare."))
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
            work.error(f"{here}.nome", say("L'allegato non si trova più: allegarlo di nuovo."))
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
            say(
                "Gli allegati pesano {size} MB: in una fattura ne entrano al massimo 3,5.",
                size=f"{size / 1_000_000:.1f}",
            ),
            say("Togliere un allegato o ridurlo, e mandarlo al cliente in un altro modo."),
            "00003",
        )
    return tuple(done)
