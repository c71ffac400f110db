"""SdI as the SFTP client of a node: one visit fetches supports, answers them, brings receipts and invoices, and once a
day its reports (FTP411).

What was fetched is in the books before it is deleted from the node, and what was brought counts as delivered once it
has its last name: a simulator killed in between visits again and does nothing twice.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import asyncssh
from cryptography import x509

from fattorino.core.errors import ArchiveError, FattorinoError, InputError
from fattorino.core.sdi import message_io, soap
from fattorino.core.sdi.ftp.answers import Refusal, write_refusal
from fattorino.core.sdi.ftp.names import (
    LAST,
    LAST_REAL,
    SupportName,
    is_report,
    parse_support_name,
    support_name,
)
from fattorino.core.sdi.ftp.records import FileEsito, quadrature, read_quadrature, write_record
from fattorino.core.sdi.ftp.security import Identity, SupportSecurityError, open_sealed, seal
from fattorino.core.sdi.ftp.supports import MOST_FILES, Piece, pack, unpack
from fattorino.core.sdi.messages import NotificaEsitoCommittente
from fattorino.simulators.sdi import faults
from fattorino.simulators.sdi.books import Books, Outgoing
from fattorino.simulators.sdi.daily_reports import DailyReports
from fattorino.simulators.sdi.exchange import INVOICE, Exchange

_ROME = ZoneInfo("Europe/Rome")
# Keys in the books: what a support was answered, and which answers and reports are still to be put into the node's
# folder.
_DONE, _TO_PUT = "supporto ", "risposta "


@dataclass(frozen=True, slots=True)
class Node:
    """Who is visited, and with which keys.

    Attributes:
        code: codice fiscale of the node. test: visit the folders of the agreed tests.
        signer, reader: certificates of the node, to believe its signature and to encrypt for it.
        signing, reading: SdI's own keys.
    """

    code: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    signer: x509.Certificate
    reader: x509.Certificate
    signing: Identity
    reading: Identity
    test: bool = False
    host_key: str = ""
    # SdI's own, OpenSSH's private format, where the node wants a key in place of the password.
    client_key: str = field(default="", repr=False)

    def folder(self, name: str) -> str:
        return f"{name}Test" if self.test else name


class Line:
    """Args:
    exchange: the engine that judges; its books remember supports too.
    """

    def __init__(self, exchange: Exchange, node: Node) -> None:
        self._exchange = exchange
        self._books: Books = exchange.books
        self._node = node
        self._reports = DailyReports(self._books, node.code)

    async def visit(self) -> int:
        """Fetch, answer, bring. Returns how many supports went either way.

        Raises OSError, asyncssh.Error where the node's server does not serve; the next visit goes on.
        """
        node = self._node
        known = (
            asyncssh.import_known_hosts(f"[{node.host}]:{node.port} {node.host_key}\n")
            if node.host_key
            else None
        )
        async with (
            asyncssh.connect(
                node.host, node.port, username=node.user, password=node.password or None, known_hosts=known,
                client_keys=[asyncssh.import_private_key(node.client_key)] if node.client_key else None,
                agent_path=None, config=None, login_timeout=20, connect_timeout=20,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):  # fmt: skip
            count = await self._fetch(sftp)
            self._report()
            await self._put_answers(sftp)
            return count + await self._bring(sftp)

    # From the node ------------------------------------------------------------------------------------------

    async def _fetch(self, sftp: asyncssh.SFTPClient) -> int:
        folder = self._node.folder("DatiVersoSdI")
        count = 0
        for file in sorted(str(name) for name in await sftp.listdir(folder)):
            name = self._expected(file)
            if name is None:
                continue
            async with sftp.open(f"{folder}/{file}", "rb") as stream:
                if faults.strike(self._books, faults.FTP_CUT_READING, file):
                    await stream.read(100)
                    raise _cut()
                data: bytes = await stream.read()
            self._answer(name, data)
            if faults.strike(self._books, faults.FTP_CUT_READ, file):
                raise _cut()
            await sftp.remove(f"{folder}/{file}")
            count += 1
        return count

    async def _put_answers(self, sftp: asyncssh.SFTPClient) -> None:
        """Also those of a visit that broke off in between."""
        if faults.strike(self._books, faults.FTP_ANSWER_LATE):
            return
        for key, (last, content) in self._books.kept(_TO_PUT).items():
            await self._put(sftp, last.removesuffix(".run"), last, bytes.fromhex(content))
            with self._books.transaction():
                self._books.forget(key)
                if not is_report(last):
                    self._reports.answered(parse_support_name(last)[0], self._exchange.clock.now())

    def _report(self) -> None:
        """The day's reports go the way of answers, so that none is lost with a visit that breaks off."""
        clock = self._exchange.clock
        with self._books.transaction():
            for last, content in self._reports.of_the_day(clock.elapsed(), clock.now()):
                self._books.put(_TO_PUT + last, [last, content.hex()])

    def _expected(self, file: str) -> SupportName | None:
        try:
            name, extension = parse_support_name(file)
        except InputError:
            return None
        mine = name.kind == "FI" and extension == ".zip" and name.node == self._node.code
        return name if mine and name.is_test is self._node.test else None

    def _answer(self, name: SupportName, data: bytes) -> None:
        """Judge a support and note its answer. One that was answered before is answered the same again."""
        key = _DONE + name.stem
        with self._books.transaction():
            if (answer := self._books.get(key)) is None:
                last, content = self._judged(name, data)
                answer = [last, content.hex()]
                self._books.put(key, answer)
                self._reports.fetched(name, self._exchange.clock.now())
            # Only of what was taken: then its receipts tell, and nobody need ask.
            taken = b"ET01" in bytes.fromhex(answer[1])
            if taken and faults.strike(self._books, faults.FTP_ANSWER_LOST, name.file):
                # It is lost at the node: SdI has left it, and its report says so.
                self._reports.answered(parse_support_name(answer[0])[0], self._exchange.clock.now())
            else:
                self._books.put(_TO_PUT + name.stem, answer)

    def _judged(self, name: SupportName, data: bytes) -> tuple[str, bytes]:
        """Last name and content of the answer."""
        now = self._exchange.clock.now()
        refusal = f"{name.of_kind('ER').stem}.run"
        if faults.strike(self._books, faults.FTP_ER_CIPHER, name.file):
            return refusal, write_refusal(Refusal(name, "cifratura"))
        if faults.strike(self._books, faults.FTP_ER_SIGNATURE, name.file):
            return refusal, write_refusal(Refusal(name, "firma"))
        try:
            content = open_sealed(data, [self._node.reading], [self._node.signer])
        except SupportSecurityError as error:
            return refusal, write_refusal(Refusal(name, error.phase))
        suspended = faults.strike(self._books, faults.FTP_SUSPENDED, name.file)
        taken = not suspended and self._take(name, content, now)
        record = FileEsito(
            identificativo_nodo=name.node,
            data_ora_ricezione=now,
            data_ora_esito=now,
            nome_supporto=name.file,
            esito="ET01" if taken else "ET02",
        )
        return f"{name.of_kind('EO').file}.run", write_record(record)

    def _take(self, name: SupportName, content: bytes, now: datetime.datetime) -> bool:
        """Whether the support was taken; one that does not agree with its quadrature is suspended whole (5.3)."""
        try:
            support = unpack(name, content, received=now)
        except ArchiveError:
            return False
        if support.faults:
            return False
        for piece in support.pieces:
            if piece.kind == "FA":
                self._exchange.accept(piece.name, piece.content)
            elif piece.kind == "EC":
                self._take_outcome(piece, now)
        return True

    def _take_outcome(self, piece: Piece, now: datetime.datetime) -> None:
        """An EC: its IdentificativoSdI is inside; what SdI refuses comes back as an SE with the next support."""
        identifier = _identifier(piece.content)
        if identifier is None or self._books.file(int(identifier)) is None:
            return
        answer = self._exchange.take_outcome(soap.FileSdI(identifier, piece.name, piece.content))
        if answer.scarto_esito is not None:
            refusal = answer.scarto_esito
            self._books.add_message(
                int(identifier),
                "SE",
                refusal.nome_file,
                refusal.file,
                "ricezione",
                self._exchange.clock.elapsed(),
            )

    # To the node --------------------------------------------------------------------------------------------

    async def _bring(self, sftp: asyncssh.SFTPClient) -> int:
        # A support holds a name once: what is to come twice comes with two of them.
        found = self._books.due_messages(self._exchange.clock.elapsed(), MOST_FILES // 2)
        due = list({message.nome_file: message for message in reversed(found)}.values())[::-1]
        if not due:
            return 0
        now = self._exchange.clock.now()
        pieces = [piece for message in due for piece in self._pieces(message)]
        copies = 2 if faults.strike(self._books, faults.FTP_TWICE) else 1
        for _ in range(copies):
            name = self._next_name(now)
            zipped = pack(name, pieces, made=now)
            if faults.strike(self._books, faults.FTP_QUADRATURE):
                zipped = _miscounted(name, zipped, now)
            sealed = seal(zipped, self._node.signing, self._node.reader)
            whole = not faults.strike(self._books, faults.FTP_TRUNCATED)
            await self._put(
                sftp, name.file, f"{name.file}.p7m.enc", sealed if whole else sealed[: len(sealed) // 2]
            )
            if not whole:
                # The other side can open nothing of it: it all goes again with the next visit.
                return 1
            self._reports.left(name, now)
        for message in due:
            self._exchange.sent(message, name.file)
        return copies

    def _pieces(self, message: Outgoing) -> list[Piece]:
        if message.tipo != INVOICE:
            return [Piece(message.nome_file, message.content, message.tipo)]
        file = self._books.file(message.file_id)
        assert file is not None
        metadata, content = self._exchange.letters.metadata(file, message.tries + 1)
        return [Piece(message.nome_file, message.content, "FA"), Piece(metadata, content, "MT")]

    def _next_name(self, now: datetime.datetime) -> SupportName:
        """The next number of this minute; when a minute is full, SdI's clock lends the next one."""
        made = now.astimezone(_ROME).replace(tzinfo=None, second=0, microsecond=0)
        first, last = (900, LAST) if self._node.test else (1, LAST_REAL)
        kept = self._books.get("ultimo FO")
        if kept is not None and (before := parse_support_name(kept)[0]).made >= made:
            made, first = (before.made, before.number + 1)
            if first > last:
                made, first = made + datetime.timedelta(minutes=1), (900 if self._node.test else 1)
        name = support_name("FO", self._node.code, made, first)
        self._books.put("ultimo FO", name.file)
        return name

    async def _put(self, sftp: asyncssh.SFTPClient, first: str, last: str, content: bytes) -> None:
        """Under the first name while it is being written, under the last one when it is complete."""
        folder = self._node.folder("DatiDaSdI")
        cut = faults.strike(self._books, faults.FTP_CUT, last)
        async with sftp.open(f"{folder}/{first}", "wb") as stream:
            await stream.write(content[: len(content) // 2] if cut else content)
        if cut:
            raise _cut()
        await sftp.posix_rename(f"{folder}/{first}", f"{folder}/{last}")


def _cut() -> ConnectionResetError:
    return ConnectionResetError("the visit broke off, as was ordered")


def _miscounted(name: SupportName, zipped: bytes, now: datetime.datetime) -> bytes:
    """The same support, its quadrature one invoice ahead."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(zipped)) as right, zipfile.ZipFile(buffer, "w") as wrong:
        counts = read_quadrature(right.read(name.quadrature)).counts()
        counts["FA"] = counts.get("FA", 0) + 1
        for member in right.namelist():
            record = write_record(quadrature(name.node, now, name.file, counts))
            wrong.writestr(member, record if member == name.quadrature else right.read(member))
    return buffer.getvalue()


def _identifier(data: bytes) -> str | None:
    try:
        message = message_io.read_message(data).message
    except FattorinoError:
        return None
    return message.identificativo_sdi if isinstance(message, NotificaEsitoCommittente) else None
