"""A provider with keys, and messages to certify; shared by the tests of PEC and of SdI over PEC."""

from __future__ import annotations

import datetime
import functools
from email.message import EmailMessage
from email.policy import SMTP

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fattorino.simulators.pec.letters import Original, Provider

NOON = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@functools.cache
def provider() -> Provider:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Posta Certificata di prova")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - datetime.timedelta(days=1))
        .not_valid_after(NOON + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return Provider("GESTORE S.P.A.", "gestore.example", certificate, key, frozenset({"example.com"}))


def original(
    sender: str = "ordine@pec.it",
    to: tuple[str, ...] = ("iscritto@pec.it",),
    subject: str = "Avviso",
    text: str = "Buongiorno, è una prova.",
    files: dict[str, bytes] | None = None,
) -> Original:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    message["Message-ID"] = "<sped.1.2.3@ordine.it>"
    message.set_content(text)
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return Original(message.as_bytes(), sender, to, subject, "<sped.1.2.3@ordine.it>")
