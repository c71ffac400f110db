"""As much of IMAP4rev1 (RFC 3501) as a mailbox that is only read needs: LOGIN, EXAMINE, UID SEARCH, UID FETCH."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import email
import email.policy
import re
import ssl

from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.mailboxes import Mailboxes

_CAPABILITY = "IMAP4rev1 UIDPLUS"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s()"]+)')
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
_LINE, _MOST_LITERAL = 65_536, 10_000


class _Bad(Exception):
    """The client asked what this server does not understand."""


class Session:
    """One connection, from greeting to LOGOUT."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        faults: Faults | None = None,
    ) -> None:
        self._mailboxes = mailboxes
        self._faults = faults
        self._reader = reader
        self._writer = writer
        self._user = ""
        self._selected = False
        # As the mailbox was when it was opened or searched last: counting it for each letter would cost too much.
        self._uids: list[int] = []

    async def run(self) -> None:
        self._say("* OK [CAPABILITY " + _CAPABILITY + "] mailbox ready")
        while (line := await self._line()) is not None:
            tag, _, rest = line.partition(" ")
            command, _, words = rest.partition(" ")
            try:
                going = self._do(tag, command.upper(), words)
            except _Bad as why:
                self._say(f"{tag} BAD {why}")
                going = True
            await self._writer.drain()
            if not going:
                return

    async def _line(self) -> str | None:
        """A command, its literals put in place."""
        whole = b""
        while True:
            part = await self._reader.readline()
            if not part.endswith(b"\n") or len(whole) > _LINE:
                return None
            literal = _LITERAL.search(part)
            if literal is None:
                return (whole + part).decode("utf-8", "replace").rstrip("\r\n")
            size = int(literal[1])
            if size > _MOST_LITERAL:
                return None
            if not literal[2]:
                self._say("+ go on")
                await self._writer.drain()
            text = await self._reader.readexactly(size)
            whole += part[: literal.start()] + b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'

    def _say(self, text: str) -> None:
        self._writer.write(text.encode() + b"\r\n")

    def _do(self, tag: str, command: str, words: str) -> bool:
        if command == "LOGOUT":
            self._say("* BYE")
            self._say(f"{tag} OK LOGOUT")
            return False
        if command == "CAPABILITY":
            self._say(f"* CAPABILITY {_CAPABILITY}")
        elif command == "LOGIN":
            self._login(words)
        elif command == "NOOP":
            pass
        elif not self._user:
            raise _Bad("login first")
        else:
            self._with_user(command, words)
        state = "[READ-ONLY] " if command == "EXAMINE" else ""
        self._say(f"{tag} OK {state}{command}")
        return True

    def _login(self, words: str) -> None:
        found = [quoted.replace("\\", "") if quoted else plain for quoted, plain in _QUOTED.findall(words)]
        if len(found) != 2 or not self._mailboxes.admits(*found):
            raise _Bad("wrong user or password")
        self._user = found[0].lower()

    def _with_user(self, command: str, words: str) -> None:
        if command == "LIST":
            self._say('* LIST () "/" INBOX')
        elif command in ("EXAMINE", "SELECT"):
            self._examine(words)
        elif command in ("UID", "CLOSE", "UNSELECT") and not self._selected:
            raise _Bad("no mailbox selected")
        elif command in ("CLOSE", "UNSELECT"):
            self._selected = False
        elif command == "UID":
            self._uid(words)
        else:
            raise _Bad("unknown command")

    def _examine(self, words: str) -> None:
        if words.strip('"').upper() != "INBOX":
            raise _Bad("no such mailbox")
        uids = self._uids = self._mailboxes.uids(self._user)
        self._selected = True
        for line in (
            "* FLAGS (\\Seen)",
            f"* {len(uids)} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDVALIDITY {self._mailboxes.validity(self._user)}]",
            f"* OK [UIDNEXT {uids[-1] + 1 if uids else 1}]",
        ):
            self._say(line)

    def _uid(self, words: str) -> None:
        what, _, rest = words.partition(" ")
        if what.upper() == "SEARCH":
            self._uids = self._mailboxes.uids(self._user)
            found = " ".join(str(uid) for uid in self._search(self._uids, rest))
            self._say(f"* SEARCH {found}" if found else "* SEARCH")
        elif what.upper() == "FETCH":
            which, _, items = rest.partition(" ")
            for uid in _among(which, self._uids):
                self._fetch(bisect.bisect_right(self._uids, uid), uid, items.upper())
        else:
            raise _Bad("unknown command")

    def _fetch(self, place: int, uid: int, items: str) -> None:
        parts = [f"UID {uid}"]
        if "FLAGS" in items:
            parts.append("FLAGS ()")
        if "RFC822.SIZE" in items:
            parts.append(f"RFC822.SIZE {len(self._content(uid))}")
        head = f"* {place} FETCH (" + " ".join(parts)
        if "BODY.PEEK[HEADER" in items or "BODY[HEADER" in items:
            body, name = self._mailboxes.head(self._user, uid), "BODY[HEADER]"
        elif "BODY.PEEK[]" in items or "BODY[]" in items or "RFC822" in items.replace("RFC822.SIZE", ""):
            body, name = self._content(uid), "BODY[]"
        else:
            self._say(head + ")")
            return
        start = f"{head} {name} {{{len(body)}}}\r\n".encode()
        if name == "BODY[]" and self._faults is not None and self._faults.strike("mailbox_cut"):
            self._writer.write(start + body[: len(body) // 2])
            raise ConnectionResetError("cut in the middle of a letter, as was ordered")
        self._writer.write(start + body + b")\r\n")

    def _content(self, uid: int) -> bytes:
        letter = self._mailboxes.letter(self._user, uid)
        if letter is None:
            raise _Bad("no such letter")
        return letter.content

    def _search(self, uids: list[int], words: str) -> list[int]:
        """ALL, UID n:*, HEADER name text (a part of the value is enough, as RFC 3501 wants), one after the other."""
        found = [quoted.replace("\\", "") if quoted else plain for quoted, plain in _QUOTED.findall(words)]
        while found:
            key = found.pop(0).upper()
            if key in ("ALL", "UNDELETED"):
                continue
            if key == "CHARSET" and found:
                found.pop(0)
            elif key == "UID" and found:
                uids = _among(found.pop(0), uids)
            elif key == "HEADER" and len(found) > 1:
                uids = self._with_header(uids, found.pop(0), found.pop(0))
            else:
                raise _Bad("unknown search key")
        return uids

    def _with_header(self, uids: list[int], name: str, text: str) -> list[int]:
        likely = set(self._mailboxes.with_head(self._user, text)) if text else set(uids)
        return [uid for uid in uids if uid in likely and self._has_header(uid, name, text)]

    def _has_header(self, uid: int, name: str, text: str) -> bool:
        head = self._mailboxes.head(self._user, uid)
        message = email.message_from_bytes(head, policy=email.policy.compat32)
        return any(text.lower() in str(value).lower() for value in message.get_all(name, []))


def _among(text: str, uids: list[int]) -> list[int]:
    """Those in these ranges, in order; "*" is the last one."""
    last = uids[-1] if uids else 0
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition(":")
        try:
            first, until = sorted(last if end == "*" else int(end) for end in (low, high or low))
        except ValueError as error:
            raise _Bad("wrong range") from error
        found.update(uids[bisect.bisect_left(uids, first) : bisect.bisect_right(uids, until)])
    return sorted(found)


async def serve(
    mailboxes: Mailboxes, context: ssl.SSLContext, host: str, port: int, faults: Faults | None = None
) -> asyncio.Server:
    """Listen with implicit TLS; `port` 0 chooses a free one. Raises OSError where the address cannot be used."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, ValueError):
            if faults is None or not faults.strike("mailbox_down"):
                await Session(mailboxes, reader, writer, faults).run()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            writer.close()
            await writer.wait_closed()

    return await asyncio.start_server(talk, host, port, ssl=context, limit=_LINE)
