"""The code lists of FatturaPA with their Italian descriptions and days of use.

Sources: XSD ordinaria 1.2.3 and semplificata 1.0.2 (which codes exist), tabella "Rappresentazione tabellare"
1.8 (descriptions), Specifiche tecniche allegato A 1.6.1 to 1.9.1 (days). The days are those of the document's
date; a list says nothing on which rule refuses a code out of its days (core.fatturapa.rules does).
"""

from __future__ import annotations

from datetime import date

from fattorino.core.texts import say
from fattorino.core.tracciati.codelists import Code, CodeList

_V1_6 = date(2020, 10, 1)  # Specifiche 1.6.1
_V1_7_1 = date(2022, 10, 1)
_V1_9 = date(2025, 4, 1)
_END_OF_GENERIC = date(2020, 12, 31)  # last day of N2, N3, N6 without a second digit (control 00445)


FORMATO_TRASMISSIONE = CodeList(
    "FormatoTrasmissione",
    (Code("FPA12", say("fattura verso PA")), Code("FPR12", say("fattura verso privati"))),
)
FORMATO_TRASMISSIONE_SEMPLIFICATA = CodeList(
    "FormatoTrasmissione", (Code("FSM10", say("fattura verso privati semplificata")),)
)

TIPO_DOCUMENTO = CodeList(
    "TipoDocumento",
    (
        Code("TD01", say("fattura")),
        Code("TD02", say("acconto/anticipo su fattura")),
        Code("TD03", say("acconto/anticipo su parcella")),
        Code("TD04", say("nota di credito")),
        Code("TD05", say("nota di debito")),
        Code("TD06", say("parcella")),
        Code("TD16", say("integrazione fattura reverse charge interno"), since=_V1_6),
        Code("TD17", say("integrazione/autofattura per acquisto di servizi dall'estero"), since=_V1_6),
        Code("TD18", say("integrazione per acquisto di beni intracomunitari"), since=_V1_6),
        Code(
            "TD19",
            say("integrazione/autofattura per acquisto di beni ex art. 17 c. 2 DPR 633/72"),
            since=_V1_6,
        ),
        Code(
            "TD20",
            say(
                "autofattura per regolarizzazione e integrazione delle fatture (art. 6 c. 9-bis d.lgs. 471/97"
                " o art. 46 c. 5 D.L. 331/93)"
            ),
            since=_V1_6,
        ),
        Code("TD21", say("autofattura per splafonamento"), since=_V1_6),
        Code("TD22", say("estrazione beni da Deposito IVA"), since=_V1_6),
        Code("TD23", say("estrazione beni da Deposito IVA con versamento dell'IVA"), since=_V1_6),
        Code(
            "TD24",
            say("fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. a) DPR 633/72"),
            since=_V1_6,
        ),
        Code(
            "TD25",
            say("fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. b) DPR 633/72"),
            since=_V1_6,
        ),
        Code(
            "TD26",
            say("cessione di beni ammortizzabili e per passaggi interni (art. 36 DPR 633/72)"),
            since=_V1_6,
        ),
        Code("TD27", say("fattura per autoconsumo o per cessioni gratuite senza rivalsa"), since=_V1_6),
        Code("TD28", say("acquisti da San Marino con IVA (fattura cartacea)"), since=_V1_7_1),
        Code(
            "TD29",
            say(
                "comunicazione per omessa o irregolare fatturazione da parte del cedente/prestatore italiano"
                " (art. 6 c. 8 d.lgs. 471/97)"
            ),
            since=_V1_9,
        ),
    ),
)

TIPO_DOCUMENTO_SEMPLIFICATA = CodeList(
    "TipoDocumento",
    (
        Code("TD07", say("fattura semplificata")),
        Code("TD08", say("nota di credito semplificata")),
        Code("TD09", say("nota di debito semplificata")),
    ),
)

REGIME_FISCALE = CodeList(
    "RegimeFiscale",
    (
        Code("RF01", say("ordinario")),
        Code("RF02", say("contribuenti minimi (art. 1, c. 96-117, L. 244/2007)")),
        Code("RF04", say("agricoltura e attività connesse e pesca (artt. 34 e 34-bis, DPR 633/72)")),
        Code("RF05", say("vendita sali e tabacchi (art. 74, c. 1, DPR 633/72)")),
        Code("RF06", say("commercio dei fiammiferi (art. 74, c. 1, DPR 633/72)")),
        Code("RF07", say("editoria (art. 74, c. 1, DPR 633/72)")),
        Code("RF08", say("gestione di servizi di telefonia pubblica (art. 74, c. 1, DPR 633/72)")),
        Code(
            "RF09", say("rivendita di documenti di trasporto pubblico e di sosta (art. 74, c. 1, DPR 633/72)")
        ),
        Code(
            "RF10",
            say(
                "intrattenimenti, giochi e altre attività di cui alla tariffa allegata al DPR 640/72"
                " (art. 74, c. 6, DPR 633/72)"
            ),
        ),
        Code("RF11", say("agenzie di viaggi e turismo (art. 74-ter, DPR 633/72)")),
        Code("RF12", say("agriturismo (art. 5, c. 2, L. 413/91)")),
        Code("RF13", say("vendite a domicilio (art. 25-bis, c. 6, DPR 600/73)")),
        Code(
            "RF14",
            say(
                "rivendita di beni usati, di oggetti d'arte, d'antiquariato o da collezione (art. 36, D.L. 41/95)"
            ),
        ),
        Code(
            "RF15",
            say(
                "agenzie di vendite all'asta di oggetti d'arte, antiquariato o da collezione (art. 40-bis, D.L. 41/95)"
            ),
        ),
        Code("RF16", say("IVA per cassa P.A. (art. 6, c. 5, DPR 633/72)")),
        Code("RF17", say("IVA per cassa (art. 32-bis, D.L. 83/2012)")),
        Code("RF18", say("altro")),
        Code("RF19", say("regime forfettario (art. 1, c. 54-89, L. 190/2014)")),
        Code("RF20", say("regime transfrontaliero di franchigia IVA (Direttiva UE 2020/285)"), since=_V1_9),
    ),
)

_NATURA = (
    Code("N1", say("escluse ex art. 15 del DPR 633/72")),
    Code("N2", say("non soggette"), until=_END_OF_GENERIC),
    Code(
        "N2.1", say("non soggette ad IVA ai sensi degli artt. da 7 a 7-septies del DPR 633/72"), since=_V1_6
    ),
    Code("N2.2", say("non soggette - altri casi"), since=_V1_6),
    Code("N3", say("non imponibili"), until=_END_OF_GENERIC),
    Code("N3.1", say("non imponibili - esportazioni"), since=_V1_6),
    Code("N3.2", say("non imponibili - cessioni intracomunitarie"), since=_V1_6),
    Code("N3.3", say("non imponibili - cessioni verso San Marino"), since=_V1_6),
    Code("N3.4", say("non imponibili - operazioni assimilate alle cessioni all'esportazione"), since=_V1_6),
    Code("N3.5", say("non imponibili - a seguito di dichiarazioni d'intento"), since=_V1_6),
    Code(
        "N3.6",
        say("non imponibili - altre operazioni che non concorrono alla formazione del plafond"),
        since=_V1_6,
    ),
    Code("N4", say("esenti")),
    Code("N5", say("regime del margine / IVA non esposta in fattura")),
)
_NATURA_REVERSE_CHARGE = (
    Code("N6", say("inversione contabile"), until=_END_OF_GENERIC),
    Code(
        "N6.1",
        say("inversione contabile - cessione di rottami e altri materiali di recupero"),
        since=_V1_6,
    ),
    Code(
        "N6.2",
        say("inversione contabile - cessione di oro e argento (L. 7/2000) nonché di oreficeria usata ad OPO"),
        since=_V1_6,
    ),
    Code("N6.3", say("inversione contabile - subappalto nel settore edile"), since=_V1_6),
    Code("N6.4", say("inversione contabile - cessione di fabbricati"), since=_V1_6),
    Code("N6.5", say("inversione contabile - cessione di telefoni cellulari"), since=_V1_6),
    Code("N6.6", say("inversione contabile - cessione di prodotti elettronici"), since=_V1_6),
    Code("N6.7", say("inversione contabile - prestazioni comparto edile e settori connessi"), since=_V1_6),
    Code("N6.8", say("inversione contabile - operazioni settore energetico"), since=_V1_6),
    Code("N6.9", say("inversione contabile - altri casi"), since=_V1_6),
    Code(
        "N7",
        say(
            "IVA assolta in altro stato UE (servizi di telecomunicazione, tele-radiodiffusione ed elettronici"
            " ex art. 7-octies, c. 1, lett. a, b, art. 74-sexies DPR 633/72)"
        ),
    ),
)
NATURA = CodeList("Natura", _NATURA + _NATURA_REVERSE_CHARGE)
NATURA_SEMPLIFICATA = CodeList("Natura", _NATURA)

MODALITA_PAGAMENTO = CodeList(
    "ModalitaPagamento",
    (
        Code("MP01", say("contanti")),
        Code("MP02", say("assegno")),
        Code("MP03", say("assegno circolare")),
        Code("MP04", say("contanti presso Tesoreria")),
        Code("MP05", say("bonifico")),
        Code("MP06", say("vaglia cambiario")),
        Code("MP07", say("bollettino bancario")),
        Code("MP08", say("carta di pagamento")),
        Code("MP09", say("RID")),
        Code("MP10", say("RID utenze")),
        Code("MP11", say("RID veloce")),
        Code("MP12", say("RIBA")),
        Code("MP13", say("MAV")),
        Code("MP14", say("quietanza erario")),
        Code("MP15", say("giroconto su conti di contabilità speciale")),
        Code("MP16", say("domiciliazione bancaria")),
        Code("MP17", say("domiciliazione postale")),
        Code("MP18", say("bollettino di c/c postale")),
        Code("MP19", say("SEPA Direct Debit")),
        Code("MP20", say("SEPA Direct Debit CORE")),
        Code("MP21", say("SEPA Direct Debit B2B")),
        Code("MP22", say("trattenuta su somme già riscosse")),
        Code("MP23", say("PagoPA"), since=_V1_6),
    ),
)

TIPO_CASSA = CodeList(
    "TipoCassa",
    (
        Code("TC01", say("Cassa nazionale previdenza e assistenza avvocati e procuratori legali")),
        Code("TC02", say("Cassa previdenza dottori commercialisti")),
        Code("TC03", say("Cassa previdenza e assistenza geometri")),
        Code(
            "TC04",
            say("Cassa nazionale previdenza e assistenza ingegneri e architetti liberi professionisti"),
        ),
        Code("TC05", say("Cassa nazionale del notariato")),
        Code("TC06", say("Cassa nazionale previdenza e assistenza ragionieri e periti commerciali")),
        Code("TC07", say("Ente nazionale assistenza agenti e rappresentanti di commercio (ENASARCO)")),
        Code("TC08", say("Ente nazionale previdenza e assistenza consulenti del lavoro (ENPACL)")),
        Code("TC09", say("Ente nazionale previdenza e assistenza medici (ENPAM)")),
        Code("TC10", say("Ente nazionale previdenza e assistenza farmacisti (ENPAF)")),
        Code("TC11", say("Ente nazionale previdenza e assistenza veterinari (ENPAV)")),
        Code("TC12", say("Ente nazionale previdenza e assistenza impiegati dell'agricoltura (ENPAIA)")),
        Code("TC13", say("Fondo previdenza impiegati imprese di spedizione e agenzie marittime")),
        Code("TC14", say("Istituto nazionale previdenza giornalisti italiani (INPGI)")),
        Code("TC15", say("Opera nazionale assistenza orfani sanitari italiani (ONAOSI)")),
        Code("TC16", say("Cassa autonoma assistenza integrativa giornalisti italiani (CASAGIT)")),
        Code("TC17", say("Ente previdenza periti industriali e periti industriali laureati (EPPI)")),
        Code("TC18", say("Ente previdenza e assistenza pluricategoriale (EPAP)")),
        Code("TC19", say("Ente nazionale previdenza e assistenza biologi (ENPAB)")),
        Code("TC20", say("Ente nazionale previdenza e assistenza professione infermieristica (ENPAPI)")),
        Code("TC21", say("Ente nazionale previdenza e assistenza psicologi (ENPAP)")),
        Code("TC22", say("INPS")),
    ),
)

TIPO_RITENUTA = CodeList(
    "TipoRitenuta",
    (
        Code("RT01", say("ritenuta d'acconto persone fisiche")),
        Code("RT02", say("ritenuta d'acconto persone giuridiche")),
        Code("RT03", say("contributo INPS"), since=_V1_6),
        Code("RT04", say("contributo ENASARCO"), since=_V1_6),
        Code("RT05", say("contributo ENPAM"), since=_V1_6),
        Code("RT06", say("altro contributo previdenziale"), since=_V1_6),
    ),
)

# The descriptions are those of the instructions to the Certificazione Unica, shortened.
CAUSALE_PAGAMENTO = CodeList(
    "CausalePagamento",
    (
        Code("A", say("prestazioni di lavoro autonomo nell'esercizio di arte o professione abituale")),
        Code(
            "B",
            say(
                "utilizzazione economica di opere dell'ingegno, brevetti e simili da parte dell'autore o inventore"
            ),
        ),
        Code("C", say("utili da associazione in partecipazione con apporto di solo lavoro")),
        Code("D", say("utili spettanti ai soci promotori e fondatori delle società di capitali")),
        Code("E", say("levata di protesti cambiari da parte dei segretari comunali")),
        Code("G", say("indennità per la cessazione di attività sportiva professionale")),
        Code("H", say("indennità per la cessazione di rapporti di agenzia")),
        Code("I", say("indennità per la cessazione da funzioni notarili")),
        Code("L", say("opere dell'ingegno e brevetti: redditi degli aventi causa a titolo gratuito")),
        Code("M", say("prestazioni di lavoro autonomo non esercitate abitualmente")),
        Code("N", say("indennità, rimborsi e compensi per attività sportive dilettantistiche")),
        Code("O", say("lavoro autonomo non abituale senza obbligo di iscrizione alla gestione separata")),
        Code(
            "P",
            say("compensi a non residenti per l'uso di attrezzature industriali, commerciali o scientifiche"),
        ),
        Code("Q", say("provvigioni ad agente o rappresentante monomandatario")),
        Code("R", say("provvigioni ad agente o rappresentante plurimandatario")),
        Code("S", say("provvigioni a commissionario")),
        Code("T", say("provvigioni a mediatore")),
        Code("U", say("provvigioni a procacciatore di affari")),
        Code("V", say("provvigioni a incaricato per le vendite a domicilio e per la vendita di giornali")),
        Code("W", say("corrispettivi per contratti d'appalto (art. 25-ter DPR 600/73)")),
        Code(
            "X",
            say("canoni a società o stabili organizzazioni UE (art. 26-quater DPR 600/73), primo periodo"),
        ),
        Code(
            "Y",
            say("canoni a società o stabili organizzazioni UE (art. 26-quater DPR 600/73), secondo periodo"),
        ),
        Code("Z", say("titolo diverso dai precedenti (codice superato da ZO)"), instead="ZO"),
        Code("L1", say("opere dell'ingegno e brevetti: redditi di chi li ha acquistati a titolo oneroso")),
        Code("M1", say("redditi dall'assunzione di obblighi di fare, non fare o permettere")),
        Code(
            "M2", say("lavoro autonomo non abituale con obbligo di iscrizione alla gestione separata ENPAPI")
        ),
        Code(
            "O1",
            say(
                "obblighi di fare, non fare o permettere, senza obbligo di iscrizione alla gestione separata"
            ),
        ),
        Code("V1", say("attività commerciali non esercitate abitualmente")),
        Code("ZO", say("titolo diverso dai precedenti")),
    ),
)

CONDIZIONI_PAGAMENTO = CodeList(
    "CondizioniPagamento",
    (
        Code("TP01", say("pagamento a rate")),
        Code("TP02", say("pagamento completo")),
        Code("TP03", say("anticipo")),
    ),
)
ESIGIBILITA_IVA = CodeList(
    "EsigibilitaIVA",
    (
        Code("I", say("esigibilità immediata")),
        Code("D", say("esigibilità differita")),
        Code("S", say("scissione dei pagamenti")),
    ),
)
TIPO_SCONTO = CodeList("Tipo", (Code("SC", say("sconto")), Code("MG", say("maggiorazione"))))
TIPO_CESSIONE_PRESTAZIONE = CodeList(
    "TipoCessionePrestazione",
    (
        Code("SC", say("sconto")),
        Code("PR", say("premio")),
        Code("AB", say("abbuono")),
        Code("AC", say("spesa accessoria")),
    ),
)
SOCIO_UNICO = CodeList("SocioUnico", (Code("SU", say("socio unico")), Code("SM", say("più soci"))))
STATO_LIQUIDAZIONE = CodeList(
    "StatoLiquidazione", (Code("LS", say("in liquidazione")), Code("LN", say("non in liquidazione")))
)
SOGGETTO_EMITTENTE = CodeList(
    "SoggettoEmittente", (Code("CC", say("cessionario/committente")), Code("TZ", say("terzo")))
)
BOLLO_VIRTUALE = CodeList(
    "BolloVirtuale", (Code("SI", say("bollo assolto (decreto MEF 17 giugno 2014, art. 6)")),)
)
RITENUTA = CodeList("Ritenuta", (Code("SI", say("cessione o prestazione soggetta a ritenuta")),))
ART73 = CodeList(
    "Art73",
    (
        Code(
            "SI",
            say("documento emesso secondo modalità e termini stabiliti ai sensi dell'art. 73 DPR 633/72"),
        ),
    ),
)
