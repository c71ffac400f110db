"""The provider's mailboxes, in one SQLite file: what was delivered is on disk before anybody is told."""

from __future__ import annotations

import pathlib
import sqlite3
import threading
from dataclasses import dataclass

_SCHEMA = """
create table if not exists account (address text primary key, password text not null, validity integer not null);
create table if not exists letter (
    mailbox text not null references account (address), uid integer not null, content blob not null,
    arrived real not null, primary key (mailbox, uid)
);
-- Apart from the letters, which are large: searching reads only these.
create table if not exists head (
    mailbox text not null, uid integer not null, content blob not null, primary key (mailbox, uid)
);
create table if not exists number (name text primary key, last integer not null);
"""

_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a mailbox; `uid` grows, `content` is as it was delivered."""

    uid: int
    content: bytes
    arrived: float


class Mailboxes:
    """Raises sqlite3.Error, OSError on opening."""

    def __init__(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_SCHEMA)
        self._db.create_function("head_of", 1, head_of, deterministic=True)
        # Letters from before heads were kept apart.
        self._db.execute(
            "insert or ignore into head select mailbox, uid, head_of(content) from letter l"
            " where not exists (select 1 from head h where h.mailbox = l.mailbox and h.uid = l.uid)"
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def open_account(self, address: str, password: str) -> None:
        """Make a mailbox, or give it another password."""
        with self._lock:
            self._db.execute(
                "insert into account values (?, ?, ?) on conflict (address) do update set password = excluded.password",
                (address.lower(), password, 1),
            )

    def has(self, address: str) -> bool:
        with self._lock:
            found = self._db.execute("select 1 from account where address = ?", (address.lower(),))
            return found.fetchone() is not None

    def admits(self, address: str, password: str) -> bool:
        with self._lock:
            found = self._db.execute("select password from account where address = ?", (address.lower(),))
            row = found.fetchone()
            return row is not None and row[0] == password

    def validity(self, address: str) -> int:
        """UIDVALIDITY: another number says that the old uids mean nothing any more."""
        with self._lock:
            found = self._db.execute("select validity from account where address = ?", (address.lower(),))
            return int(found.fetchone()[0])

    def renumber(self, address: str) -> None:
        """As a provider does when it moves a mailbox: same letters, other uids, another UIDVALIDITY."""
        with self._lock:
            self._db.execute("begin immediate")
            self._db.execute(
                "update account set validity = validity + 1 where address = ?", (address.lower(),)
            )
            for table in ("letter", "head"):
                self._db.execute(
                    f"update {table} set uid = uid + 1000000 where mailbox = ?", (address.lower(),)
                )
            self._db.execute("commit")

    def deliver(self, address: str, content: bytes, now: float) -> int:
        """The letter's uid."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                uid = self._add(address.lower(), content, now)
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
            return uid

    def _add(self, address: str, content: bytes, now: float) -> int:
        query = (
            "insert into letter (mailbox, uid, content, arrived) select ?, coalesce(max(uid), 0) + 1, ?, ?"
            " from letter where mailbox = ? returning uid"
        )
        uid = int(self._db.execute(query, (address, content, now, address)).fetchone()[0])
        self._db.execute("insert into head values (?, ?, ?)", (address, uid, head_of(content)))
        return uid

    def letters(self, address: str, after: int = 0) -> list[Letter]:
        with self._lock:
            query = "select uid, content, arrived from letter where mailbox = ? and uid > ? order by uid"
            return [Letter(*row) for row in self._db.execute(query, (address.lower(), after))]

    def uids(self, address: str, low: int = 1, high: int | None = None) -> list[int]:
        """In order; from `low` to `high` (None: the last)."""
        with self._lock:
            query = "select uid from letter where mailbox = ? and uid between ? and ? order by uid"
            found = self._db.execute(query, (address.lower(), low, _LAST if high is None else high))
            return [int(uid) for (uid,) in found]

    def letter(self, address: str, uid: int) -> Letter | None:
        with self._lock:
            query = "select uid, content, arrived from letter where mailbox = ? and uid = ?"
            found = self._db.execute(query, (address.lower(), uid)).fetchone()
            return Letter(*found) if found else None

    def head(self, address: str, uid: int) -> bytes:
        """The headers of a letter, with the empty line; b"" where there is no such letter."""
        with self._lock:
            query = "select content from head where mailbox = ? and uid = ?"
            found = self._db.execute(query, (address.lower(), uid)).fetchone()
            return bytes(found[0]) if found else b""

    def with_head(self, address: str, text: str) -> list[int]:
        """Letters in whose headers this text may stand (in one piece, in whatever case)."""
        with self._lock:
            query = "select uid from head where mailbox = ? and instr(lower(cast(content as text)), ?) > 0 order by uid"
            return [int(uid) for (uid,) in self._db.execute(query, (address.lower(), text.lower()))]

    def next_number(self, name: str) -> int:
        with self._lock:
            query = "insert into number values (?, 1) on conflict (name) do update set last = last + 1 returning last"
            return int(self._db.execute(query, (name,)).fetchone()[0])


def head_of(content: bytes) -> bytes:
    """A letter's headers, with the empty line that ends them."""
    return bytes(content).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
