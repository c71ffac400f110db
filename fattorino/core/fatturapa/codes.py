"""The code lists of FatturaPA with their Italian descriptions and days of use.

Sources: XSD ordinaria 1.2.3 and semplificata 1.0.2 (which codes exist), tabella "Rappresentazione tabellare"
1.8 (descriptions), Specifiche tecniche allegato A 1.6.1 to 1.9.1 (days). The days are those of the document's
date; a list says nothing on which rule refuses a code out of its days (core.fatturapa.rules does).
"""

from __future__ import annotations

from datetime import date

from fattorino.core.tracciati.codelists import Code, CodeList

_V1_6 = date(2020, 10, 1)  # Specifiche 1.6.1
_V1_7_1 = date(2022, 10, 1)
_V1_9 = date(2025, 4, 1)
_END_OF_GENERIC = date(2020, 12, 31)  # last day of N2, N3, N6 without a second digit (control 00445)


def _list(table: str, *, since: date | None = None) -> tuple[Code, ...]:
    """One code a line, "CODE description"."""
    lines = (line.strip().partition(" ") for line in table.strip().splitlines())
    return tuple(Code(code, text, since) for code, _, text in lines)


FORMATO_TRASMISSIONE = CodeList(
    "FormatoTrasmissione",
    (Code("FPA12", "fattura verso PA"), Code("FPR12", "fattura verso privati")),
)
FORMATO_TRASMISSIONE_SEMPLIFICATA = CodeList(
    "FormatoTrasmissione", (Code("FSM10", "fattura verso privati semplificata"),)
)

TIPO_DOCUMENTO = CodeList(
    "TipoDocumento",
    _list(
        """
        TD01 fattura
        TD02 acconto/anticipo su fattura
        TD03 acconto/anticipo su parcella
        TD04 nota di credito
        TD05 nota di debito
        TD06 parcella
        """,
    )
    + _list(
        """
        TD16 integrazione fattura reverse charge interno
        TD17 integrazione/autofattura per acquisto di servizi dall'estero
        TD18 integrazione per acquisto di beni intracomunitari
        TD19 integrazione/autofattura per acquisto di beni ex art. 17 c. 2 DPR 633/72
        TD20 autofattura per regolarizzazione e integrazione delle fatture (art. 6 c. 9-bis d.lgs. 471/97 o art. 46 c. 5 D.L. 331/93)
        TD21 autofattura per splafonamento
        TD22 estrazione beni da Deposito IVA
        TD23 estrazione beni da Deposito IVA con versamento dell'IVA
        TD24 fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. a) DPR 633/72
        TD25 fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. b) DPR 633/72
        TD26 cessione di beni ammortizzabili e per passaggi interni (art. 36 DPR 633/72)
        TD27 fattura per autoconsumo o per cessioni gratuite senza rivalsa
        """,  # noqa: E501  one code, one line
        since=_V1_6,
    )
    + (
        Code("TD28", "acquisti da San Marino con IVA (fattura cartacea)", since=_V1_7_1),
        Code(
            "TD29",
            "comunicazione per omessa o irregolare fatturazione da parte del cedente/prestatore italiano"
            " (art. 6 c. 8 d.lgs. 471/97)",
            since=_V1_9,
        ),
    ),
)

TIPO_DOCUMENTO_SEMPLIFICATA = CodeList(
    "TipoDocumento",
    _list(
        """
        TD07 fattura semplificata
        TD08 nota di credito semplificata
        TD09 nota di debito semplificata
        """,
    ),
)

REGIME_FISCALE = CodeList(
    "RegimeFiscale",
    _list(
        """
        RF01 ordinario
        RF02 contribuenti minimi (art. 1, c. 96-117, L. 244/2007)
        RF04 agricoltura e attività connesse e pesca (artt. 34 e 34-bis, DPR 633/72)
        RF05 vendita sali e tabacchi (art. 74, c. 1, DPR 633/72)
        RF06 commercio dei fiammiferi (art. 74, c. 1, DPR 633/72)
        RF07 editoria (art. 74, c. 1, DPR 633/72)
        RF08 gestione di servizi di telefonia pubblica (art. 74, c. 1, DPR 633/72)
        RF09 rivendita di documenti di trasporto pubblico e di sosta (art. 74, c. 1, DPR 633/72)
        RF10 intrattenimenti, giochi e altre attività di cui alla tariffa allegata al DPR 640/72 (art. 74, c. 6, DPR 633/72)
        RF11 agenzie di viaggi e turismo (art. 74-ter, DPR 633/72)
        RF12 agriturismo (art. 5, c. 2, L. 413/91)
        RF13 vendite a domicilio (art. 25-bis, c. 6, DPR 600/73)
        RF14 rivendita di beni usati, di oggetti d'arte, d'antiquariato o da collezione (art. 36, D.L. 41/95)
        RF15 agenzie di vendite all'asta di oggetti d'arte, antiquariato o da collezione (art. 40-bis, D.L. 41/95)
        RF16 IVA per cassa P.A. (art. 6, c. 5, DPR 633/72)
        RF17 IVA per cassa (art. 32-bis, D.L. 83/2012)
        RF18 altro
        RF19 regime forfettario (art. 1, c. 54-89, L. 190/2014)
        """,  # noqa: E501  one code, one line
    )
    + (Code("RF20", "regime transfrontaliero di franchigia IVA (Direttiva UE 2020/285)", since=_V1_9),),
)

_NATURA = (
    Code("N1", "escluse ex art. 15 del DPR 633/72"),
    Code("N2", "non soggette", until=_END_OF_GENERIC),
    Code("N2.1", "non soggette ad IVA ai sensi degli artt. da 7 a 7-septies del DPR 633/72", since=_V1_6),
    Code("N2.2", "non soggette - altri casi", since=_V1_6),
    Code("N3", "non imponibili", until=_END_OF_GENERIC),
    Code("N3.1", "non imponibili - esportazioni", since=_V1_6),
    Code("N3.2", "non imponibili - cessioni intracomunitarie", since=_V1_6),
    Code("N3.3", "non imponibili - cessioni verso San Marino", since=_V1_6),
    Code("N3.4", "non imponibili - operazioni assimilate alle cessioni all'esportazione", since=_V1_6),
    Code("N3.5", "non imponibili - a seguito di dichiarazioni d'intento", since=_V1_6),
    Code(
        "N3.6",
        "non imponibili - altre operazioni che non concorrono alla formazione del plafond",
        since=_V1_6,
    ),
    Code("N4", "esenti"),
    Code("N5", "regime del margine / IVA non esposta in fattura"),
)
_NATURA_REVERSE_CHARGE = (
    Code("N6", "inversione contabile", until=_END_OF_GENERIC),
    *_list(
        """
        N6.1 inversione contabile - cessione di rottami e altri materiali di recupero
        N6.2 inversione contabile - cessione di oro e argento (L. 7/2000) nonché di oreficeria usata ad OPO
        N6.3 inversione contabile - subappalto nel settore edile
        N6.4 inversione contabile - cessione di fabbricati
        N6.5 inversione contabile - cessione di telefoni cellulari
        N6.6 inversione contabile - cessione di prodotti elettronici
        N6.7 inversione contabile - prestazioni comparto edile e settori connessi
        N6.8 inversione contabile - operazioni settore energetico
        N6.9 inversione contabile - altri casi
        """,
        since=_V1_6,
    ),
    Code(
        "N7",
        "IVA assolta in altro stato UE (servizi di telecomunicazione, tele-radiodiffusione ed elettronici"
        " ex art. 7-octies, c. 1, lett. a, b, art. 74-sexies DPR 633/72)",
    ),
)
NATURA = CodeList("Natura", _NATURA + _NATURA_REVERSE_CHARGE)
NATURA_SEMPLIFICATA = CodeList("Natura", _NATURA)

MODALITA_PAGAMENTO = CodeList(
    "ModalitaPagamento",
    _list(
        """
        MP01 contanti
        MP02 assegno
        MP03 assegno circolare
        MP04 contanti presso Tesoreria
        MP05 bonifico
        MP06 vaglia cambiario
        MP07 bollettino bancario
        MP08 carta di pagamento
        MP09 RID
        MP10 RID utenze
        MP11 RID veloce
        MP12 RIBA
        MP13 MAV
        MP14 quietanza erario
        MP15 giroconto su conti di contabilità speciale
        MP16 domiciliazione bancaria
        MP17 domiciliazione postale
        MP18 bollettino di c/c postale
        MP19 SEPA Direct Debit
        MP20 SEPA Direct Debit CORE
        MP21 SEPA Direct Debit B2B
        MP22 trattenuta su somme già riscosse
        """,
    )
    + (Code("MP23", "PagoPA", since=_V1_6),),
)

TIPO_CASSA = CodeList(
    "TipoCassa",
    _list(
        """
        TC01 Cassa nazionale previdenza e assistenza avvocati e procuratori legali
        TC02 Cassa previdenza dottori commercialisti
        TC03 Cassa previdenza e assistenza geometri
        TC04 Cassa nazionale previdenza e assistenza ingegneri e architetti liberi professionisti
        TC05 Cassa nazionale del notariato
        TC06 Cassa nazionale previdenza e assistenza ragionieri e periti commerciali
        TC07 Ente nazionale assistenza agenti e rappresentanti di commercio (ENASARCO)
        TC08 Ente nazionale previdenza e assistenza consulenti del lavoro (ENPACL)
        TC09 Ente nazionale previdenza e assistenza medici (ENPAM)
        TC10 Ente nazionale previdenza e assistenza farmacisti (ENPAF)
        TC11 Ente nazionale previdenza e assistenza veterinari (ENPAV)
        TC12 Ente nazionale previdenza e assistenza impiegati dell'agricoltura (ENPAIA)
        TC13 Fondo previdenza impiegati imprese di spedizione e agenzie marittime
        TC14 Istituto nazionale previdenza giornalisti italiani (INPGI)
        TC15 Opera nazionale assistenza orfani sanitari italiani (ONAOSI)
        TC16 Cassa autonoma assistenza integrativa giornalisti italiani (CASAGIT)
        TC17 Ente previdenza periti industriali e periti industriali laureati (EPPI)
        TC18 Ente previdenza e assistenza pluricategoriale (EPAP)
        TC19 Ente nazionale previdenza e assistenza biologi (ENPAB)
        TC20 Ente nazionale previdenza e assistenza professione infermieristica (ENPAPI)
        TC21 Ente nazionale previdenza e assistenza psicologi (ENPAP)
        TC22 INPS
        """,
    ),
)

TIPO_RITENUTA = CodeList(
    "TipoRitenuta",
    (
        Code("RT01", "ritenuta d'acconto persone fisiche"),
        Code("RT02", "ritenuta d'acconto persone giuridiche"),
        Code("RT03", "contributo INPS", since=_V1_6),
        Code("RT04", "contributo ENASARCO", since=_V1_6),
        Code("RT05", "contributo ENPAM", since=_V1_6),
        Code("RT06", "altro contributo previdenziale", since=_V1_6),
    ),
)

# The descriptions are those of the instructions to the Certificazione Unica, shortened.
CAUSALE_PAGAMENTO = CodeList(
    "CausalePagamento",
    _list(
        """
        A prestazioni di lavoro autonomo nell'esercizio di arte o professione abituale
        B utilizzazione economica di opere dell'ingegno, brevetti e simili da parte dell'autore o inventore
        C utili da associazione in partecipazione con apporto di solo lavoro
        D utili spettanti ai soci promotori e fondatori delle società di capitali
        E levata di protesti cambiari da parte dei segretari comunali
        G indennità per la cessazione di attività sportiva professionale
        H indennità per la cessazione di rapporti di agenzia
        I indennità per la cessazione da funzioni notarili
        L opere dell'ingegno e brevetti: redditi degli aventi causa a titolo gratuito
        M prestazioni di lavoro autonomo non esercitate abitualmente
        N indennità, rimborsi e compensi per attività sportive dilettantistiche
        O lavoro autonomo non abituale senza obbligo di iscrizione alla gestione separata
        P compensi a non residenti per l'uso di attrezzature industriali, commerciali o scientifiche
        Q provvigioni ad agente o rappresentante monomandatario
        R provvigioni ad agente o rappresentante plurimandatario
        S provvigioni a commissionario
        T provvigioni a mediatore
        U provvigioni a procacciatore di affari
        V provvigioni a incaricato per le vendite a domicilio e per la vendita di giornali
        W corrispettivi per contratti d'appalto (art. 25-ter DPR 600/73)
        X canoni a società o stabili organizzazioni UE (art. 26-quater DPR 600/73), primo periodo
        Y canoni a società o stabili organizzazioni UE (art. 26-quater DPR 600/73), secondo periodo
        """,
    )
    + (Code("Z", "titolo diverso dai precedenti (codice superato da ZO)", instead="ZO"),)
    + _list(
        """
        L1 opere dell'ingegno e brevetti: redditi di chi li ha acquistati a titolo oneroso
        M1 redditi dall'assunzione di obblighi di fare, non fare o permettere
        M2 lavoro autonomo non abituale con obbligo di iscrizione alla gestione separata ENPAPI
        O1 obblighi di fare, non fare o permettere, senza obbligo di iscrizione alla gestione separata
        V1 attività commerciali non esercitate abitualmente
        ZO titolo diverso dai precedenti
        """,
    ),
)

CONDIZIONI_PAGAMENTO = CodeList(
    "CondizioniPagamento",
    (Code("TP01", "pagamento a rate"), Code("TP02", "pagamento completo"), Code("TP03", "anticipo")),
)
ESIGIBILITA_IVA = CodeList(
    "EsigibilitaIVA",
    (
        Code("I", "esigibilità immediata"),
        Code("D", "esigibilità differita"),
        Code("S", "scissione dei pagamenti"),
    ),
)
TIPO_SCONTO = CodeList("Tipo", (Code("SC", "sconto"), Code("MG", "maggiorazione")))
TIPO_CESSIONE_PRESTAZIONE = CodeList(
    "TipoCessionePrestazione",
    (Code("SC", "sconto"), Code("PR", "premio"), Code("AB", "abbuono"), Code("AC", "spesa accessoria")),
)
SOCIO_UNICO = CodeList("SocioUnico", (Code("SU", "socio unico"), Code("SM", "più soci")))
STATO_LIQUIDAZIONE = CodeList(
    "StatoLiquidazione", (Code("LS", "in liquidazione"), Code("LN", "non in liquidazione"))
)
SOGGETTO_EMITTENTE = CodeList(
    "SoggettoEmittente", (Code("CC", "cessionario/committente"), Code("TZ", "terzo"))
)
BOLLO_VIRTUALE = CodeList(
    "BolloVirtuale", (Code("SI", "bollo assolto (decreto MEF 17 giugno 2014, art. 6)"),)
)
RITENUTA = CodeList("Ritenuta", (Code("SI", "cessione o prestazione soggetta a ritenuta"),))
ART73 = CodeList(
    "Art73",
    (Code("SI", "documento emesso secondo modalità e termini stabiliti ai sensi dell'art. 73 DPR 633/72"),),
)
