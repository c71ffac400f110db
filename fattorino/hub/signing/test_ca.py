"""A certification authority for demonstrations and tests: its signatures are worth nothing in law.

Makes certificates shaped like those of Italian qualified providers: subject with surname, given name,
serialNumber ``TINIT-<codice fiscale>``, keyUsage nonRepudiation only.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

CA_YEARS = 10
CERTIFICATE_DAYS = 3 * 365  # as qualified providers do


@dataclass(frozen=True, slots=True)
class DemoCa:
    """`certificate` is DER; `key_pem` unencrypted PKCS#8, to be kept like any secret."""

    certificate: bytes
    key_pem: bytes


@dataclass(frozen=True, slots=True)
class Holder:
    """Who signs. Names as in the certificate; `codice_fiscale` of the person, `organizzazione` may be ""."""

    nome: str
    cognome: str
    codice_fiscale: str
    organizzazione: str = ""


def make_ca(*, at: datetime.datetime, name: str = "Fattorino CA di prova (senza valore legale)") -> DemoCa:
    """A new authority with an RSA-3072 key, valid ten years from the day before `at` (aware)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Fattorino - dimostrazione"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(_years_later(at, CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return DemoCa(certificate.public_bytes(Encoding.DER), pem)


def issue(
    ca: DemoCa,
    holder: Holder,
    password: str,
    *,
    at: datetime.datetime,
    ec_key: bool = False,
    rsa_bits: int = 2048,
    days: int = CERTIFICATE_DAYS,
    non_repudiation: bool = True,
) -> bytes:
    """A new key with its certificate as PKCS#12, the authority's certificate beside it.

    Args:
        at: aware; the certificate is valid from one hour before, for `days` days.
        password: "" leaves the file unprotected.
        non_repudiation: False makes a certificate for sign-in (digitalSignature) instead.
    """
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if ec_key:
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    authority = x509.load_der_x509_certificate(ca.certificate)
    authority_key = load_pem_private_key(ca.key_pem, None)
    assert isinstance(authority_key, rsa.RSAPrivateKey)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_subject(holder))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(hours=1))
        .not_valid_after(at + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(_usage(non_repudiation=non_repudiation), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    protection = BestAvailableEncryption(password.encode("utf-8")) if password else NoEncryption()
    name = f"{holder.nome} {holder.cognome}".encode()
    return pkcs12.serialize_key_and_certificates(name, key, certificate, [authority], protection)


def _subject(holder: Holder) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "IT")]
    if holder.organizzazione:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder.organizzazione[:64]))
    attributes += [
        x509.NameAttribute(NameOID.SURNAME, holder.cognome),
        x509.NameAttribute(NameOID.GIVEN_NAME, holder.nome),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, f"TINIT-{holder.codice_fiscale}"),
        x509.NameAttribute(NameOID.COMMON_NAME, f"{holder.cognome} {holder.nome}"[:64]),
    ]
    return x509.Name(attributes)


def _usage(*, authority: bool = False, non_repudiation: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority and not non_repudiation,
        content_commitment=non_repudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _years_later(moment: datetime.datetime, years: int) -> datetime.datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)
