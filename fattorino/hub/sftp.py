"""The node's SFTP server, for whoever has none: one user, SdI, who sees the exchange folders and nothing else.

An OpenSSH with a chroot does as well; then this one is not started. Keys and passwords are checked by the library; what
SdI may do with which folder (FTP411, 4.1) is checked here.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from fattorino.hub.folders import BENCH, FROM_SDI, TEST, TO_SDI

READ_FROM = (TO_SDI, TO_SDI + TEST)
WRITE_TO = (FROM_SDI, FROM_SDI + TEST)


@dataclass(frozen=True, slots=True)
class Account:
    """SdI's credentials, told to it in the accreditation (FTP411, 2.1)."""

    user: str
    password: str = field(repr=False)


class _Door(asyncssh.SSHServer):
    def __init__(self, account: Account) -> None:
        self._account = account

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        same_user = hmac.compare_digest(username.encode(), self._account.user.encode())
        same_password = hmac.compare_digest(password.encode(), self._account.password.encode())
        return same_user and same_password


class _Desk(asyncssh.SFTPServer):
    """What SdI may touch: fetch and delete in one folder, put and rename in the other."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], root: Path) -> None:
        super().__init__(channel, chroot=os.fsencode(root))

    def _folder(self, path: bytes) -> str:
        """The exchange folder that a path lies in; SdI's paths have one level below it at most."""
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
        return super().open(path, pflags, attrs)

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

    mkdir = rmdir = symlink = link = readlink = statvfs = lsetstat = _refuse  # type: ignore[assignment]


async def serve(
    root: Path, account: Account, host_key: asyncssh.SSHKey, *, host: str, port: int
) -> asyncssh.SSHAcceptor:
    """Listen. `port` 0 chooses a free one. Raises OSError where the address cannot be used."""
    return await asyncssh.create_server(
        lambda: _Door(account),
        host,
        port,
        server_host_keys=[host_key],
        sftp_factory=lambda channel: _Desk(channel, root),
        allow_scp=False,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        login_timeout=30,
        keepalive_interval=60,
    )
