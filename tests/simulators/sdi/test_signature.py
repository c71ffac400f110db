"""Written messages are valid under the official schemas, and their signatures hold for others than us."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from lxml import etree
from signxml import CanonicalizationMethod, InvalidInput, SignatureConstructionMethod
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.util import _remove_sig
from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier

from fattorino.core import xades
from fattorino.core.sdi import message_io, messages
from fattorino.simulators.sdi.signature import open_signer
from tests.simulators.sdi.support import Driver, invoice

FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
SUBTRACT = (FILTER2, "subtract", "/descendant::ds:Signature")
RC = messages.RicevutaConsegna(
    identificativo_sdi="1", nome_file="IT01234567890_1.xml", message_id="1", note="è così & basta",
    data_ora_ricezione=datetime(2026, 1, 1, tzinfo=UTC), data_ora_consegna=datetime(2026, 1, 1, tzinfo=UTC),
    destinatario=messages.Destinatario(codice="ABCDEF", descrizione="PA"),
)  # fmt: skip


class Verifier(XAdESVerifier):
    """signxml with the one transform that SdI uses and it does not know; SdI names no SigningCertificate."""

    def _apply_transforms(self, payload: Any, *, transforms_node: Any, signature: Any) -> Any:
        for t in self._findall(transforms_node, "Transform") if transforms_node is not None else []:
            algorithm = t.get("Algorithm")
            if algorithm == FILTER2:
                [path] = list(t)
                if (algorithm, path.get("Filter"), (path.text or "").strip()) != SUBTRACT:
                    raise InvalidInput("transform")
                _remove_sig(signature, idempotent=True)
            elif algorithm != SignatureConstructionMethod.enveloped.value:
                CanonicalizationMethod(algorithm)
        return super()._apply_transforms(payload, transforms_node=transforms_node, signature=signature)

    def _verify_cert_digests(self, verify_result: Any) -> None:
        pass


def _usage(policy: Any, certificate: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not usage.content_commitment:
        raise ValueError("keyUsage")


def verified(data: bytes, ca: pathlib.Path) -> Any:
    policy = verification.ExtensionPolicy.permit_all().require_present(
        x509.KeyUsage, verification.Criticality.AGNOSTIC, _usage
    )
    config = XAdESSignatureConfiguration(
        expect_references=3,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        location="./",
    )
    return Verifier().verify(data, ca_pem_file=str(ca), ee_policy=policy, expect_config=config)


def test_a_signed_message_verifies_with_signxml_and_with_the_core(keys: pathlib.Path) -> None:
    now = datetime.now(UTC)
    signer = open_signer(keys, now)
    data = signer.sign(message_io.write_message(RC), now)
    results = verified(data, keys / "ca.pem")
    assert any(r.signed_xml is not None and r.signed_xml.tag.endswith("}RicevutaConsegna") for r in results)
    authority = x509.load_pem_x509_certificate(signer.ca_pem).public_bytes(Encoding.DER)
    findings = xades.verify_xades(data, at=now + timedelta(seconds=1), trusted=(authority,))
    assert [f for f in findings if f.is_error] == []
    read = message_io.read_message(data)
    assert read.signed and read.message == RC and read.tolerated == ()
    assert (keys / "chiave.pem").stat().st_mode & 0o077 == 0


def test_a_changed_message_does_not_verify(keys: pathlib.Path) -> None:
    now = datetime.now(UTC)
    data = open_signer(keys, now).sign(message_io.write_message(RC), now)
    year = f"<xades:SigningTime>{now.year}".encode()
    for old, new in ((b"ABCDEF", b"ABCDEG"), (year, year.replace(b"20", b"21", 1))):
        assert old in data
        with pytest.raises((InvalidDigest, InvalidSignature)):
            verified(data.replace(old, new), keys / "ca.pem")


@pytest.fixture(scope="module")
def schemas(shared_data: pathlib.Path) -> dict[str, etree.XMLSchema]:
    class Local(etree.Resolver):
        def resolve(self, url: str, pubid: str, context: Any) -> Any:
            if "xmldsig" in url:
                return self.resolve_filename(str(shared_data / "sdi/xsd/xmldsig-core-schema.xsd"), context)
            return None

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(Local())
    files = {messages.NS_PA: "MessaggiTypes_v1.1.xsd", messages.NS_PR: "MessaggiFatturaTypes_v1.0.xsd"}
    return {k: etree.XMLSchema(etree.parse(shared_data / "sdi/xsd" / v, parser)) for k, v in files.items()}


def test_every_kind_of_message_the_simulator_sends_is_valid_and_signed(
    driver: Driver, sign: Callable[[bytes], bytes], schemas: dict[str, etree.XMLSchema], folder: pathlib.Path
) -> None:
    driver.control("recipients", key="UFCHAN", behaviour="channel")
    pa = [("RIFIUT", 1), ("SILENZ", 2), ("IRRAGG", 1), ("UFCHAN", 1), ("IGNOTO", 1)]
    for n, (codice, bodies) in enumerate(pa):
        content = sign(invoice(f"P{n}", formato="FPA12", codice=codice, bodies=bodies))
        last = driver.send(f"IT01234567897_P{n}.xml.p7m", content)
    for n, codice in enumerate(("ABC1234", "0000000", "IGNOTO0")):
        driver.send(f"IT01234567897_R{n}.xml", invoice(f"R{n}", codice=codice))
    driver.pass_hours(400)
    refused = driver.outcome(last.identificativo_sdi, "IT01234567897_P4_EC_001.xml", b"<a/>")
    assert refused.scarto_esito is not None
    sent = [m.xml for m in driver.endpoint.messages] + [refused.scarto_esito.file]
    sent += [payload.metadati for _, o, payload in driver.endpoint.calls if o.name == "RiceviFatture"]
    seen = set()
    for data in sent:
        root = etree.fromstring(data)
        schemas[etree.QName(root).namespace].assertValid(root)
        seen.add(etree.QName(root).localname)
        if not root.tag.endswith("MetadatiInvioFile"):
            verified(data, folder / "ca.pem")
    assert seen == {
        "RicevutaConsegna", "RicevutaScarto", "RicevutaImpossibilitaRecapito", "NotificaScarto", "NotificaEsito",
        "NotificaMancataConsegna", "NotificaDecorrenzaTermini", "AttestazioneTrasmissioneFattura",
        "ScartoEsitoCommittente", "MetadatiInvioFile",
    }  # fmt: skip
