"""Sign, then encrypt; decrypt, then verify (FTP411, 3.1.3 and 6: PKCS#7 1.5, signedData inside envelopedData, DER).

The library makes both envelopes and opens AES ones with RSA keys; it opens neither AES-192 nor 3DES, which SdI may use
as well, nor pieces of indefinite length, so envelopes are opened here (RFC 2315, 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fattorino.core import asn1
from fattorino.core.asn1 import Asn1Error, Node
from fattorino.core.errors import InputError, SetupError
from fattorino.core.fatturapa.cms import read_signed_data
from fattorino.core.signatures import CRYPTO_ERRORS, Signer
from fattorino.core.texts import say

ENVELOPED_DATA = "1.2.840.113549.1.7.3"
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
_AES = {
    "2.16.840.1.101.3.4.1.2": 16,
    "2.16.840.1.101.3.4.1.22": 24,
    "2.16.840.1.101.3.4.1.42": 32,
}
_TRIPLE_DES = "1.2.840.113549.3.7"

# What SdI writes into an ER (3.2.4).
Phase = Literal["cifratura", "firma"]


class SupportSecurityError(InputError):
    """The envelope cannot be decrypted, or what is inside is not signed by whom we trust."""

    def __init__(self, message: str, hint: str = "", *, phase: Phase) -> None:
        super().__init__(message, hint)
        self.phase = phase


@dataclass(frozen=True, slots=True)
class Identity:
    """An RSA key with its certificate; the node has two, one to sign and one to be encrypted for (FTP411, 6)."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)


def seal(content: bytes, signing: Identity, recipient: x509.Certificate) -> bytes:
    """The two envelopes around a support, DER.

    Raises:
        SetupError: the recipient's certificate holds no RSA key.
    """
    if not isinstance(recipient.public_key(), rsa.RSAPublicKey):
        raise SetupError(
            say("Il certificato di cifratura del Sistema di Interscambio non contiene una chiave RSA."),
            say(
                "Caricare nella pagina del canale (Impostazioni, Canali)"
                " il certificato di cifra ricevuto con l'accreditamento."
            ),
        )
    signed = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(signing.certificate, signing.key, hashes.SHA256())
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities])
    )
    return (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(signed)
        .add_recipient(recipient)
        .set_content_encryption_algorithm(algorithms.AES256)
        .encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )


def open_sealed(data: bytes, keys: Sequence[Identity], senders: Sequence[x509.Certificate]) -> bytes:
    """The support inside.

    Args:
        keys: any of them may be the one it was encrypted for: certificates are renewed while supports travel.
        senders: the certificates whose signature is believed, and authorities whose certificates are.

    Raises:
        SupportSecurityError: `phase` says whether decryption or signature failed.
    """
    signed = _decrypt(data, keys)
    try:
        inside = read_signed_data(signed)
    except Asn1Error as error:
        raise SupportSecurityError(say("Il supporto non è firmato."), phase="firma") from error
    if not any(_holds(signer) and _is_known(signer, senders) for signer in inside.signers):
        raise SupportSecurityError(
            say("La firma del supporto non vale, o non è di chi dovrebbe averlo inviato."),
            say(
                "Controllare nella pagina del canale (Impostazioni, Canali)"
                " il certificato di firma della controparte."
            ),
            phase="firma",
        )
    return inside.content


def _holds(signer: Signer) -> bool:
    # No signing time (00103) or a certificate not made for signing (00107) matter in an invoice, not in a support.
    errors = {found.code for found in signer.findings if found.is_error}
    return bool(signer.certificate) and errors <= {"00103", "00107"}


def _is_known(signer: Signer, senders: Sequence[x509.Certificate]) -> bool:
    leaf = x509.load_der_x509_certificate(signer.certificate)
    for one in senders:
        if one == leaf:
            return True
        try:
            leaf.verify_directly_issued_by(one)
        except (InvalidSignature, *CRYPTO_ERRORS):
            continue
        return True
    return False


def _decrypt(data: bytes, keys: Sequence[Identity]) -> bytes:
    try:
        recipients, algorithm, content = _read_envelope(data)
    except Asn1Error as error:
        raise _not_decrypted(say("Il file non è una busta PKCS#7 cifrata.")) from error
    for identity in keys:
        if (encrypted := recipients.get(_name_of(identity.certificate))) is None:
            continue
        try:
            secret = identity.key.decrypt(encrypted, padding.PKCS1v15())
            return _decipher(secret, algorithm, content)
        except (ValueError, Asn1Error) as error:
            raise _not_decrypted(say("Il supporto è cifrato in un modo che non si può aprire.")) from error
    raise _not_decrypted(say("Il supporto è cifrato per un altro certificato."))


def _not_decrypted(message: str) -> SupportSecurityError:
    return SupportSecurityError(
        message,
        say(
            "Controllare nella pagina del canale (Impostazioni, Canali)"
            " il certificato di cifratura comunicato alla controparte."
        ),
        phase="cifratura",
    )


_Name = tuple[bytes, int]


def _name_of(certificate: x509.Certificate) -> _Name:
    return certificate.issuer.public_bytes(), certificate.serial_number


def _read_envelope(data: bytes) -> tuple[dict[_Name, bytes], Node, bytes]:
    """Encrypted keys by recipient, the content's algorithm, the encrypted content."""
    info = asn1.read(data)
    kind, wrapped = _pair(info.expect(asn1.SEQUENCE))
    if kind.oid() != ENVELOPED_DATA:
        raise Asn1Error("not EnvelopedData")
    fields = _first(wrapped.expect(0xA0)).expect(asn1.SEQUENCE).children()
    if len(fields) < 3:
        raise Asn1Error("EnvelopedData too short")
    recipients = {}
    for each in fields[-2].expect(asn1.SET).children():
        name, encrypted = _recipient(each)
        recipients[name] = encrypted
    parts = fields[-1].expect(asn1.SEQUENCE).children()
    if len(parts) != 3:
        raise Asn1Error("no encrypted content")
    content = parts[2]
    if content.tag == 0x80:
        return recipients, parts[1], content.content
    # Sent in pieces: the implicit tag stands for a constructed OCTET STRING.
    return recipients, parts[1], b"".join(piece.octets() for piece in content.expect(0xA0).children())


def _recipient(node: Node) -> tuple[_Name, bytes]:
    fields = node.expect(asn1.SEQUENCE).children()
    if len(fields) != 4 or _first(fields[2]).oid() != RSA_ENCRYPTION:
        raise Asn1Error("recipient by another way than RSA")
    issuer, serial = _pair(fields[1].expect(asn1.SEQUENCE))
    return (issuer.der(), serial.integer()), fields[3].octets()


def _decipher(secret: bytes, algorithm: Node, content: bytes) -> bytes:
    name, vector = _pair(algorithm.expect(asn1.SEQUENCE))
    oid, start = name.oid(), vector.octets()
    if oid == _TRIPLE_DES and len(secret) == 24:
        cipher: Cipher[modes.CBC] = Cipher(TripleDES(secret), modes.CBC(start))
        block = 64
    elif len(secret) == _AES.get(oid):
        cipher, block = Cipher(algorithms.AES(secret), modes.CBC(start)), 128
    else:
        raise Asn1Error("unknown cipher")
    opener = cipher.decryptor()
    padded = opener.update(content) + opener.finalize()
    remover = PKCS7(block).unpadder()
    return remover.update(padded) + remover.finalize()


def _first(node: Node) -> Node:
    children = node.children()
    if not children:
        raise Asn1Error("empty")
    return children[0]


def _pair(node: Node) -> tuple[Node, Node]:
    children = node.children()
    if len(children) != 2:
        raise Asn1Error(f"{len(children)} elements instead of 2")
    return children[0], children[1]
