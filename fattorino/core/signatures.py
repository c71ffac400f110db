"""What every signature has to say, whatever its kind: who signed, when, and what SdI would object to.

Sources: Elenco dei controlli, codes 00100-00107; Specifiche tecniche SdI 1.8.1, point 2.1.
"""

from __future__ import annotations

import datetime
import functools
import warnings
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from fattorino.core.distinguished import SHORT_NAMES
from fattorino.core.fatturapa.findings import Finding, Severity
from fattorino.core.texts import say

# What the library remarks on certificates of strangers (a negative serial number, a name too long) is nothing that
# whoever runs the program could mend, and on her terminal it would stand among our own words. One filter for the whole
# process, because `catch_warnings` is not safe between threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"fattorino\.core\.")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

# In Italian SdI's own words for its codes; what we know more is added behind them.
MESSAGES = {
    "00100": say("Certificato di firma scaduto"),
    "00102": say("File non integro (firma non valida)"),
    "00103": say("La firma digitale apposta manca del riferimento temporale"),
    "00104": say("CA (Certification Authority) non affidabile"),
    "00105": say("Il riferimento temporale della firma digitale apposta non è coerente"),
    "00107": say("Certificato non valido"),
    "avviso-certificato": say("La firma non indica il certificato del firmatario"),
}
_HINTS = {
    "00100": say("Firmare di nuovo il documento con un certificato in corso di validità."),
    "00102": say("Il contenuto o la firma sono stati alterati: firmare di nuovo il file originale."),
    "00103": say("Firmare di nuovo con un programma che scriva la data e l'ora della firma (signing-time)."),
    "00104": say("Usare un certificato rilasciato da un prestatore di servizi fiduciari qualificato."),
    "00105": say("Controllare data e ora del computer che firma, poi firmare di nuovo."),
    "00107": say("Firmare di nuovo con un certificato di firma digitale valido."),
    "avviso-certificato": say(
        "Manca l'attributo signing-certificate: usare un programma di firma aggiornato."
    ),
}

# What cryptography raises on keys, certificates and signatures that strangers made.
CRYPTO_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class CertificateError(ValueError):
    """The certificate cannot be read. Never shown to a user as it is."""


def finding(code: str, detail: str = "", severity: Severity = "error") -> Finding:
    """A remark on a signature in SdI's words, with what we know more."""
    message = MESSAGES[code]
    if detail:
        message = say("{message}: {detail}", message=message, detail=detail)
    return Finding(code, severity, "", None, message, _HINTS[code])


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature of a file.

    Attributes:
        subject, issuer: readable distinguished names (RFC 4514), "" when there is no certificate.
        name: the common name of the subject, or the subject.
        serial: the certificate's serial number, None when there is no certificate.
        certificate: DER, b"" when the file holds none for this signer.
        chain: the other certificates of the file, DER.
        not_before, not_after: validity of the certificate, UTC.
        signing_time: as claimed in the signed attributes, UTC; None when missing.
        findings: what is wrong with it whatever day it is.
    """

    subject: str = ""
    issuer: str = ""
    name: str = ""
    serial: int | None = None
    certificate: bytes = b""
    chain: tuple[bytes, ...] = ()
    not_before: datetime.datetime | None = None
    not_after: datetime.datetime | None = None
    signing_time: datetime.datetime | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """The signature itself holds; dates and issuer are judged by `judge`."""
        return not any(remark.is_error for remark in self.findings)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signer's certificate as far as it concerns us."""

    der: bytes
    parsed: x509.Certificate
    public_key: PublicKey
    subject: str
    issuer: str
    name: str
    serial: int
    not_before: datetime.datetime
    not_after: datetime.datetime
    may_sign: bool
    non_repudiation: bool


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate.

    Raises:
        CertificateError: not a certificate, or with a key that is neither RSA nor EC.
    """
    try:
        parsed = x509.load_der_x509_certificate(der)
        key = parsed.public_key()
        if not isinstance(key, PublicKey):
            raise CertificateError("neither RSA nor EC")
        may_sign, non_repudiation = _key_usage(parsed)
        return Certificate(
            der=der,
            parsed=parsed,
            public_key=key,
            subject=_readable(parsed.subject),
            issuer=_readable(parsed.issuer),
            name=_common_name(parsed.subject),
            serial=parsed.serial_number,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            may_sign=may_sign,
            non_repudiation=non_repudiation,
        )
    except CRYPTO_ERRORS as error:
        raise CertificateError(str(error)) from error


def _key_usage(certificate: x509.Certificate) -> tuple[bool, bool]:
    """Whether it may sign at all, and whether it may sign documents (nonRepudiation, contentCommitment).
    Certificates for private invoices (Entratel) may have digitalSignature only."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True, False
    except x509.DuplicateExtension as error:
        raise CertificateError(str(error)) from error
    return usage.content_commitment or usage.digital_signature, usage.content_commitment


def _readable(name: x509.Name) -> str:
    return name.rfc4514_string(SHORT_NAMES)


def _common_name(name: x509.Name) -> str:
    names = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else _readable(name)


def signer_of(
    certificate: Certificate, *, chain: tuple[bytes, ...], signing_time: datetime.datetime | None
) -> Signer:
    """A signer with the remarks that need neither the signature nor today's date."""
    remarks = []
    if signing_time is None:
        remarks.append(finding("00103"))
    if not certificate.may_sign:
        detail = say("il certificato di {name} non è destinato alla firma", name=certificate.name)
        remarks.append(finding("00107", detail))
    return Signer(
        subject=certificate.subject,
        issuer=certificate.issuer,
        name=certificate.name,
        serial=certificate.serial,
        certificate=certificate.der,
        chain=chain,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        signing_time=signing_time,
        findings=tuple(remarks),
    )


def with_findings(signer: Signer, *remarks: Finding) -> Signer:
    return replace(signer, findings=signer.findings + remarks)


def judge(signer: Signer, *, at: datetime.datetime, trusted: tuple[bytes, ...] = ()) -> list[Finding]:
    """Everything SdI would object to if it received this signature at a given instant.

    Args:
        at: the instant of reception, aware. Whether SdI looks at the certificate's end at reception or at
            signing time is not published; the stricter reading is taken.
        trusted: DER certificates of the authorities to believe; () leaves the issuer unjudged.
    """
    remarks = list(signer.findings)
    if signer.not_before is None or signer.not_after is None:
        return remarks
    claimed = signer.signing_time
    if at > signer.not_after:
        detail = say(
            "il certificato di {name} è scaduto il {day}", name=signer.name, day=_day(signer.not_after)
        )
        remarks.append(finding("00100", detail))
    elif claimed is not None and claimed > signer.not_after:
        detail = say("al momento della firma il certificato di {name} era scaduto", name=signer.name)
        remarks.append(finding("00100", detail))
    if claimed is not None and claimed > at:
        moment = claimed.strftime("%d/%m/%Y %H:%M:%S")
        remarks.append(finding("00105", say("la firma porta la data futura {moment} (UTC)", moment=moment)))
    if (claimed or at) < signer.not_before:
        detail = say(
            "il certificato di {name} vale solo dal {day}", name=signer.name, day=_day(signer.not_before)
        )
        remarks.append(finding("00107", detail))
    if trusted and not _is_trusted(signer, at, trusted):
        if _is_forged(signer, trusted):
            detail = say(
                "il certificato di {name} non è stato firmato dall'autorità che indica", name=signer.name
            )
            remarks.append(finding("00107", detail))
        else:
            remarks.append(finding("00104", signer.issuer))
    return remarks


def _day(moment: datetime.datetime) -> str:
    return moment.strftime("%d/%m/%Y")


def _is_trusted(signer: Signer, at: datetime.datetime, trusted: tuple[bytes, ...]) -> bool:
    if signer.certificate in trusted:
        return True
    assert signer.not_before is not None and signer.not_after is not None
    try:
        leaf = x509.load_der_x509_certificate(signer.certificate)
        others = [x509.load_der_x509_certificate(der) for der in signer.chain]
        builder = (
            verification.PolicyBuilder()
            .store(_store(trusted))
            # An expired certificate has its own code: the issuer is judged at an instant when it was valid.
            .time(max(signer.not_before, min(at, signer.not_after)))
            .extension_policies(ee_policy=_any_leaf(), ca_policy=_any_authority())
        )
        builder.build_client_verifier().verify(leaf, others)
    except (verification.VerificationError, *CRYPTO_ERRORS):
        return False
    return True


def _is_forged(signer: Signer, trusted: tuple[bytes, ...]) -> bool:
    """Whether the certificate names a key of an authority we believe, which did not sign it.

    The authority's name alone would not do: authorities change keys and keep the name, and a newer key that the
    list does not have yet is one not to be believed (00104), not a falsehood.
    """
    leaf = x509.load_der_x509_certificate(signer.certificate)
    try:
        wanted = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (x509.ExtensionNotFound, *CRYPTO_ERRORS):
        return False
    namesakes = _by_name(trusted).get(leaf.issuer.public_bytes(), ())
    named = [one for one in namesakes if wanted is not None and _key_id(one) == wanted]
    return bool(named) and not any(_issued(leaf, authority) for authority in named)


def _key_id(authority: x509.Certificate) -> bytes | None:
    try:
        return authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, *CRYPTO_ERRORS):
        return None


def _issued(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (InvalidSignature, *CRYPTO_ERRORS):
        return False
    return True


# Kept, because a national list has some hundreds of authorities and a folder of invoices thousands of signers.


@functools.lru_cache(maxsize=4)
def _store(trusted: tuple[bytes, ...]) -> verification.Store:
    """Raises ValueError where none of the certificates can be read."""
    return verification.Store([one for several in _by_name(trusted).values() for one in several])


@functools.lru_cache(maxsize=4)
def _by_name(trusted: tuple[bytes, ...]) -> dict[bytes, list[x509.Certificate]]:
    found: dict[bytes, list[x509.Certificate]] = {}
    for der in trusted:
        try:
            certificate = x509.load_der_x509_certificate(der)
        except CRYPTO_ERRORS:
            continue  # it makes nobody believable
        found.setdefault(certificate.subject.public_bytes(), []).append(certificate)
    return found


def _any_leaf() -> verification.ExtensionPolicy:
    # Qualified certificates are made for documents: the web's rules (subjectAltName, digitalSignature) do
    # not fit them, and keyUsage has been judged before.
    return verification.ExtensionPolicy.permit_all()


def _any_authority() -> verification.ExtensionPolicy:
    def is_authority(
        policy: verification.Policy, certificate: x509.Certificate, constraints: x509.BasicConstraints
    ) -> None:
        if not constraints.ca:
            raise ValueError("not an authority")

    def may_issue(
        policy: verification.Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None
    ) -> None:
        if usage is not None and not usage.key_cert_sign:
            raise ValueError("may not issue certificates")

    anything = verification.Criticality.AGNOSTIC
    return (
        verification.ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, anything, is_authority)
        .may_be_present(x509.KeyUsage, anything, may_issue)
    )
