"""Faults on demand: what really goes wrong between a transmitter and SdI, as often as one likes."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fattorino.simulators.sdi.books import Books

SLOW, DOWN, REFUSED, UNAVAILABLE = "slow", "down", "refused", "unavailable"
NOT_ENABLED, LOST_BEFORE, LOST_AFTER = "not_enabled", "lost_before", "lost_after"
TWICE, OUT_OF_ORDER, LATE = "receipt_twice", "receipt_out_of_order", "receipt_late"
LOST = "receipt_lost"
OUTCOME_REFUSED = "outcome_refused"
REQUEST_CUT, ANSWER_CUT, SLOW_AFTER = "request_cut", "answer_cut", "slow_after"
BROKEN, BROKEN_AFTER, SOAP_FAULT = "broken", "broken_after", "soap_fault"
FTP_CUT, FTP_ER_CIPHER, FTP_ER_SIGNATURE = "ftp_cut", "ftp_er_cipher", "ftp_er_signature"
FTP_SUSPENDED, FTP_ANSWER_LOST = "ftp_suspended", "ftp_answer_lost"
FTP_TRUNCATED, FTP_TWICE, FTP_QUADRATURE = "ftp_truncated", "ftp_twice", "ftp_quadrature"
FTP_CUT_READING, FTP_CUT_READ, FTP_ANSWER_LATE = "ftp_cut_reading", "ftp_cut_read", "ftp_answer_late"

KINDS: dict[str, str] = {
    SLOW: "risponde dopo i secondi indicati",
    DOWN: "risponde HTTP 503",
    REFUSED: "per i secondi indicati la porta è chiusa",
    UNAVAILABLE: "risponde EI02 (ES02), servizio non disponibile",
    NOT_ENABLED: "risponde EI03, utente non abilitato",
    LOST_BEFORE: "la connessione cade prima che il file sia accettato",
    LOST_AFTER: "il file è accettato, ma la risposta si perde",
    REQUEST_CUT: "la connessione cade a metà della richiesta",
    ANSWER_CUT: "il file è accettato, ma la connessione cade a metà della risposta",
    SLOW_AFTER: "il file è accettato, ma la risposta arriva dopo i secondi indicati",
    BROKEN: "risponde HTTP 500 senza aver preso il file",
    BROKEN_AFTER: "il file è accettato, ma la risposta è HTTP 500",
    SOAP_FAULT: "risponde con un errore SOAP (Server) senza aver preso il file",
    TWICE: "la ricevuta arriva due volte",
    OUT_OF_ORDER: "la ricevuta arriva dopo quella che la segue",
    LATE: "la ricevuta arriva con le ore di ritardo indicate",
    LOST: "la ricevuta si perde e non arriva mai",
    OUTCOME_REFUSED: "l'esito del committente è scartato (SE, EN00)",
    FTP_CUT: "SdIFtp: la visita cade a metà di un file che SdI sta lasciando",
    FTP_ER_CIPHER: "SdIFtp: il supporto è rifiutato con ER 1, cifratura",
    FTP_ER_SIGNATURE: "SdIFtp: il supporto è rifiutato con ER 2, firma",
    FTP_SUSPENDED: "SdIFtp: il supporto è sospeso (ET02)",
    FTP_ANSWER_LOST: "SdIFtp: il supporto è preso, ma il file di esito non arriva mai",
    FTP_CUT_READING: "SdIFtp: la visita cade a metà di un supporto che SdI sta prelevando",
    FTP_CUT_READ: "SdIFtp: il supporto è preso, ma la visita cade prima che SdI lo tolga",
    FTP_ANSWER_LATE: "SdIFtp: gli esiti arrivano solo con la visita dopo",
    FTP_TRUNCATED: "SdIFtp: un supporto di SdI arriva troncato; alla visita dopo arriva intero",
    FTP_TWICE: "SdIFtp: un supporto di SdI arriva due volte, con due nomi",
    FTP_QUADRATURE: "SdIFtp: un supporto di SdI arriva con la quadratura sbagliata",
    "pec_cut_before_data": "PEC: la connessione di invio cade prima del messaggio",
    "pec_cut_in_data": "PEC: la connessione di invio cade a metà del messaggio",
    "pec_cut_after_data": "PEC: il messaggio è accettato, ma la risposta si perde",
    "pec_busy": "PEC: il gestore chiede di riprovare (451)",
    "pec_refused": "PEC: il gestore rifiuta il mittente (550)",
    "pec_login": "PEC: il gestore non accetta la password",
    "pec_slow": "PEC: il gestore risponde dopo i secondi indicati",
    "pec_not_accepted": "PEC: avviso di non accettazione",
    "pec_not_delivered": "PEC: avviso di mancata consegna",
    "pec_receipt_lost": "PEC: una ricevuta del gestore si perde",
    "pec_receipt_twice": "PEC: una ricevuta del gestore arriva due volte",
    "pec_receipt_late": "PEC: una ricevuta del gestore arriva dopo i secondi indicati",
    "pec_mailbox_down": "PEC: la casella non si può leggere (IMAP)",
    "pec_mailbox_cut": "PEC: la connessione di lettura (IMAP) cade a metà di un messaggio",
}
_MAX_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What struck: seconds are real, hours are SdI's (simulated)."""

    kind: str
    seconds: float
    hours: float


def add(
    books: Books,
    kind: str,
    *,
    count: int | None = None,
    probability: float | None = None,
    seed: int = 0,
    seconds: float = 0.0,
    hours: float = 24.0,
    match: str = "",
) -> int:
    """Order a fault. It strikes `count` times (for ever if None), each time with `probability` (always if None).

    `match` restricts it to file names that contain it. The same seed gives the same series.
    Raises ValueError for what makes no sense.
    """
    if (
        kind not in KINDS
        or (count is not None and count < 1)
        or not 0 <= seconds <= _MAX_SECONDS
        or hours < 0
    ):
        raise ValueError("fault")
    if probability is not None and not 0 < probability <= 1:
        raise ValueError("probability")
    with _changing(books) as db:
        cursor = db.execute(
            "insert into fault (kind, remaining, probability, seed, seconds, hours, match)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (kind, count, probability, seed, seconds, hours, match),
        )
        return int(cursor.lastrowid or 0)


def clear(books: Books, identifier: int | None = None) -> None:
    """Call off one fault, or all."""
    with _changing(books) as db:
        if identifier is None:
            db.execute("delete from fault")
        else:
            db.execute("delete from fault where id = ?", (identifier,))


def pending(books: Books) -> list[dict[str, Any]]:
    return books.rows("select * from fault order by id")


def is_ordered(books: Books, kind: str) -> bool:
    """Whether any fault of this kind waits, for whatever file."""
    return kind in books.ordered_faults()


def strike(books: Books, kind: str, name: str = "") -> Fault | None:
    """Whether a fault of this kind strikes now, for the file `name`; uses it up if so."""
    if not is_ordered(books, kind):
        # A dozen kinds are asked about for each file, and nearly always there is none.
        return None
    with _changing(books) as db:
        # The database chooses: a run that ordered a fault for each of a thousand files asks at every step.
        meant = "select * from fault where kind = ? and instr(?, match) > 0 order by id"
        for row in books.rows(meant, kind, name):
            draws = row["draws"] + 1
            db.execute("update fault set draws = ? where id = ?", (draws, row["id"]))
            # Seeded per draw, so that a restart goes on where the series was.
            chance = random.Random(f"{row['seed']}/{draws}").random()
            if row["probability"] is not None and chance >= row["probability"]:
                continue
            if row["remaining"] == 1:
                db.execute("delete from fault where id = ?", (row["id"],))
            elif row["remaining"] is not None:
                db.execute("update fault set remaining = remaining - 1 where id = ?", (row["id"],))
            return Fault(kind, row["seconds"], row["hours"])
    return None


@contextlib.contextmanager
def _changing(books: Books) -> Iterator[sqlite3.Connection]:
    """A transaction that may change what is ordered."""
    try:
        with books.transaction() as db:
            yield db
    finally:
        books.forget_ordered_faults()
