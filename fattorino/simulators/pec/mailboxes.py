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
create table if not exists number (name text primary key, last integer not null);
"""


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
            self._db.execute("update letter set uid = uid + 1000000 where mailbox = ?", (address.lower(),))
            self._db.execute("commit")

    def deliver(self, address: str, content: bytes, now: float) -> int:
        """The letter's uid."""
        with self._lock:
            query = (
                "insert into letter (mailbox, uid, content, arrived) select ?, coalesce(max(uid), 0) + 1, ?, ?"
                " from letter where mailbox = ? returning uid"
            )
            found = self._db.execute(query, (address.lower(), content, now, address.lower()))
            return int(found.fetchone()[0])

    def letters(self, address: str, after: int = 0) -> list[Letter]:
        with self._lock:
            query = "select uid, content, arrived from letter where mailbox = ? and uid > ? order by uid"
            return [Letter(*row) for row in self._db.execute(query, (address.lower(), after))]

    def next_number(self, name: str) -> int:
        with self._lock:
            query = "insert into number values (?, 1) on conflict (name) do update set last = last + 1 returning last"
            return int(self._db.execute(query, (name,)).fetchone()[0])
