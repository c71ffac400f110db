"""The value types of the two FatturaPA schemas, named as there (XSD ordinaria 1.2.3, semplificata 1.0.2)."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fattorino.core.fatturapa import codes
from fattorino.core.texts import say
from fattorino.core.tracciati.values import Base64, Coded, Counter, Day, Moment, Number, Pattern, Text

String10 = Annotated[str, Text("String10Type", 10)]
String15 = Annotated[str, Text("String15Type", 15)]
String20 = Annotated[str, Text("String20Type", 20)]
String35 = Annotated[str, Text("String35Type", 35)]
String60 = Annotated[str, Text("String60Type", 60)]
String60Latin = Annotated[str, Text("String60LatinType", 60, charset="latin")]
String80Latin = Annotated[str, Text("String80LatinType", 80, charset="latin")]
String100Latin = Annotated[str, Text("String100LatinType", 100, charset="latin")]
String200Latin = Annotated[str, Text("String200LatinType", 200, charset="latin")]
String1000Latin = Annotated[str, Text("String1000LatinType", 1000, charset="latin")]
# The only text without a rule on characters (2.2.1.3.2 CodiceValore).
String35LatinExt = Annotated[str, Text("String35LatinExtType", 35, charset="any")]
NumeroCivico = Annotated[str, Text("NumeroCivicoType", 8)]
TelFax = Annotated[str, Text("TelFaxType", 12, shortest=5)]
Titolo = Annotated[str, Text("TitoloType", 10, shortest=2, whitespace="collapse")]
Codice = Annotated[str, Text("CodiceType", 28, charset="any", whitespace="preserve")]
CodEORI = Annotated[str, Text("CodEORIType", 17, shortest=13, charset="any", whitespace="preserve")]

Nazione = Annotated[
    str, Pattern("NazioneType", re.compile(r"[A-Z]{2}"), say("due lettere maiuscole, come IT"))
]
Provincia = Annotated[
    str, Pattern("ProvinciaType", re.compile(r"[A-Z]{2}"), say("due lettere maiuscole, come RM"))
]
Divisa = Annotated[
    str, Pattern("DivisaType", re.compile(r"[A-Z]{3}"), say("tre lettere maiuscole, come EUR"))
]
TipoResa = Annotated[
    str, Pattern("TipoResaType", re.compile(r"[A-Z]{3}"), say("tre lettere maiuscole, come EXW"))
]
CAP = Annotated[str, Pattern("CAPType", re.compile(r"[0-9]{5}"), say("cinque cifre (00000 per l'estero)"))]
ABI = Annotated[str, Pattern("ABIType", re.compile(r"[0-9]{5}"), say("cinque cifre"))]
CAB = Annotated[str, Pattern("CABType", re.compile(r"[0-9]{5}"), say("cinque cifre"))]
CodiceFiscale = Annotated[
    str,
    Pattern(
        "CodiceFiscaleType",
        re.compile(r"[A-Z0-9]{11,16}"),
        say("da 11 a 16 caratteri, lettere maiuscole e cifre, senza spazi"),
    ),
]
CodiceFiscalePF = Annotated[
    str,
    Pattern(
        "CodiceFiscalePFType", re.compile(r"[A-Z0-9]{16}"), say("16 caratteri, lettere maiuscole e cifre")
    ),
]
CodiceDestinatario = Annotated[
    str,
    Pattern(
        "CodiceDestinatarioType",
        re.compile(r"[A-Z0-9]{6,7}"),
        say("6 caratteri per la PA, 7 per i privati, lettere maiuscole e cifre"),
    ),
]
CodiceDestinatarioSemplificata = Annotated[
    str,
    Pattern(
        "CodiceDestinatarioType", re.compile(r"[A-Z0-9]{7}"), say("7 caratteri, lettere maiuscole e cifre")
    ),
]
IBAN = Annotated[
    str,
    Pattern(
        "IBANType",
        re.compile(r"[a-zA-Z]{2}[0-9]{2}[a-zA-Z0-9]{11,30}"),
        say("un IBAN senza spazi, come IT60X0542811101000000123456"),
    ),
]
BIC = Annotated[
    str,
    Pattern(
        "BICType",
        re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?"),
        say("un BIC di 8 o 11 caratteri maiuscoli, senza spazi"),
    ),
]
EmailContatti = Annotated[
    str,
    Pattern(
        "EmailContattiType",
        # The schema's ".+@.+[.]+.+" ("." stops at CR too), so written that there is one way only to match: of 256
        # "@" and "." the schema's own wording tries a hundred million.
        re.compile(r"[^\n\r][^\n\r@]*@[^\n\r][^\n\r.]*[.][^\n\r]+"),
        say("un indirizzo di posta di 7-256 caratteri, come nome@esempio.it"),
        longest=256,
        shortest=7,
    ),
]
_ATOMS = r"[!#-'*+/-9=?A-Z^-~-]+(\.[!#-'*+/-9=?A-Z^-~-]+)*"
Email = Annotated[
    str,
    Pattern(
        "EmailType",
        re.compile(
            rf'({_ATOMS}|"(\[\]!#-[^-~ \t]|(\\[\t -~]))+")@({_ATOMS}|\[[\t -Z^-~]*\])',
        ),
        say("un indirizzo PEC, come nome@pec.esempio.it"),
        longest=256,
        whitespace="collapse",
    ),
]

Amount2Decimal = Annotated[Decimal, Number("Amount2DecimalType", digits=11, fewest=2, most=2, signed=True)]
Amount8Decimal = Annotated[Decimal, Number("Amount8DecimalType", digits=11, fewest=2, most=8, signed=True)]
Quantita = Annotated[Decimal, Number("QuantitaType", digits=12, fewest=2, most=8)]
Peso = Annotated[Decimal, Number("PesoType", digits=4, fewest=1, most=2)]
Rate = Annotated[Decimal, Number("RateType", digits=3, fewest=2, most=2, maximum=Decimal("100.00"))]
NumeroLinea = Annotated[int, Counter("NumeroLineaType", 1, 9999)]
RiferimentoNumeroLinea = Annotated[int, Counter("RiferimentoNumeroLineaType", 1, 9999)]
RiferimentoFase = Annotated[int, Counter("RiferimentoFaseType", 1, 999)]
NumeroColli = Annotated[int, Counter("NumeroColliType", 1, 9999)]
GiorniTerminePagamento = Annotated[int, Counter("GiorniTerminePagamentoType", 0, 999)]
Date = Annotated[date, Day("xs:date")]
DataFattura = Annotated[date, Day("DataFatturaType", date(1970, 1, 1))]
DateTime = Annotated[datetime, Moment("xs:dateTime")]
Base64Binary = Annotated[bytes, Base64("xs:base64Binary")]

FormatoTrasmissione = Annotated[str, Coded("FormatoTrasmissioneType", codes.FORMATO_TRASMISSIONE)]
FormatoTrasmissioneSemplificata = Annotated[
    str, Coded("FormatoTrasmissioneType", codes.FORMATO_TRASMISSIONE_SEMPLIFICATA)
]
TipoDocumento = Annotated[str, Coded("TipoDocumentoType", codes.TIPO_DOCUMENTO)]
TipoDocumentoSemplificata = Annotated[str, Coded("TipoDocumentoType", codes.TIPO_DOCUMENTO_SEMPLIFICATA)]
RegimeFiscale = Annotated[str, Coded("RegimeFiscaleType", codes.REGIME_FISCALE)]
Natura = Annotated[str, Coded("NaturaType", codes.NATURA)]
NaturaSemplificata = Annotated[str, Coded("NaturaType", codes.NATURA_SEMPLIFICATA)]
ModalitaPagamento = Annotated[str, Coded("ModalitaPagamentoType", codes.MODALITA_PAGAMENTO)]
CondizioniPagamento = Annotated[str, Coded("CondizioniPagamentoType", codes.CONDIZIONI_PAGAMENTO)]
TipoCassa = Annotated[str, Coded("TipoCassaType", codes.TIPO_CASSA)]
TipoRitenuta = Annotated[str, Coded("TipoRitenutaType", codes.TIPO_RITENUTA)]
CausalePagamento = Annotated[str, Coded("CausalePagamentoType", codes.CAUSALE_PAGAMENTO)]
EsigibilitaIVA = Annotated[str, Coded("EsigibilitaIVAType", codes.ESIGIBILITA_IVA)]
TipoScontoMaggiorazione = Annotated[str, Coded("TipoScontoMaggiorazioneType", codes.TIPO_SCONTO)]
TipoCessionePrestazione = Annotated[
    str, Coded("TipoCessionePrestazioneType", codes.TIPO_CESSIONE_PRESTAZIONE)
]
SocioUnico = Annotated[str, Coded("SocioUnicoType", codes.SOCIO_UNICO)]
StatoLiquidazione = Annotated[str, Coded("StatoLiquidazioneType", codes.STATO_LIQUIDAZIONE)]
SoggettoEmittente = Annotated[str, Coded("SoggettoEmittenteType", codes.SOGGETTO_EMITTENTE)]
BolloVirtuale = Annotated[str, Coded("BolloVirtualeType", codes.BOLLO_VIRTUALE)]
Ritenuta = Annotated[str, Coded("RitenutaType", codes.RITENUTA)]
Art73 = Annotated[str, Coded("Art73Type", codes.ART73)]
