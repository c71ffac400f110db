"""As much of IMAP4rev1 (RFC 3501) as a mailbox that is only read needs: LOGIN, EXAMINE, UID SEARCH, UID FETCH."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import re
import ssl
from collections.abc import Callable

from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.mailboxes import Letter, Mailboxes

_CAPABILITY = "IMAP4rev1 UIDPLUS"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s()"]+)')
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
_LINE, _MOST_LITERAL = 65_536, 10_000


class _Bad(Exception):
    """The client asked what this server does not understand."""


class Session:
    """One connection, from greeting to LOGOUT."""

    def __init__(
        self, mailboxes: Mailboxes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._mailboxes = mailboxes
        self._reader = reader
        self._writer = writer
        self._user = ""
        self._selected = False

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
        letters = self._mailboxes.letters(self._user)
        self._selected = True
        for line in (
            "* FLAGS (\\Seen)",
            f"* {len(letters)} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDVALIDITY {self._mailboxes.validity(self._user)}]",
            f"* OK [UIDNEXT {letters[-1].uid + 1 if letters else 1}]",
        ):
            self._say(line)

    def _uid(self, words: str) -> None:
        what, _, rest = words.partition(" ")
        letters = self._mailboxes.letters(self._user)
        if what.upper() == "SEARCH":
            found = [str(letter.uid) for letter in letters if _matches(letter, rest, letters)]
            self._say("* SEARCH " + " ".join(found) if found else "* SEARCH")
        elif what.upper() == "FETCH":
            which, _, items = rest.partition(" ")
            wanted = _range(which, letters)
            for place, letter in enumerate(letters, 1):
                if wanted(letter.uid):
                    self._fetch(place, letter, items.upper())
        else:
            raise _Bad("unknown command")

    def _fetch(self, place: int, letter: Letter, items: str) -> None:
        parts = [f"UID {letter.uid}"]
        if "FLAGS" in items:
            parts.append("FLAGS ()")
        if "RFC822.SIZE" in items:
            parts.append(f"RFC822.SIZE {len(letter.content)}")
        head = f"* {place} FETCH (" + " ".join(parts)
        body, name = b"", ""
        if "BODY.PEEK[HEADER" in items or "BODY[HEADER" in items:
            body, name = letter.content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "BODY[HEADER]"
        elif "BODY.PEEK[]" in items or "BODY[]" in items or "RFC822" in items.replace("RFC822.SIZE", ""):
            body, name = letter.content, "BODY[]"
        if not name:
            self._say(head + ")")
            return
        self._writer.write(f"{head} {name} {{{len(body)}}}\r\n".encode() + body + b")\r\n")


def _range(text: str, letters: list[Letter]) -> Callable[[int], bool]:
    last = letters[-1].uid if letters else 0
    spans = []
    for part in text.split(","):
        low, _, high = part.partition(":")
        try:
            ends = sorted(last if end == "*" else int(end) for end in (low, high or low))
        except ValueError as error:
            raise _Bad("wrong range") from error
        spans.append((ends[0], ends[1]))
    return lambda uid: any(low <= uid <= high for low, high in spans)


def _matches(letter: Letter, words: str, letters: list[Letter]) -> bool:
    """ALL, UID n:*, HEADER name text (a part of the value is enough, as RFC 3501 wants), one after the other."""
    found = [quoted.replace("\\", "") if quoted else plain for quoted, plain in _QUOTED.findall(words)]
    while found:
        key = found.pop(0).upper()
        if key in ("ALL", "UNDELETED"):
            continue
        if key == "CHARSET" and found:
            found.pop(0)
        elif key == "UID" and found:
            if not _range(found.pop(0), letters)(letter.uid):
                return False
        elif key == "HEADER" and len(found) > 1:
            name, text = found.pop(0), found.pop(0)
            head = letter.content.partition(b"\r\n\r\n")[0]
            message = email.message_from_bytes(head, policy=email.policy.compat32)
            if not any(text.lower() in str(value).lower() for value in message.get_all(name, [])):
                return False
        else:
            raise _Bad("unknown search key")
    return True


async def serve(
    mailboxes: Mailboxes, context: ssl.SSLContext, host: str, port: int, faults: Faults | None = None
) -> asyncio.Server:
    """Listen with implicit TLS; `port` 0 chooses a free one. Raises OSError where the address cannot be used."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, ValueError):
            if faults is None or not faults.strike("mailbox_down"):
                await Session(mailboxes, reader, writer).run()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            writer.close()
            await writer.wait_closed()

    return await asyncio.start_server(talk, host, port, ssl=context, limit=_LINE)
