"""What the simulated Hub knows: files by name, and one list of events. By simple rules, it judges no invoice."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fattorino.core.errors import InputError
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import (
    DestinatarioPrivati,
    ErrorePrivati,
    RicevutaConsegnaPrivati,
    RicevutaScarto,
)
from fattorino.core.sdi.names import message_name, parse_invoice_name, parse_message_name

KINDS: dict[str, str] = {
    "slow": "risponde dopo i secondi indicati",
    "down": "risponde HTTP 503",
    "throttled": "risponde HTTP 429",
    "broken": "risponde HTTP 500, senza aver preso il file",
    "unauthorised": "risponde HTTP 401",
    "garbage": "prende il file e risponde con qualcosa che non si capisce",
    "lost_before": "la connessione cade prima che il file sia preso",
    "lost_after": "il file è preso, ma la risposta si perde",
    "broken_after": "il file è preso, ma la risposta è HTTP 500",
    "slow_after": "il file è preso, ma la risposta arriva dopo i secondi indicati",
    "request_cut": "la connessione cade a metà della richiesta",
    "answer_cut": "il file è preso, ma la connessione cade a metà della risposta",
    "feed_again": "l'elenco degli eventi ricomincia da un po' prima",
    "give_back": "il file è preso e poi restituito, non inviato",
    "reject": "il file è scartato da SdI (NS)",
    "receipt_twice": "la ricevuta compare due volte",
}
_TABLES = """
create table if not exists file (
  name text primary key, base text unique, kind text, content blob, sdi text, state text, text text, about text,
  received_at text, arrivals integer default 1);
create index if not exists file_state on file (state);
create table if not exists event (number integer primary key autoincrement, event text);
create table if not exists fault (id integer primary key, kind text, remaining integer, seconds real, match text);
"""
# Faults of a kind for this file.
_MEANT = "select * from fault where kind = ? and instr(?, match) > 0 order by id"


class Refused(Exception):
    def __init__(self, status: int, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint = status, detail, hint


class Service:
    """One company's Hub, in a file (":memory:" for tests). `now` is asked at each step.

    With `relays` it answers nothing of its own: whoever runs it carries the files to an SdI (`waiting`, `sent`) and
    brings what that says.
    """

    def __init__(self, path: pathlib.Path | str, token: str, now: Any, *, relays: bool = False) -> None:
        self.token, self.now, self.relays = token, now, relays
        self._lock = threading.RLock()
        self._closed = False
        self._db = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_TABLES)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise Refused(503, "Il simulatore si è fermato.")
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._db.close()

    def order(self, kind: str, count: int | None = 1, seconds: float = 0.0, match: str = "") -> None:
        """A fault that strikes `count` times (for ever if None), only files whose name contains `match`."""
        if kind not in KINDS or (count is not None and count < 1):
            raise ValueError(kind)
        with self._transaction() as db:
            db.execute(
                "insert into fault (kind, remaining, seconds, match) values (?, ?, ?, ?)",
                (kind, count, seconds, match),
            )

    def calm(self) -> None:
        """No more faults."""
        with self._transaction() as db:
            db.execute("delete from fault")

    def faults(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute("select * from fault order by id")]

    def strike(self, kind: str, name: str = "") -> float | None:
        """The seconds of a fault of this kind, if one strikes now; it is used up by that."""
        with self._transaction() as db:
            for row in db.execute(_MEANT, (kind, name)).fetchall():
                if row["remaining"] == 1:
                    db.execute("delete from fault where id = ?", (row["id"],))
                elif row["remaining"] is not None:
                    db.execute("update fault set remaining = remaining - 1 where id = ?", (row["id"],))
                return float(row["seconds"])
        return None

    def service(self) -> dict[str, Any]:
        last = self._db.execute("select coalesce(max(number), 0) as n from event").fetchone()["n"]
        return {
            "version": 1, "company": "Azienda di prova", "partita_iva": "IT00000000000", "role": "operator",
            "may_write": True, "last": last,
        }  # fmt: skip

    def push(self, kind: str, name: str, content: bytes, about: str) -> tuple[int, dict[str, Any]]:
        """Take a file; what SdI says of it follows at once as events."""
        self._check(kind, name, content)
        with self._transaction() as db:
            known = self._row(name.split(".", 1)[0])
            if known is not None:
                if known["name"] != name or bytes(known["content"]) != content or known["about"] != about:
                    raise Refused(409, f"Con il nome {known['name']} è già stato consegnato un altro file.")
                db.execute("update file set arrivals = arrivals + 1 where name = ?", (name,))
                if known["state"] == "returned":
                    self._send(db, kind, name, content)
                return 200, self._told(name)
            number = db.execute("select count(*) + 1000001 as n from file").fetchone()["n"]
            values = (name, name.split(".", 1)[0], kind, content, str(number), "received", "", about)
            db.execute(
                "insert into file (name, base, kind, content, sdi, state, text, about, received_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, self.now().isoformat()),
            )
            self._send(db, kind, name, content)
            return 201, self._told(name)

    def _check(self, kind: str, name: str, content: bytes) -> None:
        try:
            good = (
                not parse_invoice_name(name).is_archive
                if kind == "FA"
                else parse_message_name(name).tipo == "EC"
            )
        except InputError:
            good = False
        if not good:
            raise Refused(422, f"Il nome {name} non è un nome di file ammesso dallo SdI (00001).")
        if not content:
            raise Refused(422, "Il corpo della richiesta è vuoto.")

    def _send(self, db: sqlite3.Connection, kind: str, name: str, content: bytes) -> None:
        if self._struck(db, "give_back", name):
            self._move(db, name, "returned", "Il Digital Hub non ha potuto inviare il file.")
            return
        if self.relays:
            self._move(db, name, "sending", "")
            return
        self._move(db, name, "with_sdi", "")
        if kind == "FA":
            letter, message = self._receipt(db, name, content)
            times = 2 if self._struck(db, "receipt_twice", name) else 1
            for _ in range(times):
                event = {"file": name, "identificativo_sdi": self._sdi(name), "content": _text(message)}
                self._tell(db, "message", letter, event)
        self._move(db, name, "closed", "")

    def _struck(self, db: sqlite3.Connection, kind: str, name: str) -> bool:
        row = db.execute(_MEANT, (kind, name)).fetchone()
        if row is None:
            return False
        if row["remaining"] is not None:
            db.execute("update fault set remaining = remaining - 1 where id = ?", (row["id"],))
            db.execute("delete from fault where remaining < 1")
        return True

    def _receipt(self, db: sqlite3.Connection, name: str, content: bytes) -> tuple[str, bytes]:
        common: dict[str, Any] = {
            "identificativo_sdi": self._sdi(name), "nome_file": name, "message_id": self._sdi(name),
            "hash": hashlib.sha256(content).hexdigest(), "data_ora_ricezione": self.now(),
        }  # fmt: skip
        if self._struck(db, "reject", name):
            why = (ErrorePrivati(codice="00404", descrizione="Fattura duplicata", suggerimento="-"),)
            return str(message_name(name, "NS")), write_message(RicevutaScarto(**common, lista_errori=why))
        receipt = RicevutaConsegnaPrivati(
            **common, data_ora_consegna=self.now(), destinatario=DestinatarioPrivati(codice="M5UXCR1")
        )
        return str(message_name(name, "RC")), write_message(receipt)

    def waiting(self) -> list[tuple[str, str, bytes, str]]:
        """Kind, name, content and number of the invoice (EC) of what is to be carried to SdI, in order."""
        with self._lock:
            rows = self._db.execute("select * from file where state = 'sending' order by rowid").fetchall()
        return [(row["kind"], row["name"], bytes(row["content"]), row["about"]) for row in rows]

    def sent(self, name: str, sdi: str) -> None:
        """SdI has taken it, under this number."""
        with self._transaction() as db:
            db.execute("update file set sdi = ? where name = ?", (sdi, name))
            self._move(db, name, "with_sdi", "")

    def deliver(
        self,
        sdi: str,
        name: str,
        content: bytes,
        metadata_name: str,
        metadata: bytes,
        delivered_at: str | None = "",
    ) -> int:
        """An invoice for the company has come; the number of the event.

        Args:
            delivered_at: told as it stands here; empty: now; None: as by a Hub that does not tell it.
        """
        event = {
            "identificativo_sdi": sdi, "content": _text(content), "metadata_name": metadata_name,
            "metadata": _text(metadata),
        }  # fmt: skip
        if delivered_at is not None:
            event["delivered_at"] = delivered_at or self.now().isoformat()
        with self._transaction() as db:
            return self._tell(db, "invoice", name, event)

    def say(self, name: str, content: bytes, sdi: str, file: str = "") -> int:
        """SdI says something more; the number of the event."""
        with self._transaction() as db:
            event = {"file": file, "identificativo_sdi": sdi, "content": _text(content)}
            return self._tell(db, "message", name, event)

    def file(self, name: str) -> dict[str, Any]:
        with self._lock:
            row = self._row(name.split(".", 1)[0])
            if row is None or row["name"] != name:
                raise Refused(404, "Con questo nome non è stato consegnato nessun file.")
            return self._told(name)

    def files(self) -> list[dict[str, Any]]:
        with self._lock:
            names = [row["name"] for row in self._db.execute("select name from file order by rowid")]
            return [self._told(name) for name in names]

    def feed(self, since: int, limit: int) -> dict[str, Any]:
        with self._lock:
            rows = self._db.execute(
                "select number, event from event where number > ? order by number limit ?", (since, limit + 1)
            ).fetchall()
        events = [json.loads(row["event"]) | {"number": row["number"]} for row in rows[:limit]]
        return {
            "events": events,
            "next": events[-1]["number"] if events else since,
            "more": len(rows) > limit,
        }

    def _row(self, base: str) -> Any:
        return self._db.execute("select * from file where base = ?", (base,)).fetchone()

    def _sdi(self, name: str) -> str:
        return str(self._row(name.split(".", 1)[0])["sdi"])

    def _told(self, name: str) -> dict[str, Any]:
        row = self._row(name.split(".", 1)[0])
        taken = row["state"] in ("with_sdi", "closed")
        return {
            "name": row["name"], "kind": row["kind"], "sha256": hashlib.sha256(row["content"]).hexdigest(),
            "size": len(row["content"]), "state": row["state"], "text": row["text"],
            "identificativo_sdi": row["sdi"] if taken else "", "document": None, "arrivals": row["arrivals"],
            "received_at": row["received_at"], "changed_at": row["received_at"],
        }  # fmt: skip

    def _move(self, db: sqlite3.Connection, name: str, state: str, text: str) -> None:
        db.execute("update file set state = ?, text = ? where name = ?", (state, text, name))
        told = self._told(name)["identificativo_sdi"]
        self._tell(db, "file", name, {"state": state, "text": text, "identificativo_sdi": told})

    def _tell(self, db: sqlite3.Connection, kind: str, name: str, event: dict[str, Any]) -> int:
        moment: datetime.datetime = self.now()
        whole = {"type": kind, "at": moment.isoformat(), "name": name, **event}
        return int(db.execute("insert into event (event) values (?)", (json.dumps(whole),)).lastrowid or 0)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
