"""What the simulated SdI remembers, in one SQLite file: files, names, invoices, what is due, what was sent.

Every method is one transaction, committed before it returns: what was answered to somebody is on disk.
Times named `due` and `window` are simulated seconds (clock.Clock.elapsed).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERSION = 1
FIRST_IDENTIFIER = 1_000_001

_SCHEMA = """
create table meta (key text primary key, value text not null);
create table file (
    id integer primary key autoincrement,          -- the IdentificativoSdI
    nome_file text not null,
    content blob not null,
    sha256 text not null,
    received_at text not null,
    archive_id integer references file (id),
    flow text not null default '',                  -- PA, PR; '' until judged
    formato text not null default '',
    recipient text not null default '',             -- CodiceDestinatario
    buyer text not null default '',                 -- IdPaese and IdCodice, or the CodiceFiscale
    pec text not null default '',
    state text not null default 'RICEVUTO',
    window real,                                    -- when the 15 days began
    outcome text not null default ''                -- the EC of the whole file, DT
);
create index file_nome_file on file (nome_file);
create table invoice (
    file_id integer not null references file (id),
    position integer not null,
    seller text not null, tipo text not null, numero text not null, data text not null,
    outcome text not null default '',               -- EC01, EC02, DT
    primary key (file_id, position)
);
create index invoice_numero on invoice (numero);
create table step (
    id integer primary key autoincrement,
    file_id integer not null references file (id), kind text not null, due real not null,
    done integer not null default 0, error text not null default ''
);
create index step_open on step (due) where not done;
create table message (
    id integer primary key autoincrement,
    file_id integer not null references file (id), tipo text not null, nome_file text not null,
    content blob not null, side text not null,      -- trasmissione, ricezione
    url text not null default '',                   -- '' is the transmitter's
    due real not null, tries integer not null default 0, held integer not null default 0,
    state text not null default 'DA_INVIARE',       -- INVIATO, ABBANDONATO
    answer text not null default '', sent_at text not null default ''
);
create index message_open on message (due) where state = 'DA_INVIARE';
create table recipient (
    key text primary key, behaviour text not null, description text not null default '', url text not null default ''
);
create table fault (
    id integer primary key autoincrement,
    kind text not null, remaining integer, probability real, seed integer not null default 0,
    draws integer not null default 0, seconds real not null default 0, hours real not null default 0,
    match text not null default ''
);
"""


@dataclass(frozen=True, slots=True)
class File:
    id: int
    nome_file: str
    content: bytes
    sha256: str
    received_at: str
    archive_id: int | None
    flow: str
    formato: str
    recipient: str
    buyer: str
    pec: str
    state: str
    window: float | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One body, with what the control on duplicates (00404) compares."""

    position: int
    seller: str
    tipo: str
    numero: str
    data: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. `side` is the web service that takes it, `tipo` FT stands for the invoice itself."""

    id: int
    file_id: int
    tipo: str
    nome_file: str
    content: bytes
    side: str
    url: str
    tries: int


class Books:
    """One connection behind one lock: SQLite has one writer anyway. Raises sqlite3.Error, OSError on opening."""

    def __init__(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._ordered: tuple[int, frozenset[str]] | None = None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        version = self._db.execute("pragma user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"{path}: libri della versione {version}, attesa {VERSION}")
        if version == 0:
            self._db.executescript(f"begin;{_SCHEMA}pragma user_version = {VERSION};commit;")
            self._db.execute("insert into sqlite_sequence values ('file', ?)", (FIRST_IDENTIFIER - 1,))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; may be nested (the outermost commits)."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(query, values)]

    # Values kept by name ------------------------------------------------------------------------------------

    def get(self, key: str, default: Any = None) -> Any:
        found = self.rows("select value from meta where key = ?", key)
        return json.loads(found[0]["value"]) if found else default

    def put(self, key: str, value: Any) -> None:
        with self.transaction() as db:
            db.execute("insert or replace into meta values (?, ?)", (key, json.dumps(value)))

    def forget(self, key: str) -> None:
        with self.transaction() as db:
            db.execute("delete from meta where key = ?", (key,))

    def kept(self, prefix: str) -> dict[str, Any]:
        """All values whose names begin so."""
        found = self.rows("select key, value from meta where substr(key, 1, ?) = ?", len(prefix), prefix)
        return {row["key"]: json.loads(row["value"]) for row in found}

    # Faults -------------------------------------------------------------------------------------------------

    def ordered_faults(self) -> frozenset[str]:
        """The kinds that wait to strike (faults.py). Remembered, also over what other processes write."""
        with self._lock:
            # It differs as soon as another connection has committed (SQLite, PRAGMA data_version).
            version = int(self._db.execute("pragma data_version").fetchone()[0])
            if self._ordered is None or self._ordered[0] != version:
                kinds = frozenset(row[0] for row in self._db.execute("select distinct kind from fault"))
                if self._db.in_transaction:
                    # It may be taken back, and then nobody would tell.
                    return kinds
                self._ordered = version, kinds
            return self._ordered[1]

    def forget_ordered_faults(self) -> None:
        """To be called when this connection has changed them."""
        with self._lock:
            self._ordered = None

    # Files --------------------------------------------------------------------------------------------------

    def add_file(
        self, nome_file: str, content: bytes, received_at: str, due: float, archive_id: int | None = None
    ) -> int:
        """Store a file that was accepted and put its judgement on the list; returns its IdentificativoSdI."""
        with self.transaction() as db:
            cursor = db.execute(
                "insert into file (nome_file, content, sha256, received_at, archive_id) values (?, ?, ?, ?, ?)",
                (nome_file, content, hashlib.sha256(content).hexdigest(), received_at, archive_id),
            )
            identifier = int(cursor.lastrowid or 0)
            self.add_step(identifier, "judge", due)
            return identifier

    def file(self, identifier: int) -> File | None:
        found = self.rows("select * from file where id = ?", identifier)
        return File(**found[0]) if found else None

    def update_file(self, identifier: int, **values: Any) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self.transaction() as db:
            db.execute(f"update file set {columns} where id = ?", (*values.values(), identifier))

    def is_name_used(self, nome_file: str, before: int) -> bool:
        """Whether a file received earlier had this name, whatever became of it."""
        return bool(self.rows("select 1 from file where nome_file = ? and id < ? limit 1", nome_file, before))

    # Invoices -----------------------------------------------------------------------------------------------

    def add_invoices(self, file_id: int, invoices: list[Invoice]) -> None:
        with self.transaction() as db:
            for i in invoices:
                db.execute(
                    "insert into invoice (file_id, position, seller, tipo, numero, data) values (?, ?, ?, ?, ?, ?)",
                    (file_id, i.position, i.seller, i.tipo, i.numero, i.data),
                )

    def invoices(self, file_id: int) -> list[Invoice]:
        columns = "position, seller, tipo, numero, data, outcome"
        found = self.rows(f"select {columns} from invoice where file_id = ? order by position", file_id)
        return [Invoice(**row) for row in found]

    def with_number(self, numero: str) -> list[Invoice]:
        """Invoices of this number, of any seller, that were neither rejected nor refused by their PA."""
        columns = "position, seller, tipo, numero, data, outcome"
        query = (
            f"select {columns} from invoice where numero = ? and outcome <> 'EC02' order by file_id, position"
        )
        return [Invoice(**row) for row in self.rows(query, numero)]

    def set_outcome(self, file_id: int, positions: list[int], outcome: str) -> None:
        with self.transaction() as db:
            for position in positions:
                db.execute(
                    "update invoice set outcome = ? where file_id = ? and position = ?",
                    (outcome, file_id, position),
                )

    # What is due --------------------------------------------------------------------------------------------

    def add_step(self, file_id: int, kind: str, due: float) -> None:
        with self.transaction() as db:
            db.execute("insert into step (file_id, kind, due) values (?, ?, ?)", (file_id, kind, due))

    def next_step(self, now: float) -> tuple[int, int, str] | None:
        """(step, file, kind) of the most overdue step."""
        found = self.rows("select * from step where not done and due <= ? order by due, id limit 1", now)
        return (found[0]["id"], found[0]["file_id"], found[0]["kind"]) if found else None

    def close_step(self, step: int, error: str = "") -> None:
        with self.transaction() as db:
            db.execute("update step set done = 1, error = ? where id = ?", (error[:2000], step))

    def next_step_due(self) -> float | None:
        """Simulated second of the next step; None if there is none."""
        due: float | None = self.rows("select min(due) as due from step where not done")[0]["due"]
        return due

    def next_message_due(self) -> float | None:
        """Simulated second at which the next message is to go; None if there is none."""
        due: float | None = self.rows("select min(due) as due from message where state = 'DA_INVIARE'")[0][
            "due"
        ]
        return due

    # Messages -----------------------------------------------------------------------------------------------

    def next_number(self, file_id: int, tipo: str) -> int:
        """How many messages of this kind the file will have had with the next one."""
        query = "select count(distinct nome_file) as n from message where file_id = ? and tipo = ?"
        return int(self.rows(query, file_id, tipo)[0]["n"]) + 1

    def new_message_id(self) -> str:
        with self.transaction():
            number = int(self.get("message_id", 100_000)) + 1
            self.put("message_id", number)
            return str(number)

    def add_message(
        self, file_id: int, tipo: str, nome_file: str, content: bytes, side: str, due: float, *, url: str = "",
        held: bool = False, state: str = "DA_INVIARE",
    ) -> int:  # fmt: skip
        with self.transaction() as db:
            cursor = db.execute(
                "insert into message (file_id, tipo, nome_file, content, side, url, due, held, state)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (file_id, tipo, nome_file, content, side, url, due, held, state),
            )
            return int(cursor.lastrowid or 0)

    def next_message(self, now: float) -> Outgoing | None:
        query = "select * from message where state = 'DA_INVIARE' and due <= ? order by due, id limit 1"
        found = self.rows(query, now)
        return Outgoing(**{k: found[0][k] for k in Outgoing.__slots__}) if found else None

    def due_messages(self, now: float, most: int) -> list[Outgoing]:
        """All that is to go by now, oldest first: for a channel that carries many at a time."""
        query = "select * from message where state = 'DA_INVIARE' and due <= ? order by due, id limit ?"
        return [Outgoing(**{k: row[k] for k in Outgoing.__slots__}) for row in self.rows(query, now, most)]

    def message_sent(self, message: Outgoing, answer: str, at: str, now: float) -> None:
        """Close a message; whatever of the same file was held back until now may go."""
        with self.transaction() as db:
            db.execute(
                "update message set state = 'INVIATO', tries = tries + 1, answer = ?, sent_at = ? where id = ?",
                (answer, at, message.id),
            )
            db.execute(
                "update message set held = 0, due = ? where file_id = ? and held and state = 'DA_INVIARE'",
                (now, message.file_id),
            )

    def message_failed(self, message: Outgoing, answer: str, due: float | None) -> None:
        """Try again at `due`, or give up."""
        with self.transaction() as db:
            db.execute(
                "update message set tries = tries + 1, answer = ?, due = coalesce(?, due), state = ? where id = ?",
                (answer, due, "ABBANDONATO" if due is None else "DA_INVIARE", message.id),
            )
