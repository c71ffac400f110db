"""Whom to believe: the certificates of authorities out of a file that the user names.

Three kinds of file: a PEM bundle, one certificate in DER, or a national trusted list in XML as AgID publishes it.
Of a list only the services that issue qualified certificates for signatures or seals count, and only with the
status they had at the instant in question. The list's own signature is not verified: whoever gives the file
answers for it.

Sources: ETSI TS 119 612 v2.1.1, points 5.5 and 5.6; Specifiche tecniche SdI 1.8.1, point 2.1.
"""

from __future__ import annotations

import binascii
import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import InputError, XmlError
from fattorino.core.signatures import CRYPTO_ERRORS
from fattorino.core.texts import say

MAX_SIZE = 50 * 1024 * 1024  # bytes; AgID's list has about 3 MB

_TSL = "{http://uri.etsi.org/02231/v2#}"
_ISSUES_CERTIFICATES = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
_STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
# The last three are those of before eIDAS (until 30/6/2016), which a list keeps in a service's history.
_GOOD = {_STATUS + name for name in ("granted", "undersupervision", "supervisionincessation", "accredited")}
_KIND = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
_FOR_DOCUMENTS = {_KIND + "ForeSignatures", _KIND + "ForeSeals"}
_FOR_SITES = _KIND + "ForWebSiteAuthentication"


class TrustError(InputError):
    """The file names no authority that could be believed."""


def read_trusted(data: bytes, *, at: datetime.datetime) -> tuple[bytes, ...]:
    """The certificates (DER) of the authorities in a file, each once, in the file's order.

    Args:
        data: PEM, DER, or a trusted list in XML.
        at: the instant at which a listed service must have been in force, aware.

    Raises:
        TrustError: none of the three, or without any usable certificate.
    """
    if b"-----BEGIN CERTIFICATE-----" in data:
        found = _pem(data)
    elif data.lstrip(b"\xef\xbb\xbf\t\r\n ").startswith(b"<"):
        found = _listed(data, at)
    else:
        found = [data]
    usable = tuple(dict.fromkeys(der for der in found if _is_certificate(der)))
    if not usable:
        raise TrustError(
            say("Il file non contiene certificati di autorità utilizzabili."),
            say("Serve un file PEM o DER, oppure l'elenco XML dei prestatori di servizi fiduciari (AgID)."),
        )
    return usable


def _pem(data: bytes) -> list[bytes]:
    try:
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data)]
    except CRYPTO_ERRORS as error:
        raise TrustError(say("Il file PEM contiene un certificato illeggibile.")) from error


def _is_certificate(der: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(der)
    except CRYPTO_ERRORS:
        return False
    return True


def _listed(data: bytes, at: datetime.datetime) -> list[bytes]:
    try:
        root = xml.parse(data, limit=MAX_SIZE)
    except XmlError as error:
        raise TrustError(error.message, error.hint) from error
    if root.tag != _TSL + "TrustServiceStatusList":
        raise TrustError(
            say("Il file XML non è un elenco di prestatori di servizi fiduciari (ETSI TS 119 612).")
        )
    found: list[bytes] = []
    for service in root.iter(_TSL + "TSPService"):
        information = service.find(_TSL + "ServiceInformation")
        if information is not None and _in_force(service, information, at):
            found += _identities(information)
    return found


def _in_force(service: etree._Element, information: etree._Element, at: datetime.datetime) -> bool:
    """Whether the service issued certificates for documents, in good standing, at the instant."""
    instances = [information, *service.iterfind(f"{_TSL}ServiceHistory/{_TSL}ServiceHistoryInstance")]
    started = [(start, one) for one in instances if (start := _start(one)) is not None and start <= at]
    if not started:
        return False
    current = max(started, key=lambda pair: pair[0])[1]
    return (
        _text(current, "ServiceTypeIdentifier") == _ISSUES_CERTIFICATES
        and _text(current, "ServiceStatus") in _GOOD
        and _is_for_documents(current)
    )


def _start(instance: etree._Element) -> datetime.datetime | None:
    try:
        start = datetime.datetime.fromisoformat(_text(instance, "StatusStartingTime"))
    except ValueError:
        return None
    # TS 119 612, 5.1.4: times are in UTC, with a Z; one without is read as if it had it.
    return start if start.tzinfo else start.replace(tzinfo=datetime.UTC)


def _is_for_documents(instance: etree._Element) -> bool:
    """False only where the list says that the certificates are for web sites and says nothing else."""
    kinds = {
        (uri.text or "").strip()
        for uri in instance.iterfind(
            f"{_TSL}ServiceInformationExtensions/{_TSL}Extension/{_TSL}AdditionalServiceInformation/{_TSL}URI"
        )
    }
    return _FOR_SITES not in kinds or bool(kinds & _FOR_DOCUMENTS)


def _identities(information: etree._Element) -> list[bytes]:
    found = []
    path = f"{_TSL}ServiceDigitalIdentity/{_TSL}DigitalId/{_TSL}X509Certificate"
    for element in information.iterfind(path):
        try:
            found.append(binascii.a2b_base64(element.text or ""))
        except binascii.Error:
            continue
    return found


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(_TSL + name) or "").strip()
