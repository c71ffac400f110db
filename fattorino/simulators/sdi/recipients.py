"""How the recipients of the simulated SdI behave: what a demo needs, and what the control endpoints set."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.simulators.sdi.books import Books

ACCEPT, REFUSE, SILENT = "accept", "refuse", "silent"
UNREACHABLE, UNKNOWN, INACTIVE, CHANNEL = "unreachable", "unknown", "inactive", "channel"

BEHAVIOURS: dict[str, str] = {
    ACCEPT: "riceve; se è una PA accetta (EC01)",
    REFUSE: "riceve; se è una PA rifiuta (EC02) con la descrizione indicata",
    SILENT: "riceve e non risponde: per una PA decorrono i termini",
    UNREACHABLE: "non è raggiungibile: mancata consegna, per una PA poi attestazione",
    UNKNOWN: "codice destinatario inesistente: scarto 00311",
    INACTIVE: "codice destinatario non attivo: scarto 00312",
    CHANNEL: "riceve davvero, con RicezioneFatture all'indirizzo indicato, e risponde da sé",
}

# Codes that explain themselves in a demo; every other one accepts.
DEMO: tuple[tuple[str, str, str], ...] = (
    ("RIFIUT", REFUSE, "Il CIG indicato in fattura non è corretto (DM 132/2020)."),
    ("SILENZ", SILENT, ""),
    ("IRRAGG", UNREACHABLE, ""),
    ("IGNOTO", UNKNOWN, ""),
    ("NONATT", INACTIVE, ""),
    ("IRRAGGI", UNREACHABLE, ""),
    ("IGNOTO0", UNKNOWN, ""),
    ("NONATTI", INACTIVE, ""),
)
DEFAULT_REASON = "La fattura non riguarda questa amministrazione."


@dataclass(frozen=True, slots=True)
class Recipient:
    """`key` is a CodiceDestinatario, a PEC address, or a buyer's IdPaese and code ("IT01234567890")."""

    key: str
    behaviour: str
    description: str = ""
    url: str = ""


def load_demo(books: Books) -> None:
    """The recipients of the demo, once; what was changed since stays as it is."""
    if not books.get("demo_recipients"):
        with books.transaction():
            for key, behaviour, description in DEMO:
                save(books, Recipient(key, behaviour, description))
            books.put("demo_recipients", True)


def save(books: Books, recipient: Recipient) -> None:
    """Raises ValueError for a behaviour that does not exist or an empty key."""
    if recipient.behaviour not in BEHAVIOURS or not 1 <= len(recipient.key) <= 256:
        raise ValueError("recipient")
    values = (recipient.key.upper(), recipient.behaviour, recipient.description[:255], recipient.url)
    with books.transaction() as db:
        db.execute("insert or replace into recipient values (?, ?, ?, ?)", values)


def remove(books: Books, key: str) -> None:
    with books.transaction() as db:
        db.execute("delete from recipient where key = ?", (key.upper(),))


def everyone(books: Books) -> list[Recipient]:
    return [Recipient(**row) for row in books.rows("select * from recipient order by key")]


def recipient_of(books: Books, code: str, buyer: str, pec: str) -> Recipient:
    """Who gets a file: the buyer if it is registered, else the code, else the PEC address; else nobody is there.

    That is the order of Allegato A 1.6.1, point 1.5.5. `buyer` is as in Recipient.key.
    """
    general = code in ("0000000", "XXXXXXX")
    for key in (buyer, buyer.removeprefix("IT"), pec if general else code):
        found = books.rows("select * from recipient where key = ?", key.upper()) if key else []
        if found:
            return Recipient(**found[0])
    if general and not pec:
        return Recipient(code, UNREACHABLE)
    return Recipient(pec if general else code, ACCEPT)
