"""The controls of the Sistema di Interscambio, one row each: code, official text, formula, flow, days, source.

Sources: EC = Elenco dei controlli effettuati sul file fattura (PA), versions 1.7 (1/10/2020) and 2.0
(31/1/2025); AA = Allegato A 1.6.1 (1/10/2020); TO = tabular description of the ordinary invoice 1.8 (22/1/2024);
TS = the same of the simplified one (July 2022); 1.9, 1.9.1 = known from secondary sources only.
`since`/`until` are days of reception by SdI; None where the control is older than anything we can be asked
about. What a rule does with the document's own date is in its formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["FPA12", "FPR12", "FSM10"]
A: Kind = "FPA12"
R: Kind = "FPR12"
S: Kind = "FSM10"
ALL: tuple[Kind, ...] = (A, R, S)
ORDINARY: tuple[Kind, ...] = (A, R)

V1_5 = date(2019, 7, 30)
V1_6_1 = date(2020, 10, 1)
V2021 = date(2021, 1, 1)
V1_7_1 = date(2022, 10, 1)
V1_8 = date(2024, 2, 1)
V1_9 = date(2025, 4, 1)
V1_9_1 = date(2026, 5, 15)


@dataclass(frozen=True, slots=True)
class Control:
    """One control.

    Attributes:
        local: "yes" decided from the file alone; "part" a necessary condition only (then a failure is a
            warning); "no" needs what only SdI knows.
        severity: of our finding; an "error" is a certain refusal.
    """

    code: str
    text: str
    formula: str
    kinds: tuple[Kind, ...]
    source: str
    local: Literal["yes", "part", "no"] = "yes"
    since: date | None = None
    until: date | None = None

    @property
    def severity(self) -> Literal["error", "warning"]:
        return "warning" if self.local == "part" else "error"

    def in_force(self, on: date) -> bool:
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


_FILE = (
    Control("00001", "Nome file non valido", "nome diverso dalla regola del punto 2.2", ALL, "EC"),
    Control("00002", "Nome file duplicato", "nome già usato, anche da un file scartato", ALL, "EC"),
    Control(
        "00003",
        "Le dimensioni del file superano quelle ammesse",
        "più di 5 MB (il valore in byte non è detto: 5.000.000 o 5.242.880)",
        ALL,
        "EC; AA 1.3.1",
    ),
    Control("00100", "Certificato di firma scaduto", "certificato scaduto", ALL, "EC", "part"),
    Control("00101", "Certificato di firma revocato", "certificato revocato o sospeso", ALL, "EC", "no"),
    Control("00102", "File non integro (firma non valida)", "firma e contenuto non tornano", ALL, "EC"),
    Control(
        "00103",
        "La firma digitale apposta manca del riferimento temporale",
        "manca l'attributo signing-time (CAdES) o SigningTime (XAdES)",
        ALL,
        "EC",
    ),
    Control("00104", "CA (Certification Authority) non affidabile", "CA non in elenco", ALL, "EC", "part"),
    Control(
        "00105",
        "Il riferimento temporale della firma digitale apposta non risulta coerente",
        "ora della firma successiva alla ricezione",
        ALL,
        "EC; AA 1.2.1",
    ),
    Control("00106", "File / archivio vuoto o corrotto", "file illeggibile", ALL, "EC"),
    Control("00107", "Certificato non valido", "altri difetti del certificato", ALL, "EC", "part"),
    Control(
        "00200",
        "File non conforme al formato (nella descrizione del messaggio è riportata l'indicazione puntuale"
        " della non conformità)",
        "XML non ben formato o non conforme allo schema",
        ALL,
        "EC",
    ),
    Control("00201", "Riscontrati più di 50 errori di formato", "errori di formato > 50", ALL, "EC"),
)

_REGISTRY = (
    Control(
        "00300",
        "1.1.1.2 <IdCodice> non valido",
        "IdPaese = IT e codice assente in Anagrafe Tributaria",
        ALL,
        "EC; TO 1.1.1",
        "part",
    ),
    Control(
        "00301",
        "1.2.1.1.2 <IdCodice> non valido",
        "IdPaese = IT e partita IVA assente in Anagrafe Tributaria o cessata",
        ALL,
        "EC; TO 1.2.1.1",
        "part",
    ),
    Control(
        "00302",
        "1.2.1.2 <CodiceFiscale> non valido",
        "codice fiscale assente in Anagrafe Tributaria",
        (A,),
        "EC",
        "part",
    ),
    Control(
        "00303",
        "1.3.1.1.2 <IdCodice> o 1.4.4.1.2 <IdCodice> non valido",
        "IdPaese = IT e partita IVA del rappresentante fiscale assente in Anagrafe Tributaria",
        ALL,
        "EC; AA",
        "part",
    ),
    Control(
        "00304",
        "1.3.1.2 <CodiceFiscale> non valido",
        "codice fiscale del rappresentante fiscale assente in Anagrafe Tributaria",
        (A,),
        "EC",
        "part",
    ),
    Control(
        "00305",
        "1.4.1.1.2 <IdCodice> non valido",
        "IdPaese = IT e partita IVA del cessionario assente in Anagrafe Tributaria",
        ALL,
        "EC; AA",
        "part",
    ),
    Control(
        "00306",
        "1.4.1.2 <CodiceFiscale> non valido",
        "IdFiscaleIVA assente e codice fiscale assente in Anagrafe Tributaria",
        ALL,
        "EC; AA",
        "part",
    ),
    Control(
        "00311",
        "1.1.4 <CodiceDestinatario> non valido",
        "codice assente in IPA (6 caratteri) o non assegnato dal SdI (7)",
        ALL,
        "EC; AA",
        "no",
    ),
    Control(
        "00312",
        "1.1.4 <CodiceDestinatario> non attivo",
        "ufficio non attivo in IPA, o non ancora, oppure canale non attivo",
        ALL,
        "EC; AA",
        "no",
    ),
    Control(
        "00313",
        "L'elemento 1.1.4 <CodiceDestinatario> può essere valorizzato con «XXXXXXX» per comunicare i dati di"
        " fatture emesse esclusivamente verso soggetti non residenti (1.4.1.1 <IdFiscaleIVA> deve essere"
        " valorizzato e 1.4.1.1.1 <IdPaese> deve essere diverso da «IT»)",
        "CodiceDestinatario = XXXXXXX e (IdFiscaleIVA assente o IdPaese = IT)",
        (R, S),
        "TO 1.4.1.1.1; TS 1.1.4",
        since=V1_5,
    ),
    Control(
        "00320",
        "1.2.1.1 <IdFiscaleIVA> e 1.2.1.2 <CodiceFiscale> non coerenti",
        "i due codici del cedente sono di soggetti diversi",
        ALL,
        "EC; AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00321",
        "1.2.1.2 <CodiceFiscale> di soggetto non partecipante al gruppo IVA",
        "partita IVA di un gruppo, codice fiscale di chi non ne fa parte",
        ALL,
        "EC; AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00322",
        "1.2.1.2 <CodiceFiscale> non presente a fronte di 1.2.1.1 <IdFiscaleIVA> di gruppo IVA",
        "partita IVA di un gruppo e nessun codice fiscale",
        ALL,
        "EC; AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00323",
        "1.2.1.1.2 <IdCodice> corrispondente a una partita IVA cessata da oltre 5 anni",
        "TD16, TD20 e cessazione più di 5 anni prima della data del documento",
        ORDINARY,
        "EC; TO",
        "no",
        since=V1_5,
    ),
    Control(
        "00324",
        "1.4.1.1 <IdFiscaleIVA> e 1.4.1.2 <CodiceFiscale> non coerenti",
        "i due codici del cessionario sono di soggetti diversi",
        ALL,
        "EC; AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00325",
        "1.4.1.2 <CodiceFiscale> di soggetto non partecipante al gruppo IVA",
        "partita IVA di un gruppo, codice fiscale di chi non ne fa parte",
        (R, S),
        "AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00326",
        "1.4.1.2 <CodiceFiscale> non presente a fronte di 1.4.1.1 <IdFiscaleIVA> di gruppo IVA",
        "partita IVA di un gruppo e nessun codice fiscale",
        (R, S),
        "AA",
        "no",
        since=V1_5,
    ),
    Control(
        "00327",
        "1.4.1.2 <CodiceFiscale> di gruppo IVA non riferito ad un partecipante al gruppo, in assenza di"
        " 1.4.1.1 <IdFiscaleIVA> di gruppo IVA",
        "IdFiscaleIVA assente e codice fiscale (11 cifre) del gruppo stesso",
        (R, S),
        "1.9.1",
        "part",
        since=V1_9_1,
    ),
    Control(
        "00330",
        "1.1.6 <PECDestinatario> contenente un valore non ammesso",
        "indirizzo sdiXX@pec.fatturapa.it",
        (R, S),
        "AA; TS 1.1.5",
        since=V1_5,
    ),
    Control(
        "00398",
        "Codice Ufficio presente ed univocamente identificabile nell'anagrafica IPA di riferimento, in"
        " presenza di 1.1.4 <CodiceDestinatario> valorizzato con codice ufficio «Centrale»",
        "codice «Centrale» e un solo altro ufficio attivo in IPA",
        (A,),
        "EC",
        "no",
    ),
    Control(
        "00399",
        "CessionarioCommittente presente nell'anagrafica IPA di riferimento in presenza di 1.1.3"
        " <FormatoTrasmissione> valorizzato a «FPR12»",
        "il cliente è una pubblica amministrazione con uffici attivi in IPA",
        (R,),
        "EC",
        "part",
    ),
)

_CONTENT = (
    Control(
        "00400",
        "2.2.1.14 <Natura> non presente a fronte di 2.2.1.12 <AliquotaIVA> pari a zero",
        "AliquotaIVA = 0 e Natura assente (semplificata: solo se Aliquota è indicata)",
        ALL,
        "EC; TS 2.2.4",
    ),
    Control(
        "00401",
        "2.2.1.14 <Natura> presente a fronte di 2.2.1.12 <AliquotaIVA> diversa da zero",
        "AliquotaIVA ≠ 0 e Natura presente, salvo TD16",
        ALL,
        "EC; TO 2.2.1.14",
    ),
    Control(
        "00403",
        "2.1.1.3 <Data> successiva alla data di ricezione",
        "Data > giorno di ricezione",
        ALL,
        "EC",
    ),
    Control(
        "00404",
        "Fattura duplicata",
        "stesso cedente, stesso Numero, stesso anno (Art73: stessa data), e nessuna delle due TD04 oppure"
        " tutte e due; con SoggettoEmittente = CC conta il cessionario",
        ALL,
        "EC 2.0",
    ),
    Control("00409", "Fattura duplicata nel lotto", "come 00404, dentro un solo file", ALL, "EC 2.0"),
    Control(
        "00411",
        "2.1.1.5 <DatiRitenuta> non presente a fronte di almeno un blocco 2.2.1 <DettaglioLinee> con"
        " 2.2.1.13 <Ritenuta> uguale a SI",
        "una linea con Ritenuta = SI e nessun DatiRitenuta",
        ORDINARY,
        "EC",
    ),
    Control(
        "00413",
        "2.1.1.7.7 <Natura> non presente a fronte di 2.1.1.7.5 <AliquotaIVA> pari a zero",
        "cassa con AliquotaIVA = 0 e senza Natura",
        ORDINARY,
        "EC",
    ),
    Control(
        "00414",
        "2.1.1.7.7 <Natura> presente a fronte di 2.1.1.7.5 <Aliquota IVA> diversa da zero",
        "cassa con AliquotaIVA ≠ 0 e con Natura",
        ORDINARY,
        "EC",
    ),
    Control(
        "00415",
        "2.1.1.5 <DatiRitenuta> non presente a fronte di 2.1.1.7.6 <Ritenuta> uguale a SI",
        "una cassa con Ritenuta = SI e nessun DatiRitenuta",
        ORDINARY,
        "EC",
    ),
    Control(
        "00417",
        "1.4.1.1 <IdFiscaleIVA> e 1.4.1.2 <CodiceFiscale> non valorizzati (almeno uno dei due deve essere"
        " valorizzato)",
        "IdFiscaleIVA e CodiceFiscale del cessionario assenti",
        ALL,
        "EC",
    ),
    Control(
        "00418",
        "2.1.1.3 <Data> antecedente a 2.1.6.3 <Data>",
        "TD04 (semplificata: TD08) e Data < Data di una fattura collegata",
        ALL,
        "EC; TO 2.1.1.3; TS 2.1.2.2",
    ),
    Control(
        "00419",
        "2.2.2 <DatiRiepilogo> non presente in corrispondenza di almeno un valore di 2.1.1.7.5 <AliquotaIVA>"
        " o 2.2.1.12 <AliquotaIVA>",
        "numero di DatiRiepilogo < numero di aliquote diverse in linee e casse",
        ORDINARY,
        "EC",
    ),
    Control(
        "00420",
        "2.2.2.2 <Natura> con valore di tipo N6 a fronte di 2.2.2.7 <EsigibilitaIVA> uguale a S (scissione"
        " pagamenti)",
        "Natura N6* ed EsigibilitaIVA = S nello stesso riepilogo",
        ORDINARY,
        "EC",
    ),
    Control(
        "00421",
        "2.2.2.6 <Imposta> non calcolato secondo le regole definite nelle specifiche tecniche",
        "|Imposta - r2(AliquotaIVA × ImponibileImporto / 100)|, tolleranza 0,01",
        ORDINARY,
        "EC; AA",
    ),
    Control(
        "00422",
        "2.2.2.5 <ImponibileImporto> non calcolato secondo le regole definite nelle specifiche tecniche",
        "per aliquota: |ΣImponibileImporto - (ΣPrezzoTotale + ΣImportoContributoCassa + ΣArrotondamento)|,"
        " tolleranza 1",
        ORDINARY,
        "EC; AA",
    ),
    Control(
        "00423",
        "2.2.1.11 <PrezzoTotale> non calcolato secondo le regole definite nelle specifiche tecniche",
        "|PrezzoTotale - prezzo dopo sconti e maggiorazioni a cascata × Quantita|, tolleranza 0,01",
        ORDINARY,
        "EC",
    ),
    Control(
        "00424",
        "2.2.1.12 <AliquotaIVA> o 2.2.2.1 <AliquotaIVA> o 2.1.1.7.5 <AliquotaIVA> non indicata in termini"
        " percentuali",
        "0 < aliquota < 1",
        ALL,
        "EC",
    ),
    Control(
        "00425",
        "2.1.1.4 <Numero> non contenente caratteri numerici",
        "nessuna cifra 0-9 nel Numero",
        ALL,
        "EC",
    ),
    Control(
        "00427",
        "1.1.4 <CodiceDestinatario> di 7 caratteri non ammesso a fronte di 1.1.3 <FormatoTrasmissione> con"
        " valore FPA12 o 1.1.4 <CodiceDestinatario> di 6 caratteri non ammesso a fronte di 1.1.3"
        " <FormatoTrasmissione> con valore FPR12 o FSM10",
        "lunghezza 7 con FPA12, lunghezza 6 con altro",
        ALL,
        "EC 2.0",
    ),
    Control(
        "00428",
        "1.1.3 <FormatoTrasmissione> non coerente con il valore dell'attributo VERSIONE",
        "versione ≠ FormatoTrasmissione",
        ALL,
        "EC",
    ),
    Control(
        "00429",
        "2.2.2.2 <Natura> non presente a fronte di 2.2.2.1 <AliquotaIVA> pari a zero",
        "riepilogo con AliquotaIVA = 0 e senza Natura",
        ORDINARY,
        "EC",
    ),
    Control(
        "00430",
        "2.2.2.2 <Natura> presente a fronte di 2.2.2.1 <Aliquota IVA> diversa da zero",
        "riepilogo con AliquotaIVA ≠ 0 e con Natura, salvo TD16",
        ORDINARY,
        "EC; TO 2.2.2.2",
    ),
    Control(
        "00437",
        "2.1.1.8.2 <Percentuale> e 2.1.1.8.3 <Importo> non presenti a fronte di 2.1.1.8.1 <Tipo> valorizzato",
        "sconto di documento senza Percentuale e senza Importo",
        ORDINARY,
        "EC",
    ),
    Control(
        "00438",
        "2.2.1.10.2 <Percentuale> e 2.2.1.10.3 <Importo> non presenti a fronte di 2.2.1.10.1 <Tipo>"
        " valorizzato",
        "sconto di linea senza Percentuale e senza Importo",
        ORDINARY,
        "EC",
    ),
    Control(
        "00443",
        "Non c'è corrispondenza tra i valori indicati nell'elemento 2.2.1.12 <AliquotaIVA> o 2.1.1.7.5"
        " <AliquotaIVA> e quelli dell'elemento 2.2.2.1 <AliquotaIVA>",
        "aliquota di linea o cassa assente nei riepiloghi; TO: anche viceversa",
        ORDINARY,
        "EC; TO 2.2.2.1",
        since=V1_6_1,
    ),
    Control(
        "00444",
        "Non c'è corrispondenza tra i valori indicati nell'elemento 2.2.1.14 <Natura> o 2.1.1.7.7 <Natura> e"
        " quelli dell'elemento 2.2.2.2 <Natura>",
        "Natura di linea o cassa assente nei riepiloghi; TO: anche viceversa",
        ORDINARY,
        "EC; TO 2.2.2.2",
        since=V1_6_1,
    ),
    Control(
        "00445",
        "Non è più ammesso il valore generico N2, N3 o N6 come codice natura dell'operazione",
        "Natura N2, N3 o N6 in un documento con Data dal 1/1/2021",
        ALL,
        "EC; TO",
        since=V2021,
    ),
    Control(
        "00459",
        "Valore RF03 non ammesso",
        "RegimeFiscale = RF03 (oggi lo respinge già lo schema: 00200)",
        ORDINARY,
        "EC 1.5",
    ),
    Control(
        "00460",
        "Importo totale superiore al limite previsto per le fatture semplificate ai sensi del DPR 633/72,"
        " art. 21 bis",
        "ΣImporto > 400,00 senza DatiFatturaRettificata; dal 1/4/2025 senza limite con RF19 e RF20",
        (S,),
        "TS 2.2.2; 1.9",
    ),
    Control(
        "00471",
        "Per il valore indicato nell'elemento 2.1.1.1 <TipoDocumento> il cedente/prestatore non può essere"
        " uguale al cessionario/committente",
        "TD01 TD02 TD03 TD06 TD16-TD20 TD24 TD25 TD28 TD29 (TD07) e stesso IdFiscaleIVA;"
        " per la PA l'elenco ufficiale ha solo TD16-TD20 e TD29",
        ALL,
        "EC 2.0; TO 2.1.1.1; 1.9",
        since=V1_6_1,
    ),
    Control(
        "00472",
        "Per il valore indicato nell'elemento 2.1.1.1 <TipoDocumento> il cedente/prestatore deve essere"
        " uguale al cessionario/committente",
        "TD21, TD27 e IdFiscaleIVA diverso",
        ORDINARY,
        "EC; TO 2.1.1.1",
        since=V1_6_1,
    ),
    Control(
        "00473",
        "Per il valore indicato nell'elemento 2.1.1.1 <TipoDocumento> il valore presente nell'elemento"
        " 1.2.1.1.1 <IdPaese> non è ammesso",
        "TD17 TD18 TD19 TD28 con cedente IT; TD29 con cedente non IT; OO salvo TD17 e TD19",
        ORDINARY,
        "EC 2.0; TO 1.2.1.1.1",
        since=V1_6_1,
    ),
    Control(
        "00474",
        "Per il valore indicato nell'elemento 2.1.1.1 <TipoDocumento> non sono ammesse linee di dettaglio con"
        " l'elemento 2.2.1.12 <AliquotaIVA> contenente valore zero",
        "TD21 e una linea con AliquotaIVA = 0",
        ORDINARY,
        "EC",
        since=V1_6_1,
    ),
    Control(
        "00475",
        "Per il valore indicato nell'elemento 2.1.1.1 <TipoDocumento> deve essere presente l'elemento 1.4.1.1"
        " <IdFiscaleIVA> del cessionario/committente",
        "TD16-TD20 TD22 TD23 TD28 TD29 senza IdFiscaleIVA del cessionario",
        ORDINARY,
        "EC 2.0; TO",
        since=V1_7_1,
    ),
    Control(
        "00476",
        "Gli elementi 1.2.1.1.1 <IdPaese> e 1.4.1.1.1 <IdPaese> non possono essere entrambi valorizzati con"
        " codice diverso da IT",
        "IdPaese del cedente ≠ IT e IdPaese del cessionario ≠ IT",
        ALL,
        "EC 2.0; TO; TS",
        since=V1_7_1,
    ),
    Control(
        "00477",
        "Fattura recante titolo di non imponibilità ai fini IVA ai sensi dell'art. 8, comma 1, lett. c) DPR 26"
        " ottobre 1972, n. 633, con dichiarazione d'intento invalidata",
        "2.2.1.16.2 con il protocollo di una dichiarazione d'intento invalidata",
        (R,),
        "TO 2.2.1.16.2",
        "part",
        since=V1_8,
    ),
)

CONTROLS: dict[str, Control] = {c.code: c for c in (*_FILE, *_REGISTRY, *_CONTENT)}
