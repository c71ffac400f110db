"""The people of an invoice: who sells, who buys, who acts for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .formats import day, money
from .meaning import meaning
from .view import Fact, Party
from .walk import Block


def party(role: str, *blocks: Block | None) -> Party:
    """One party from the block that names it and those beside it (Sede, Contatti ...).

    The ordinary invoice keeps a party's data two blocks deeper than the simplified one, and the draft in one flat
    record; a value is taken from the first block that has it.
    """
    found = [block for block in blocks if block is not None]
    for block in list(found):
        for inner in ("dati_anagrafici", "identificativi_fiscali", "altri_dati_identificativi"):
            if (deeper := block.block(inner)) is not None:
                found.append(deeper)
    for block in list(found):
        if (anagrafica := block.block("anagrafica")) is not None:
            found.append(anagrafica)
    facts = _Facts(found)
    name = _name(facts)
    return Party(
        role=role, name=name, address=_address(facts.block("sede", inline="indirizzo")), facts=_details(facts)
    )


class _Facts:
    """The values of several blocks under one roof, and the facts made of them."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.facts: list[Fact] = []

    def take(self, name: str) -> Any:
        return next((v for block in self.blocks if (v := block.take(name)) is not None), None)

    def block(self, name: str, *, inline: str = "") -> Block | None:
        """The inner block `name`; or the block that itself holds the value `inline`, in a flat record."""
        found = next((b for block in self.blocks if (b := block.block(name)) is not None), None)
        return found or next((block for block in self.blocks if inline and block.peek(inline)), None)

    def add(self, label: str, name: str, write: Callable[[Any], str] = str) -> None:
        value = self.take(name)
        if value is not None:
            self.facts.append(Fact(label, write(value)))


def _name(facts: _Facts) -> str:
    person = [facts.take("titolo"), facts.take("nome"), facts.take("cognome")]
    written = " ".join(str(part) for part in person if part)
    company = facts.take("denominazione")
    return " – ".join(str(part) for part in (company, written) if part)


def _address(sede: Block | None) -> tuple[str, ...]:
    if sede is None:
        return ()
    street = ", ".join(part for part in (sede.text("indirizzo"), sede.text("numero_civico")) if part)
    provincia = sede.text("provincia")
    town = " ".join(
        part
        for part in (
            sede.text("cap"),
            sede.text("comune"),
            f"({provincia})" if provincia else "",
            sede.text("nazione"),
        )
        if part
    )
    return tuple(row for row in (street, town) if row)


def vat_number(block: Block | None) -> Fact | None:
    """IdFiscaleIVA with its country, named as its reader knows it."""
    if block is None:
        return None
    country, code = block.text("id_paese"), block.text("id_codice")
    return Fact("Partita IVA" if country == "IT" else "Identificativo IVA", f"{country}{code}")


def _details(facts: _Facts) -> tuple[Fact, ...]:
    if fact := vat_number(facts.block("id_fiscale_iva", inline="id_codice")):
        facts.facts.append(fact)
    facts.add("Codice fiscale", "codice_fiscale")
    facts.add("Codice EORI", "cod_eori")
    facts.add("Regime fiscale", "regime_fiscale", lambda code: meaning("RegimeFiscale", code))
    facts.add("Albo professionale", "albo_professionale")
    facts.add("Provincia dell'albo", "provincia_albo")
    facts.add("Numero di iscrizione all'albo", "numero_iscrizione_albo")
    facts.add("Data di iscrizione all'albo", "data_iscrizione_albo", day)
    if address := _address(facts.block("stabile_organizzazione")):
        facts.facts.append(Fact("Stabile organizzazione", ", ".join(address)))
    if (rea := facts.block("iscrizione_rea") or facts.block("rea")) is not None:
        facts.facts.extend(_rea(rea))
    if (contacts := facts.block("contatti")) is not None:
        facts.blocks.append(contacts)
    facts.add("Telefono", "telefono")
    facts.add("Fax", "fax")
    facts.add("E-mail", "email")
    facts.add("Riferimento amministrazione", "riferimento_amministrazione")
    facts.add("Numero licenza di guida", "numero_licenza_guida")
    return tuple(facts.facts)


def _rea(rea: Block) -> list[Fact]:
    facts = [Fact("REA", " ".join(part for part in (rea.text("ufficio"), rea.text("numero_rea")) if part))]
    if (capital := rea.take("capitale_sociale")) is not None:
        facts.append(Fact("Capitale sociale", money(capital)))
    if code := rea.text("socio_unico"):
        facts.append(Fact("Soci", meaning("SocioUnico", code)))
    if code := rea.text("stato_liquidazione"):
        facts.append(Fact("Liquidazione", meaning("StatoLiquidazione", code)))
    return facts
