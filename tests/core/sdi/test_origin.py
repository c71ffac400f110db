"""SdI's signature on its messages: what counts as SdI's, and what does not."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fattorino.core.sdi import messages as m
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.origin import origin_of
from fattorino.core.xades import read_xades
from fattorino.simulators.sdi import signature
from fattorino.simulators.sdi.signature import Signer, open_signer

NOW = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
SIGNED = ("AT", "DT", "MC", "NE", "NS", "RC", "SE")


def official(shared_data: pathlib.Path, kind: str) -> bytes:
    return (shared_data / f"sdi/notifications/pa_official__IT01234567890_11111_{kind}_001.xml").read_bytes()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return open_signer(tmp_path_factory.mktemp("sdi"), NOW)


def anchor(signer: Signer) -> tuple[bytes, ...]:
    return (x509.load_pem_x509_certificate(signer.ca_pem).public_bytes(Encoding.DER),)


def message(signer: Signer) -> bytes:
    receipt = m.NotificaDecorrenzaTermini(
        identificativo_sdi="1", nome_file="IT01234567890_00001.xml", descrizione="15 giorni", message_id="1"
    )
    return signer.sign(write_message(receipt), NOW)


@pytest.mark.parametrize("kind", SIGNED)
def test_the_official_messages_are_whole_and_in_sdis_name(shared_data: pathlib.Path, kind: str) -> None:
    assert origin_of(official(shared_data, kind), at=NOW).verdict == "unproven"


def test_the_official_certificate_itself_may_be_believed_also_years_after_its_end(
    shared_data: pathlib.Path,
) -> None:
    content = official(shared_data, "RC")
    found = read_xades(content)
    assert found is not None
    assert origin_of(content, at=NOW, trusted=(found.certificate,)).verdict == "valid"


def test_an_outcome_of_the_buyer_carries_no_signature(shared_data: pathlib.Path) -> None:
    assert origin_of(official(shared_data, "EC"), at=NOW).verdict == "missing"


def test_a_message_of_the_authority_that_is_set_is_valid(signer: Signer) -> None:
    assert origin_of(message(signer), at=NOW, trusted=anchor(signer)).verdict == "valid"


def test_a_changed_message_is_broken_whatever_is_believed(signer: Signer) -> None:
    changed = message(signer).replace(b">15 giorni<", b">16 giorni<")
    assert origin_of(changed, at=NOW, trusted=anchor(signer)).verdict == "broken"
    assert origin_of(changed, at=NOW).verdict == "broken"


def test_a_namesake_under_another_authority_is_foreign(
    signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    forger = open_signer(tmp_path_factory.mktemp("forger"), NOW)
    assert origin_of(message(forger), at=NOW, trusted=anchor(signer)).verdict == "foreign"


def test_the_same_authority_under_another_name_is_foreign(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everybody with an accredited channel has a certificate of that authority.
    monkeypatch.setattr(signature, "SIGNER_NAME", "SDI-01234567890")
    accredited = open_signer(tmp_path_factory.mktemp("accredited"), NOW)
    for trusted in ((), anchor(accredited)):
        found = origin_of(message(accredited), at=NOW, trusted=trusted)
        assert found.verdict == "foreign" and "SDI-01234567890" in found.note


def test_without_an_authority_the_issuers_name_still_counts(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "CA_NAME", "CA di chiunque")
    assert origin_of(message(open_signer(tmp_path_factory.mktemp("any"), NOW)), at=NOW).verdict == "foreign"


def test_what_is_tolerated_in_front_of_a_message_is_no_part_of_what_was_signed(signer: Signer) -> None:
    spaced = b"\xef\xbb\xbf\n " + message(signer)
    assert origin_of(spaced, at=NOW, trusted=anchor(signer)).verdict == "valid"
