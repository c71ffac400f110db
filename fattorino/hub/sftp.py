"""The nodes' SFTP server, for whoever has none: SdI comes in with each node's account, and sees that node's exchange
folders and nothing else.

An OpenSSH with a chroot does as well; then this one is not started. Keys and passwords are checked by the library; what
SdI may do with which folder (FTP411, 4.1) is checked here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from fattorino.core.errors import SetupError
from fattorino.core.sdi.ftp.supports import LARGEST
from fattorino.core.texts import say
from fattorino.hub.folders import BENCH, FROM_SDI, TEST, TO_SDI, SdiFtpFolders
from fattorino.hub.sftp_accounts import LONGEST_PASSWORD, Account

READ_FROM = (TO_SDI, TO_SDI + TEST)
WRITE_TO = (FROM_SDI, FROM_SDI + TEST)
# SdI comes from one place and knows its password: whoever is wrong more often than this is somebody else.
WRONG_ALLOWED, SHUT_FOR = 5, 900.0
_PEERS = 10_000
# Connections at the same time, of one address and of all.
MOST_OF_ONE, MOST_INSIDE = 20, 200
# Of what waits to be taken in one folder: days of the largest supports, and more than SdI ever left.
QUOTA, MOST_WAITING = 4_000_000_000, 20_000
# By one visitor at the same time; and after how many bytes of one file the folder is looked at again.
MOST_OPEN, LOOK_AGAIN = 20, 8_000_000
# Seconds of a visit: 150 MB at 10 kB a second are more than four hours, and a visit may bring and fetch more than that;
# a line so slow still carries some piece of a file every few seconds. Whoever stays longer, or says nothing, is in the
# place of others (MOST_INSIDE).
LONGEST_VISIT, LONGEST_SILENCE = 12 * 3600.0, 600.0


# The accounts of that user name: two nodes may have been told the same one.
Find = Callable[[str], Sequence[Account]]


class Guard:
    """Who was wrong too often, by address of the other side. `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, pause: float = 1.0) -> None:
        self._clock = clock
        self._wrong: dict[str, list[float]] = {}
        self._inside = Counter[str]()
        self.pause = pause  # seconds after each wrong password

    def comes_in(self, peer: str) -> bool:
        """Count a connection; whether there is room for it. One that nobody has proven ends by itself after a while."""
        self._inside[peer] += 1
        return self._inside[peer] <= MOST_OF_ONE and self._inside.total() <= MOST_INSIDE

    def goes(self, peer: str) -> None:
        self._inside[peer] -= 1
        if self._inside[peer] <= 0:
            del self._inside[peer]

    def shuts_out(self, peer: str) -> bool:
        now = self._clock()
        recent = [each for each in self._wrong.get(peer, ()) if now - each < SHUT_FOR]
        if recent:
            self._wrong[peer] = recent
        else:
            self._wrong.pop(peer, None)
        return len(recent) >= WRONG_ALLOWED

    def was_wrong(self, peer: str) -> None:
        if peer not in self._wrong and len(self._wrong) >= _PEERS:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong.setdefault(peer, []).append(self._clock())

    def was_right(self, peer: str) -> None:
        self._wrong.pop(peer, None)


@dataclass(frozen=True, slots=True)
class Stay:
    """How long somebody who signed in may be here, and ask for nothing, in seconds."""

    whole: float = LONGEST_VISIT
    silent: float = LONGEST_SILENCE


class Visit:
    """One signed-in connection, which ends when its stay does. What counts is what is asked of the folders: answers
    to the library's own sign of life would keep a visitor here for ever."""

    def __init__(self, leave: Callable[[], None], stay: Stay, loop: asyncio.AbstractEventLoop) -> None:
        self._leave, self._stay, self._loop = leave, stay, loop
        self._heard = loop.time()
        self._end = loop.call_later(stay.whole, leave)
        self._listening = loop.call_later(stay.silent, self._listen)

    def heard(self) -> None:
        self._heard = self._loop.time()

    def _listen(self) -> None:
        left = self._heard + self._stay.silent - self._loop.time()
        if left <= 0:
            self._leave()
        else:
            self._listening = self._loop.call_later(left, self._listen)

    def over(self) -> None:
        self._end.cancel()
        self._listening.cancel()


class _Door(asyncssh.SSHServer):
    def __init__(self, find: Find, guard: Guard, stay: Stay) -> None:
        self._find = find
        self._guard = guard
        self._stay = stay
        self._visit: Visit | None = None
        self._accounts: Sequence[Account] = ()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._peer = str((conn.get_extra_info("peername") or ("?",))[0])
        if not self._guard.comes_in(self._peer):
            conn.abort()

    def auth_completed(self) -> None:
        self._visit = Visit(self._connection.abort, self._stay, asyncio.get_running_loop())
        self._connection.set_extra_info(visit=self._visit)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.goes(self._peer)
        if self._visit is not None:
            self._visit.over()

    async def begin_auth(self, username: str) -> bool:
        self._accounts = await asyncio.to_thread(self._find, username)
        return True  # always: also an unknown user must prove something, and fails as a known one does

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if self._guard.shuts_out(self._peer):
            return False
        given = password.encode()
        proven = [
            each
            for each in self._accounts
            if each.password and hmac.compare_digest(given, each.password.encode())
        ]
        if len(given) <= LONGEST_PASSWORD and self._admit(proven):
            return True
        self._guard.was_wrong(self._peer)
        await asyncio.sleep(self._guard.pause)
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        # That the other side has the private half is checked by the library, after this.
        if self._guard.shuts_out(self._peer):
            return False
        return self._admit(
            [each for each in self._accounts if each.public_key and _key(each.public_key) == key]
        )

    def _admit(self, proven: Sequence[Account]) -> bool:
        """Where two nodes fit nobody can say whose files these are: neither is opened."""
        roots = {each.root for each in proven}
        if len(roots) != 1:
            return False
        self._guard.was_right(self._peer)
        self._connection.set_extra_info(exchange_root=roots.pop())
        return True


def _key(line: str) -> asyncssh.SSHKey | None:
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        return None


class _Desk(asyncssh.SFTPServer):
    """What SdI may touch: fetch and delete in one folder, put and rename in the other."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        root: Path = channel.get_extra_info("exchange_root")
        for test in (False, True):
            SdiFtpFolders(root, test).prepare()
        self._root = root
        self._visit: Visit = channel.get_extra_info("visit")
        # Files being written: their folder, and the bytes since it was last looked at.
        self._written: dict[object, tuple[Path, int]] = {}
        super().__init__(channel, chroot=os.fsencode(root))

    def _folder(self, path: bytes) -> str:
        """The exchange folder that a path lies in; SdI's paths have one level below it at most."""
        self._visit.heard()
        parts = [part for part in os.path.normpath(b"/" + path).split(b"/") if part]
        if len(parts) > 2 or (parts and parts[0] == os.fsencode(BENCH)):
            raise asyncssh.SFTPPermissionDenied("not an exchange folder")
        return os.fsdecode(parts[0]) if parts else ""

    def _allow(self, path: bytes, folders: tuple[str, ...]) -> None:
        if self._folder(path) not in folders:
            raise asyncssh.SFTPPermissionDenied("not in this folder")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        writes = pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC)
        self._allow(path, WRITE_TO if writes else READ_FROM + WRITE_TO)
        if not writes:
            return super().open(path, pflags, attrs)
        folder = self._root / self._folder(path)
        self._check_room(folder)
        file = super().open(path, pflags, attrs)
        self._written[file] = (folder, 0)
        return file

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        self._visit.heard()
        return super().read(file_obj, offset, size)

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        self._visit.heard()
        if offset + len(data) > LARGEST:
            raise asyncssh.SFTPFailure("larger than any support")
        folder, since = self._written[file_obj]
        if since + len(data) > LOOK_AGAIN:
            self._check_room(folder)
            since = 0
        self._written[file_obj] = (folder, since + len(data))
        return super().write(file_obj, offset, data)

    def close(self, file_obj: object) -> Any:
        self._written.pop(file_obj, None)
        return super().close(file_obj)

    def _check_room(self, folder: Path) -> None:
        """What nobody has taken yet may not fill the disk that holds everybody's documents."""
        sizes = []
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                sizes.append(entry.stat(follow_symlinks=False).st_size)
        if len(sizes) > MOST_WAITING or sum(sizes) > QUOTA or len(self._written) > MOST_OPEN:
            raise asyncssh.SFTPFailure("too much is waiting here")

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        # Version 6 of the protocol asks in other words; SdI speaks 3, as OpenSSH does.
        raise asyncssh.SFTPOpUnsupported("version 3 only")

    def remove(self, path: bytes) -> Any:
        self._allow(path, READ_FROM)
        return super().remove(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._allow(oldpath, WRITE_TO)
        self._allow(newpath, WRITE_TO)
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._allow(oldpath, WRITE_TO)
        self._allow(newpath, WRITE_TO)
        return super().posix_rename(oldpath, newpath)

    def scandir(self, path: bytes) -> Any:
        self._folder(path)
        return super().scandir(path)

    def stat(self, path: bytes) -> Any:
        self._folder(path)
        return super().stat(path)

    def lstat(self, path: bytes) -> Any:
        self._folder(path)
        return super().lstat(path)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        # Clients set times after a put; modes and owners are ours.
        self._allow(path, WRITE_TO)

    def _refuse(self, *_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("not allowed")

    # One refusal for calls of different shapes, none of which is looked at.
    mkdir = rmdir = symlink = link = readlink = statvfs = lsetstat = _refuse  # type: ignore[assignment]


async def serve(
    find: Find,
    host_key: asyncssh.SSHKey,
    *,
    host: str,
    port: int,
    guard: Guard | None = None,
    stay: Stay | None = None,
) -> asyncssh.SSHAcceptor:
    """Listen. `port` 0 chooses a free one; `find` is asked at each login, in a thread; `stay` limits each visit.

    Raises OSError where the address cannot be used."""
    watch, stay = guard or Guard(), stay or Stay()
    return await asyncssh.create_server(
        lambda: _Door(find, watch, stay),
        host,
        port,
        server_host_keys=[host_key],
        sftp_factory=_Desk,
        allow_scp=False,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        login_timeout=30,
        keepalive_interval=60,
    )


def open_host_key(path: Path) -> asyncssh.SSHKey:
    """The server's own key, made the first time. Raises SetupError."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        return asyncssh.read_private_key(str(path))
    except (OSError, asyncssh.KeyImportError) as error:
        raise SetupError(
            say("La chiave del server SFTP ({path}) non si può leggere né creare.", path=str(path)),
            say("Controllare i permessi della cartella."),
        ) from error
