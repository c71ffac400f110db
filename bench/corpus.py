"""The invoices that the bench measures with: made from a seed, the same on every machine, never committed.

Each passes the official schema 1.2.3 and gives no finding but the largest: with 5.8 MB it is beyond SdI's 5 MB, and
as `NumeroLinea` ends at 9999 its last line has the number 1 again. A line has 12 elements, as the issue counts them.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from pathlib import Path

SEED = 20261121
SIZES = (1, 10, 100, 1_000, 10_000)
SMALL = 2_000
HIGHEST_LINE_NUMBER = 9_999
CENT = Decimal("0.01")
STAMP_FROM = Decimal(
    "77.47"
)  # DPR 642/1972, art. 13 of the tariff: above it what bears no VAT bears the stamp

WORDS = [
    "consulenza",
    "manutenzione",
    "fornitura",
    "assistenza",
    "noleggio",
    "revisione",
    "progetto",
    "impianto",
    "perizia",
    "trasporto",
    "pulizia",
    "licenza",
    "stampa",
    "verifica",
    "collaudo",
    "città",
    "qualità",
    "attività",
    "società",
    "più",
    "già",
    "così",
    "però",
    "unità",
    "&",
    "mensile",
    "annuale",
    "ordinaria",
    "straordinaria",
    "urgente",
    "programmata",
    "sede",
    "ufficio",
    "magazzino",
    "cantiere",
    "reparto",
]
UNITS = ("NR", "ORE", "KG", "MQ", "PZ")
RATES = ("22.00", "22.00", "22.00", "10.00", "4.00")
NATURE = ("N4", "N2.2")
LAWS = {"N4": "Esente art. 10 DPR 633/72", "N2.2": "Non soggetta artt. da 7 a 7-septies DPR 633/72"}


@dataclass(frozen=True)
class Buyer:
    name: str
    vat: str
    code: str
    address: str
    cap: str
    city: str
    province: str


BUYERS = (
    Buyer("Città &amp; Campagna S.r.l.", "07643520567", "M5UXCR1", "Viale Po", "10100", "Torino", "TO"),
    Buyer(
        "Officine Meccaniche Prova S.p.A.",
        "01234567897",
        "SUBM70N",
        "Via dell'Artigianato",
        "20100",
        "Milano",
        "MI",
    ),
    Buyer(
        "Caffè del Porto di Rossi &amp; C. S.n.c.",
        "12345678903",
        "KRRH6B9",
        "Molo Vecchio",
        "16100",
        "Genova",
        "GE",
    ),
)


@dataclass
class Sums:
    """What the lines add up to, by rate and Natura."""

    taxable: dict[tuple[str, str], Decimal]

    def add(self, rate: str, natura: str, amount: Decimal) -> None:
        self.taxable[rate, natura] = self.taxable.get((rate, natura), Decimal(0)) + amount


def invoice(lines: int, number: str, seed: int, *, exempt: bool = False) -> bytes:
    """One FPR12 invoice of `lines` lines, indented by two blanks as most programs write it; UTF-8."""
    rng = random.Random(seed)
    sums = Sums({})
    detail = "".join(_line(n, rng, sums, exempt=exempt) for n in range(1, lines + 1))
    tax = {key: _cents(amount * Decimal(key[0]) / 100) for key, amount in sums.taxable.items()}
    total = sum(sums.taxable.values(), Decimal(0)) + sum(tax.values(), Decimal(0))
    free = sum((amount for (_, natura), amount in sums.taxable.items() if natura), Decimal(0))
    summary = "".join(_riepilogo(*key, sums.taxable[key], tax[key]) for key in sorted(sums.taxable))
    head = _header(rng.choice(BUYERS), number)
    general = _general(rng, number, total, stamp=free > STAMP_FROM)
    text = f"{head}{general}    <DatiBeniServizi>\n{detail}{summary}    </DatiBeniServizi>\n{_payment(rng, total)}"
    return f"{text}  </FatturaElettronicaBody>\n</p:FatturaElettronica>\n".encode()


def write(folder: Path) -> None:
    """All invoices into `folder`: ``lines_00001.xml`` ..., ``small/0001.xml`` ...; nothing if they are there."""
    stamp = folder / "made-by"
    mark = sha256(Path(__file__).read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == mark:
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "small").mkdir(parents=True)
    for name, data in files():
        (folder / name).write_bytes(data)
    stamp.write_text(mark)


def files() -> Iterator[tuple[str, bytes]]:
    for lines in SIZES:
        yield f"lines_{lines:05d}.xml", invoice(lines, f"{lines}/2026", SEED + lines)
    rng = random.Random(SEED)
    for number in range(1, SMALL + 1):
        lines = rng.randint(1, 5)
        seed = SEED * 10_000 + number
        yield f"small/{number:04d}.xml", invoice(lines, f"FT{number:05d}", seed, exempt=number % 7 == 0)


def _line(number: int, rng: random.Random, sums: Sums, *, exempt: bool) -> str:
    quantity = Decimal(rng.randint(1, 400)).scaleb(-rng.choice((0, 0, 2)))
    price = Decimal(rng.randint(100, 900_000)).scaleb(-rng.choice((2, 2, 4)))
    percent = Decimal(rng.choice((5, 10, 15))) if number % 10 == 3 else Decimal(0)
    amount = _cents(quantity * price * (100 - percent) / 100)
    natura = rng.choice(NATURE) if exempt and number % 2 else ""
    rate = "0.00" if natura else rng.choice(RATES)
    sums.add(rate, natura, amount)
    shown = (number - 1) % HIGHEST_LINE_NUMBER + 1
    words = " ".join(rng.choices(WORDS, k=rng.randint(2, 7))).replace("&", "&amp;")
    code = _block(8, "CodiceArticolo", CodiceTipo="INT", CodiceValore=f"ART-{rng.randint(1, 99999):05d}")
    discount = other = ""
    if percent:
        code, discount = "", _block(8, "ScontoMaggiorazione", Tipo="SC", Percentuale=f"{percent:.2f}")
    elif number % 10 == 7:
        note = f"Lotto {rng.randint(1, 9999)}"
        code, other = "", _block(8, "AltriDatiGestionali", TipoDato="LOTTO", RiferimentoTesto=note)
    nature_or_office = (
        _leaf("Natura", natura) if natura else _leaf("RiferimentoAmministrazione", f"CC{shown:04d}")
    )
    return (
        f"      <DettaglioLinee>\n{_leaf('NumeroLinea', shown)}{code}{_leaf('Descrizione', words)}"
        f"{_leaf('Quantita', f'{quantity:.2f}')}{_leaf('UnitaMisura', rng.choice(UNITS))}"
        f"{_leaf('PrezzoUnitario', f'{price:.4f}' if price.as_tuple().exponent == -4 else f'{price:.2f}')}"
        f"{discount}{_leaf('PrezzoTotale', f'{amount:.2f}')}{_leaf('AliquotaIVA', rate)}"
        f"{nature_or_office}{other}      </DettaglioLinee>\n"
    )


def _riepilogo(rate: str, natura: str, taxable: Decimal, tax: Decimal) -> str:
    if natura:
        return _block(
            6,
            "DatiRiepilogo",
            AliquotaIVA=rate,
            Natura=natura,
            ImponibileImporto=f"{taxable:.2f}",
            Imposta=f"{tax:.2f}",
            RiferimentoNormativo=LAWS[natura],
        )
    return _block(
        6,
        "DatiRiepilogo",
        AliquotaIVA=rate,
        ImponibileImporto=f"{taxable:.2f}",
        Imposta=f"{tax:.2f}",
        EsigibilitaIVA="I",
    )


def _header(buyer: Buyer, number: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="FPR12" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" \
xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <FatturaElettronicaHeader>
    <DatiTrasmissione>
      <IdTrasmittente>
        <IdPaese>IT</IdPaese>
        <IdCodice>00743110157</IdCodice>
      </IdTrasmittente>
      <ProgressivoInvio>{number.replace("/", "")[:10]}</ProgressivoInvio>
      <FormatoTrasmissione>FPR12</FormatoTrasmissione>
      <CodiceDestinatario>{buyer.code}</CodiceDestinatario>
    </DatiTrasmissione>
    <CedentePrestatore>
      <DatiAnagrafici>
        <IdFiscaleIVA>
          <IdPaese>IT</IdPaese>
          <IdCodice>00743110157</IdCodice>
        </IdFiscaleIVA>
        <CodiceFiscale>00743110157</CodiceFiscale>
        <Anagrafica>
          <Denominazione>Studio Associato Prova</Denominazione>
        </Anagrafica>
        <RegimeFiscale>RF01</RegimeFiscale>
      </DatiAnagrafici>
      <Sede>
        <Indirizzo>Via della Libertà</Indirizzo>
        <NumeroCivico>12</NumeroCivico>
        <CAP>00184</CAP>
        <Comune>Roma</Comune>
        <Provincia>RM</Provincia>
        <Nazione>IT</Nazione>
      </Sede>
      <IscrizioneREA>
        <Ufficio>RM</Ufficio>
        <NumeroREA>123456</NumeroREA>
        <CapitaleSociale>10000.00</CapitaleSociale>
        <SocioUnico>SM</SocioUnico>
        <StatoLiquidazione>LN</StatoLiquidazione>
      </IscrizioneREA>
      <Contatti>
        <Telefono>0612345678</Telefono>
        <Email>ufficio@esempio.it</Email>
      </Contatti>
    </CedentePrestatore>
    <CessionarioCommittente>
      <DatiAnagrafici>
        <IdFiscaleIVA>
          <IdPaese>IT</IdPaese>
          <IdCodice>{buyer.vat}</IdCodice>
        </IdFiscaleIVA>
        <CodiceFiscale>{buyer.vat}</CodiceFiscale>
        <Anagrafica>
          <Denominazione>{buyer.name}</Denominazione>
        </Anagrafica>
      </DatiAnagrafici>
      <Sede>
        <Indirizzo>{buyer.address}</Indirizzo>
        <NumeroCivico>7</NumeroCivico>
        <CAP>{buyer.cap}</CAP>
        <Comune>{buyer.city}</Comune>
        <Provincia>{buyer.province}</Provincia>
        <Nazione>IT</Nazione>
      </Sede>
    </CessionarioCommittente>
  </FatturaElettronicaHeader>
"""


def _general(rng: random.Random, number: str, total: Decimal, *, stamp: bool) -> str:
    bollo = _block(8, "DatiBollo", BolloVirtuale="SI", ImportoBollo="2.00") if stamp else ""
    order = _block(
        6, "DatiOrdineAcquisto", IdDocumento=f"ORD-{rng.randint(1, 99999)}", Data="2026-09-02", NumItem="1"
    )
    delivery = _block(6, "DatiDDT", NumeroDDT=rng.randint(1, 9999), DataDDT="2026-10-02")
    return (
        "  <FatturaElettronicaBody>\n    <DatiGenerali>\n      <DatiGeneraliDocumento>\n"
        f"{_leaf('TipoDocumento', 'TD01')}{_leaf('Divisa', 'EUR')}{_leaf('Data', '2026-10-15')}"
        f"{_leaf('Numero', number)}{bollo}{_leaf('ImportoTotaleDocumento', f'{total:.2f}')}"
        f"{_leaf('Causale', 'Prestazioni e forniture del mese di settembre')}"
        f"      </DatiGeneraliDocumento>\n{order}{delivery}    </DatiGenerali>\n"
    )


def _payment(rng: random.Random, total: Decimal) -> str:
    detail = _block(
        6,
        "DettaglioPagamento",
        ModalitaPagamento="MP05",
        DataScadenzaPagamento=f"2026-{rng.randint(11, 12)}-30",
        ImportoPagamento=f"{total:.2f}",
        IstitutoFinanziario="Banca di Prova",
        IBAN="IT60X0542811101000000123456",
    )
    return (
        "    <DatiPagamento>\n      <CondizioniPagamento>TP02</CondizioniPagamento>\n"
        f"{detail}    </DatiPagamento>\n"
    )


def _leaf(name: str, value: object) -> str:
    return f"        <{name}>{value}</{name}>\n"


def _block(indent: int, name: str, **values: object) -> str:
    blanks = " " * indent
    inside = "".join(f"{blanks}  <{key}>{value}</{key}>\n" for key, value in values.items())
    return f"{blanks}<{name}>\n{inside}{blanks}</{name}>\n"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
