from __future__ import annotations

import base64
import datetime
import random
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.envelope import unwrap, verify
from fattorino.core.fatturapa.trust import TrustError, read_trusted
from fattorino.hub.signing.pkcs12 import SigningKey, load_pkcs12
from fattorino.hub.signing.test_ca import DemoCa, Holder, issue, make_ca

NOW = datetime.datetime(2026, 11, 21, 10, 0, 30, tzinfo=datetime.UTC)
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
INFO = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
QC = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"


@pytest.fixture(scope="module")
def ca() -> DemoCa:
    return make_ca(at=NOW)


@pytest.fixture(scope="module")
def other() -> DemoCa:
    return make_ca(at=NOW, name="Altra CA")


@pytest.fixture(scope="module")
def key(ca: DemoCa) -> SigningKey:
    return load_pkcs12(issue(ca, Holder("Mario", "Rossi", "RSSMRA80A01H501U"), "x", at=NOW), "x")


def service(
    ca: DemoCa,
    *,
    status: str = "granted",
    since: str = "2016-07-01T00:00:00Z",
    kind: str = QC,
    extensions: str = "",
    history: str = "",
) -> str:
    """One TSPService as national lists write it (ETSI TS 119 612, 5.5)."""
    certificate = base64.encodebytes(ca.certificate).decode()
    return (
        f"<TSPService><ServiceInformation><ServiceTypeIdentifier>{kind}</ServiceTypeIdentifier>"
        "<ServiceName><Name xml:lang='it'>CA</Name></ServiceName><ServiceDigitalIdentity>"
        f"<DigitalId><X509Certificate>{certificate}</X509Certificate></DigitalId>"
        "<DigitalId><X509SubjectName>CN=CA</X509SubjectName></DigitalId></ServiceDigitalIdentity>"
        f"<ServiceStatus>{STATUS}{status}</ServiceStatus><StatusStartingTime>{since}</StatusStartingTime>"
        f"<ServiceInformationExtensions>{extensions}</ServiceInformationExtensions></ServiceInformation>"
        f"<ServiceHistory>{history}</ServiceHistory></TSPService>"
    )


def instance(status: str, since: str) -> str:
    return (
        f"<ServiceHistoryInstance><ServiceTypeIdentifier>{QC}</ServiceTypeIdentifier>"
        f"<ServiceStatus>{STATUS}{status}</ServiceStatus><StatusStartingTime>{since}</StatusStartingTime>"
        "</ServiceHistoryInstance>"
    )


def information(name: str) -> str:
    return (
        "<Extension Critical='true'><AdditionalServiceInformation>"
        f"<URI xml:lang='en'>{INFO}{name}</URI></AdditionalServiceInformation></Extension>"
    )


def trusted_list(*services: str) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><TrustServiceStatusList xmlns='http://uri.etsi.org/02231/v2#' "
        "TSLTag='http://uri.etsi.org/19612/TSLTag'><SchemeInformation/><TrustServiceProviderList>"
        f"<TrustServiceProvider><TSPServices>{''.join(services)}</TSPServices></TrustServiceProvider>"
        "</TrustServiceProviderList></TrustServiceStatusList>"
    ).encode()


def test_pem_der_and_lists_give_the_same_certificates(ca: DemoCa, other: DemoCa) -> None:
    bundle = "".join(ssl.DER_cert_to_PEM_cert(one.certificate) for one in (ca, other, ca)).encode()
    assert read_trusted(b"# CA\n" + bundle, at=NOW) == (ca.certificate, other.certificate)
    assert read_trusted(ca.certificate, at=NOW) == (ca.certificate,)
    listed = trusted_list(service(ca), service(other), service(ca))
    assert read_trusted(listed, at=NOW) == (ca.certificate, other.certificate)


@pytest.mark.parametrize(
    ("status", "since", "trusted"),
    [
        ("granted", "2026-11-21T10:00:30Z", True),
        ("granted", "2026-11-21T10:00:31Z", False),
        ("withdrawn", "2020-01-01T00:00:00Z", False),
        ("undersupervision", "2010-01-01T00:00:00Z", True),
        ("deprecatedatnationallevel", "2020-01-01T00:00:00Z", False),
    ],
)
def test_a_service_counts_with_the_status_of_the_instant(
    ca: DemoCa, other: DemoCa, status: str, since: str, trusted: bool
) -> None:
    found = read_trusted(trusted_list(service(other), service(ca, status=status, since=since)), at=NOW)
    assert (ca.certificate in found) is trusted


def test_the_history_speaks_for_earlier_instants(ca: DemoCa) -> None:
    history = instance("granted", "2016-07-01T00:00:00Z") + instance("accredited", "2010-01-01T00:00:00Z")
    listed = trusted_list(service(ca, status="withdrawn", since="2024-01-01T00:00:00Z", history=history))
    for year in (2012, 2020):
        at = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
        assert read_trusted(listed, at=at) == (ca.certificate,)
    for year in (2009, 2024, 2026):
        with pytest.raises(TrustError):
            read_trusted(
                listed, at=datetime.datetime(year, 6, 1, tzinfo=datetime.UTC).replace(month=1, day=2)
            )


@pytest.mark.parametrize(
    ("names", "trusted"),
    [
        ((), True),
        (("ForeSignatures",), True),
        (("ForeSeals", "ForWebSiteAuthentication"), True),
        (("ForWebSiteAuthentication",), False),
    ],
)
def test_services_for_web_sites_do_not_count(
    ca: DemoCa, other: DemoCa, names: tuple[str, ...], trusted: bool
) -> None:
    extensions = "".join(information(name) for name in names)
    found = read_trusted(trusted_list(service(other), service(ca, extensions=extensions)), at=NOW)
    assert (ca.certificate in found) is trusted


def test_services_that_issue_no_certificates_do_not_count(ca: DemoCa) -> None:
    with pytest.raises(TrustError):
        read_trusted(trusted_list(service(ca, kind="http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST")), at=NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x30\x03\x02\x01\x01",
        b"<a/>",
        b"<a",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----",
        trusted_list(),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        trusted_list().replace(b"</TSPServices>", b"<TSPService/></TSPServices>"),
    ],
)
def test_what_names_no_authority_is_refused(data: bytes) -> None:
    with pytest.raises(TrustError) as refused:
        read_trusted(data, at=NOW)
    assert refused.value.message


def test_a_damaged_certificate_in_a_list_does_not_hide_the_others(ca: DemoCa, other: DemoCa) -> None:
    damaged = service(ca).replace("<X509Certificate>", "<X509Certificate>!!").replace("MII", "")
    assert read_trusted(trusted_list(damaged, service(other)), at=NOW) == (other.certificate,)


# What it is for --------------------------------------------------------------------------------------------


def codes(p7m: bytes, trusted: tuple[bytes, ...]) -> list[str]:
    return [finding.code for finding in verify(unwrap(p7m), at=NOW, trusted=trusted)]


def test_an_authority_of_the_list_is_believed_and_any_other_is_00104(
    key: SigningKey, ca: DemoCa, other: DemoCa
) -> None:
    p7m = sign_cades(b"<a/>", key.certificate, key.sign, NOW)
    assert codes(p7m, read_trusted(trusted_list(service(other), service(ca)), at=NOW)) == []
    assert codes(p7m, read_trusted(trusted_list(service(other)), at=NOW)) == ["00104"]


def test_an_authority_that_changed_its_key_is_another_authority(key: SigningKey) -> None:
    namesake = make_ca(at=NOW)
    p7m = sign_cades(b"<a/>", key.certificate, key.sign, NOW)
    assert codes(p7m, (namesake.certificate,)) == ["00104"]


def test_a_certificate_that_the_authority_it_names_did_not_sign_is_00107(ca: DemoCa) -> None:
    authority = x509.load_der_x509_certificate(ca.certificate)
    forger = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Rossi Mario")]))
        .issuer_name(authority.subject)
        .public_key(forger.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + datetime.timedelta(days=30))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )
        .sign(forger, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    p7m = sign_cades(b"<a/>", forged, lambda data: forger.sign(data, ec.ECDSA(hashes.SHA256())), NOW, True)
    assert codes(p7m, ()) == []
    assert codes(p7m, (ca.certificate,)) == ["00107"]
    assert codes(p7m, (forged,)) == []


@pytest.mark.parametrize("kind", ["pem", "der", "list"])
def test_damage_anywhere_leaks_no_other_exception(
    key: SigningKey, ca: DemoCa, other: DemoCa, kind: str
) -> None:
    history = instance("granted", "2016-07-01T00:00:00Z")
    data = {
        "pem": ssl.DER_cert_to_PEM_cert(ca.certificate).encode(),
        "der": ca.certificate,
        "list": trusted_list(
            service(ca, extensions=information("ForeSeals"), history=history), service(other)
        ),
    }[kind]
    chance = random.Random(kind)
    opened = unwrap(sign_cades(b"<a/>", key.certificate, key.sign, NOW))
    for _ in range(300):
        damaged = bytearray(data)
        for _change in range(chance.randint(1, 3)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 20)] = chance.randbytes(chance.randint(0, 4))
        try:
            found = read_trusted(bytes(damaged), at=NOW)
        except TrustError:
            continue
        # What is believed is the key in the file, so only that nothing breaks can be asked of the judgement.
        verify(opened, at=NOW, trusted=found)
