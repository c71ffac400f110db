"""SdIFtp: up to 20,000 files in a support, signed and encrypted, laid down where SdI comes by (FTP411).

The folders are hub/folders.py; SdI sees them by our own SFTP server (hub/sftp.py) or by another one.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypedDict

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fattorino.clock import ROME
from fattorino.core.errors import ChannelError, FattorinoError, InputError, SetupError
from fattorino.core.sdi.ftp.answers import claims, read_refusal, read_report
from fattorino.core.sdi.ftp.names import (
    FIRST_TEST,
    LAST,
    LAST_REAL,
    NODE,
    SupportName,
    is_report,
    parse_support_name,
    report_kind,
    support_name,
)
from fattorino.core.sdi.ftp.records import read_esito
from fattorino.core.sdi.ftp.security import Identity, open_sealed, seal
from fattorino.core.sdi.ftp.supports import LARGEST, LARGEST_FILE, MOST_FILES, Piece, pack, unpack
from fattorino.core.sdi.received import pair_metadata
from fattorino.core.signatures import CRYPTO_ERRORS
from fattorino.core.texts import say
from fattorino.hub.certificates import validity
from fattorino.hub.channels.base import (
    Accepted,
    AnswerItem,
    Fate,
    InvoiceItem,
    Item,
    MessageItem,
    OtherItem,
    Outgoing,
    Parcel,
    Raw,
    Refused,
    ReportItem,
    Step,
)
from fattorino.hub.folders import SdiFtpFolders

# SdI comes by every ten minutes (FTP411, 4.1): what lies longer than this was forgotten.
LONG = datetime.timedelta(hours=2)
# The outcome of a support comes the same day, and by then a daily report would name it.
ANSWERED = datetime.timedelta(days=1)


class Settings(TypedDict, total=False):
    """What may be shown of a channel of this kind. Certificates are PEM texts, not paths."""

    node: str  # codice fiscale of the node as accredited, 11 characters
    root: str  # folder that holds DatiVersoSdI and DatiDaSdI, on every machine that runs a worker
    test: bool  # the folders of the agreed tests, supports 900 to 999
    signing_certificate: str  # ours, told to SdI: whose key signs what we send
    reading_certificate: str  # ours, told to SdI: for whose key SdI encrypts; several while it is renewed
    sdi_signing_certificates: str  # whose signature on what comes is believed; one after the other
    sdi_reading_certificate: str  # SdI's: for whom we encrypt
    sftp_user: str  # only for our own SFTP server (hub/sftp.py): the account that SdI was told
    sftp_public_key: str  # the same; OpenSSH's one line, where SdI comes with a key


class Secrets(TypedDict, total=False):
    """What is kept encrypted: private keys as PEM without a password of their own."""

    signing_key: str
    reading_key: str  # several while it is renewed
    sftp_password: str  # only for our own SFTP server


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The keys of a node and the certificates of SdI, as PEM texts; read when they are needed."""

    signing_certificate: str = ""
    signing_key: str = field(default="", repr=False)
    reading_certificate: str = ""
    reading_key: str = field(default="", repr=False)
    sdi_signing_certificates: str = ""
    sdi_reading_certificate: str = ""

    def signing(self) -> Identity:
        """Raises SetupError."""
        return _identities(self.signing_certificate, self.signing_key)[0]

    def reading(self) -> Sequence[Identity]:
        """Raises SetupError."""
        return _identities(self.reading_certificate, self.reading_key)

    def senders(self) -> Sequence[x509.Certificate]:
        """Raises SetupError."""
        return _certificates(self.sdi_signing_certificates)

    def recipient(self) -> x509.Certificate:
        """Raises SetupError."""
        return _certificates(self.sdi_reading_certificate)[0]


@dataclass(frozen=True, slots=True)
class SdiFtp:
    """A node of SdIFtp; see ChannelPort."""

    most: ClassVar[int] = MOST_FILES
    # So that no support is too large even if nothing shrinks: names, headers and envelopes cost less than the rest.
    room: ClassVar[int] = LARGEST - MOST_FILES * 400 - 1_000_000

    node: str
    folders: SdiFtpFolders
    keys: NodeKeys

    def send(self, file: Outgoing) -> Accepted | Refused:
        raise ValueError("files travel in supports on this way")

    def prepare(self, files: Sequence[Outgoing], *, number: int, now: datetime.datetime) -> Parcel:
        """See ChannelPort.prepare: packed, signed, encrypted, under the support's name."""
        if len(files) > self.most or sum(len(each.content) for each in files) > self.room:
            raise _never(say("I file sono troppi per un solo supporto SdIFtp."))
        if any(len(each.content) > LARGEST_FILE for each in files):
            raise _never(
                say("Un file supera i 5 MB e non può viaggiare in un supporto SdIFtp."), of_file=True
            )
        try:
            name = self._name(number, now)
            pieces = [Piece(each.file_name, each.content, each.kind) for each in files]
            sealed = seal(pack(name, pieces, made=now), self.keys.signing(), self.keys.recipient())
        except FattorinoError as error:
            if isinstance(error, ChannelError):
                raise
            raise ChannelError(error.message, error.hint, uncertain=False, permanent=True) from error
        return Parcel(name.file, sealed, tuple(each.file_name for each in files))

    def _name(self, number: int, now: datetime.datetime) -> SupportName:
        made = now.astimezone(ROME)
        first, most = (FIRST_TEST, LAST - FIRST_TEST + 1) if self.folders.test else (1, LAST_REAL)
        if made.replace(fold=0).utcoffset() != made.replace(fold=1).utcoffset():
            # The hour that comes twice in October: each time it has half of the numbers.
            most //= 2
            first += most * made.fold
        if number > most:
            raise ChannelError(
                say("In un minuto si possono predisporre al massimo {most} supporti.", most=most),
                say("Attendere il minuto successivo."),
                uncertain=False,
                no_room=True,
            )
        return support_name("FI", self.node, made, first + number - 1)

    def hand_over(self, parcel: Parcel) -> None:
        """See ChannelPort.hand_over: laid down for SdI to fetch."""
        name = _support(parcel.name)
        if not self.folders.was_laid(name) and not self.folders.has_room_for(name, len(parcel.content)):
            raise ChannelError(
                say(
                    "Un altro supporto piccolo attende ancora che lo SdI lo prelevi: se ne ammette uno solo."
                ),
                uncertain=False,
                no_room=True,
            )
        self.folders.lay(name, parcel.content)

    def resolve(self, parcel: Parcel) -> Fate:
        """See ChannelPort.resolve. A support that lies in the folder was handed over, fetched or not: what SdI
        thinks of it comes as an answer."""
        return "sent" if self.folders.was_laid(_support(parcel.name)) else "not_sent"

    def fetch(self, cursor: str) -> Iterator[Raw]:
        """See ChannelPort.fetch. The folder itself is the cursor: what is `done` is gone from it."""
        for arrival in self.folders.arrivals():
            yield Raw(arrival.file, arrival.content, "", arrival.laid_at)

    def read(self, raw: Raw) -> Sequence[Item]:
        """See ChannelPort.read."""
        if is_report(raw.name):
            return [_report(raw)]
        support, _ = parse_support_name(raw.name)
        if support.kind == "EO":
            return [_outcome(raw.content)]
        if support.kind == "ER":
            return [_refusal(raw.content)]
        return self._open(support, raw)

    def _open(self, name: SupportName, raw: Raw) -> Sequence[Item]:
        try:
            keys, senders = self.keys.reading(), self.keys.senders()
        except SetupError as error:
            raise InputError(error.message, error.hint) from error
        support = unpack(name, open_sealed(raw.content, keys, senders))
        invoices, others = pair_metadata([(each.name, each.content) for each in support.pieces])
        kinds = {each.name: each.kind for each in support.pieces}
        items: list[Item] = [
            InvoiceItem(
                each.identificativo_sdi,
                each.name,
                each.content,
                each.metadata_name,
                each.metadata,
                raw.laid_at,
            )
            for each in invoices
        ]
        for file, content in others:
            if kinds[file]:
                items.append(MessageItem(file, content))
        items += [OtherItem(raw.name, fault) for fault in support.faults]
        return items

    def done(self, raw: Raw) -> None:
        """See ChannelPort.done."""
        self.folders.forget(raw.name)

    def examine(self, *, now: datetime.datetime) -> Sequence[Step]:
        """See ChannelPort.examine: the keys and certificates, the folders, whether SdI comes by."""
        steps: list[Step] = []
        for look in (self._keys_steps, self._folders_steps):
            steps += look(now)
            if not all(step.ok for step in steps):
                break
        return steps

    def _keys_steps(self, now: datetime.datetime) -> Iterator[Step]:
        if re.fullmatch(NODE, self.node) is None:
            yield Step(say("Nodo"), False, say("Servono gli 11 caratteri comunicati nell'accreditamento."))
        keys = self.keys
        for name, certificates in (
            (say("Chiave e certificato di firma del nodo"), lambda: [keys.signing().certificate]),
            (
                say("Chiave e certificato di cifra del nodo"),
                lambda: [each.certificate for each in keys.reading()],
            ),
            (say("Certificato di firma dello SdI"), keys.senders),
            (say("Certificato di cifra dello SdI"), lambda: [keys.recipient()]),
        ):
            try:
                yield Step(name, *validity(certificates(), now))
            except SetupError as error:
                yield Step(name, False, error.text)

    def _folders_steps(self, now: datetime.datetime) -> Iterator[Step]:
        name = say("Cartelle di scambio")
        try:
            self.folders.try_out()
            free = self.folders.free()
            waiting = [parse_support_name(each)[0] for each in self.folders.waiting()]
            unanswered = self.folders.unanswered()
        except ChannelError as error:
            yield Step(name, False, error.text)
            return
        yield Step(name, True, say("Si possono leggere e scrivere: {folder}", folder=str(self.folders.root)))
        megabytes = free // 1_000_000
        yield Step(
            say("Spazio su disco"),
            free > 4 * LARGEST,
            say("Restano {number} MB; un supporto può averne 150.", number=megabytes),
        )
        late = _oldest(waiting, now - LONG)
        text = say("Nessun supporto attende da troppo tempo.")
        if late is not None:
            text = say(
                "Lo SdI non ha ancora prelevato {support}: controllare che raggiunga il server SFTP.",
                support=late.file,
            )
        yield Step(say("Prelievo da parte dello SdI"), late is None, text)
        late = _oldest(unanswered, now - ANSWERED)
        text = say("Nessun supporto prelevato è senza esito da troppo tempo.")
        if late is not None:
            text = say(
                "Lo SdI ha prelevato {support} ma non ha lasciato il suo esito: cercarlo nel rapporto giornaliero "
                "(ST) tra le cose raccolte.",
                support=late.file,
            )
        yield Step(say("Esiti dei supporti"), late is None, text)


def _oldest(names: Sequence[SupportName], before: datetime.datetime) -> SupportName | None:
    """The oldest of those that were made before then."""
    found = [each for each in names if each.made.replace(tzinfo=ROME) < before]
    return min(found, key=lambda each: each.made, default=None)


def _never(message: str, *, of_file: bool = False) -> ChannelError:
    return ChannelError(message, uncertain=False, permanent=True, of_file=of_file)


def _support(name: str) -> SupportName:
    try:
        return parse_support_name(name)[0]
    except InputError as error:
        raise ChannelError(error.message, uncertain=False, permanent=True) from error


def _outcome(content: bytes) -> AnswerItem:
    record = read_esito(content)
    name = parse_support_name(record.nome_supporto)[0].of_kind("FI")
    if record.taken:
        return AnswerItem(name.file, True, say("Lo SdI ha ricevuto il supporto {name}.", name=name.file))
    # SdI keeps it, and may recover what is inside once it has spoken with somebody (FTP411, 5.3).
    text = say(
        "Lo SdI ha sospeso il supporto {name} (ET02): i suoi file saranno offerti di nuovo con gli stessi nomi.",
        name=name.file,
    )
    return AnswerItem(name.file, False, text, doubtful=True)


def _refusal(content: bytes) -> AnswerItem:
    refusal = read_refusal(content)
    name = refusal.support.of_kind("FI").file
    if refusal.phase == "cifratura":
        text = say(
            "Lo SdI non è riuscito a decifrare il supporto {name}: nessun file è stato preso.", name=name
        )
    else:
        text = say("Lo SdI non riconosce la firma del supporto {name}: nessun file è stato preso.", name=name)
    return AnswerItem(name, False, text)


def _report(raw: Raw) -> ReportItem:
    found = claims(read_report(raw.content))
    named = [each.support.file for each in found]
    text = say("Rapporto giornaliero dello SdI: nessun supporto.")
    if named:
        text = say(
            "Rapporto giornaliero dello SdI, supporti nominati: {number} (da {first} a {last}).",
            number=len(named),
            first=min(named),
            last=max(named),
        )
    claimed = tuple((each.kind, each.support.stem, each.row) for each in found)
    return ReportItem(raw.name, report_kind(raw.name) or "", claimed, text)


@functools.lru_cache(maxsize=64)
def _certificates(pem: str) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except CRYPTO_ERRORS as error:
        raise SetupError(
            say("Un certificato del canale SdIFtp manca o non si può leggere."),
            say("Caricarlo di nuovo nella pagina del canale (Impostazioni, Canali)."),
        ) from error


_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


@functools.lru_cache(maxsize=64)
def _identities(certificates: str, keys: str) -> tuple[Identity, ...]:
    """Each key with the certificate that was issued for it; at least one."""
    found = []
    for part in _KEY.finditer(keys):
        try:
            key = serialization.load_pem_private_key(part[0].encode(), None)
        except CRYPTO_ERRORS as error:
            raise SetupError(say("Una chiave del canale SdIFtp non si può leggere.")) from error
        found += [
            Identity(each, key)
            for each in _certificates(certificates)
            if isinstance(key, rsa.RSAPrivateKey) and each.public_key() == key.public_key()
        ]
    if not found:
        raise SetupError(
            say("Nel canale SdIFtp nessuna chiave privata RSA corrisponde al suo certificato."),
            say(
                "Caricare nella pagina del canale (Impostazioni, Canali) la chiave con cui il certificato fu chiesto."
            ),
        )
    return tuple(found)
