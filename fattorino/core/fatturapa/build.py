"""From a draft to a FatturaElettronica: the same arithmetic as the live totals, the schema's own facets.

Sources: XSD 1.2.3, tabular description v1.8; Suggerimenti per la compilazione 1.6.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa import ordinaria as o
from fattorino.core.fatturapa.assembly import Assembly, telephone, upper
from fattorino.core.fatturapa.build_body import body_of
from fattorino.core.fatturapa.draft import Draft, FieldFinding, Party
from fattorino.core.fatturapa.recipient import Recipient, resolve_recipient
from fattorino.core.fatturapa.totals import Totals, compute
from fattorino.core.texts import say, together

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
        cedente: who sells unless the draft names another, with `regime_fiscale`.
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
                fields.setdefault(finding.field, together(finding.message, finding.hint))
        first = next(iter(fields.values()))
        raise RefusedError(
            say("La fattura non si può preparare: {number} campi da correggere.", number=len(fields))
            if len(fields) > 1
            else together(say("La fattura non si può preparare."), first),
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
    header = _header(work, draft, recipient, draft.cedente or cedente, trasmittente, progressivo_invio)
    header = dataclasses.replace(
        header,
        terzo_intermediario_o_soggetto_emittente=_third(work, terzo_intermediario),
        soggetto_emittente=emittente,
    )
    body = body_of(work, draft, totals, allegati or {})
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
        work.error(f"{here}.denominazione", say("Manca la denominazione, oppure nome e cognome."))
    elif person and (party.nome is None or party.cognome is None):
        hint = say("Per una persona servono nome e cognome.")
        if party.nome is None:
            work.error(f"{here}.nome", say("Manca il nome."), hint)
        else:
            work.error(f"{here}.cognome", say("Manca il cognome."), hint)
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
                    say(
                        "Il codice postale estero {cap} non entra nel tracciato: nella fattura sarà 00000.",
                        cap=party.cap,
                    ),
                    say("Se serve, scriverlo accanto al comune."),
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
