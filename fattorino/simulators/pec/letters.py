"""What a provider writes: transport envelopes and receipts, signed (RFC 6109, 3 and 4.4)."""

from __future__ import annotations

import base64
import datetime
import email.policy
import email.utils
import zlib
from dataclasses import dataclass, field, replace
from email.message import EmailMessage

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fattorino.core.pec.daticert import DatiCert, write_daticert

SUBJECTS = {
    "accettazione": "ACCETTAZIONE",
    "non-accettazione": "AVVISO DI NON ACCETTAZIONE",
    "avvenuta-consegna": "CONSEGNA",
    "errore-consegna": "AVVISO DI MANCATA CONSEGNA",
    "preavviso-errore-consegna": "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
}


@dataclass(frozen=True, slots=True)
class Original:
    """A message as its sender submitted it."""

    data: bytes
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    receipt: str = "completa"


@dataclass(frozen=True, slots=True)
class Provider:
    """Who certifies.

    Attributes:
        name: as in gestore-emittente. domain: of its own addresses and identifiers.
        external: the recipients it takes for ordinary mail (no PEC): domains.
    """

    name: str
    domain: str
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)
    external: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        return f"posta-certificata@{self.domain}"

    def certified(self, original: Original, kind: str, identifier: str, now: datetime.datetime) -> DatiCert:
        outside = tuple(r for r in original.recipients if r.rpartition("@")[2] in self.external)
        return DatiCert(
            tipo=kind,
            mittente=original.sender,
            certificati=tuple(r for r in original.recipients if r not in outside),
            esterni=outside,
            oggetto=original.subject,
            gestore=self.name,
            quando=now,
            identificativo=identifier,
            msgid=original.message_id,
        )

    def envelope(self, original: Original, identifier: str, now: datetime.datetime) -> bytes:
        """What the recipients get: the original inside, in the sender's name."""
        data = replace(
            self.certified(original, "posta-certificata", identifier, now), ricevuta=original.receipt
        )
        words = (
            "Messaggio di posta certificata\n\n"
            f'Il messaggio "{original.subject}" è stato inviato da "{original.sender}".\n'
            f"Identificativo messaggio: {identifier}\n"
        )
        headers = {
            "X-Trasporto": "posta-certificata",
            "X-Riferimento-Message-ID": original.message_id,
            "X-TipoRicevuta": original.receipt,
            "From": f'"Per conto di: {original.sender}" <{self.address}>',
            "Reply-To": original.sender,
            "To": ", ".join(original.recipients),
            "Subject": f"POSTA CERTIFICATA: {original.subject}",
            "Message-ID": f"<{identifier}>",
        }
        return self._signed(headers, words, data, original.data, now)

    def receipt(
        self,
        original: Original,
        kind: str,
        identifier: str,
        now: datetime.datetime,
        *,
        recipient: str = "",
        errore: str = "nessuno",
        detail: str = "",
    ) -> bytes:
        """A receipt for the sender; `recipient` where it is about one of them."""
        data = replace(
            self.certified(original, kind, identifier, now),
            errore=errore,
            consegna=recipient,
            errore_esteso=detail,
            ricevuta=original.receipt if kind == "avvenuta-consegna" else "",
        )
        headers = {
            "X-Ricevuta": kind,
            "X-Riferimento-Message-ID": original.message_id,
            "From": self.address,
            "To": original.sender,
            "Subject": f"{SUBJECTS[kind]}: {original.subject}",
            "Message-ID": f"<{zlib.crc32(f'{kind} {recipient}'.encode())}.{identifier}>",
        }
        words = (
            f'Ricevuta "{kind}" del messaggio "{original.subject}".\nIdentificativo messaggio: {identifier}\n'
        )
        whole = kind == "avvenuta-consegna" and original.receipt != "sintetica"
        return self._signed(headers, words, data, original.data if whole else None, now)

    def _signed(
        self,
        headers: dict[str, str],
        words: str,
        data: DatiCert,
        attached: bytes | None,
        now: datetime.datetime,
    ) -> bytes:
        inside = _body(words, data, attached)
        signature = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(inside)
            .add_signer(self.certificate, self.key, hashes.SHA256())
            .sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
        )
        outside = EmailMessage(policy=email.policy.SMTP)
        for name, value in (*headers.items(), ("Date", email.utils.format_datetime(now))):
            outside[name] = value
        border = "----firma-del-gestore"
        outside["MIME-Version"] = "1.0"
        outside["Content-Type"] = (
            f'multipart/signed; protocol="application/pkcs7-signature"; micalg="sha-256"; boundary="{border}"'
        )
        return b"".join(
            (
                _headers_of(outside),
                f"This is an S/MIME signed message\r\n\r\n--{border}\r\n".encode(),
                inside,
                f"\r\n--{border}\r\n".encode(),
                b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n',
                b"Content-Transfer-Encoding: base64\r\n",
                b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n',
                base64.encodebytes(signature).replace(b"\n", b"\r\n"),
                f"\r\n--{border}--\r\n".encode(),
            )
        )


def _headers_of(message: EmailMessage) -> bytes:
    return message.as_bytes().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _body(words: str, data: DatiCert, attached: bytes | None) -> bytes:
    border = "----parti-del-messaggio"
    pieces = [
        b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(words.encode()).replace(b"\n", b"\r\n"),
        b'Content-Type: application/xml; name="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: inline; filename="daticert.xml"\r\n\r\n'
        + base64.encodebytes(write_daticert(data)).replace(b"\n", b"\r\n"),
    ]
    if attached is not None:
        pieces.append(
            b'Content-Type: message/rfc822; name="postacert.eml"\r\nContent-Transfer-Encoding: 8bit\r\n'
            b'Content-Disposition: inline; filename="postacert.eml"\r\n\r\n' + attached
        )
    middle = b"".join(f"--{border}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    head = f'Content-Type: multipart/mixed; boundary="{border}"\r\n\r\n'.encode()
    return head + middle + f"--{border}--\r\n".encode()
