"""What the simulated SdI answers, in both flows."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from fattorino.core.sdi import message_io, messages
from tests.simulators.sdi.support import Driver, invoice

Sign = Callable[[bytes], bytes]
PRIVATE, PA = "IT01234567897_00001.xml", "IT01234567897_000P1.xml.p7m"


def codes(message: messages.Messaggio) -> list[str | None]:
    assert isinstance(message, messages.NotificaScarto | messages.RicevutaScarto)
    return [e.codice for e in message.lista_errori]


def test_a_private_invoice_is_delivered(driver: Driver) -> None:
    content = invoice()
    answer = driver.send(PRIVATE, content)
    assert answer.errore is None and driver.state(answer.identificativo_sdi) == "RICEVUTO"
    driver.pass_hours(1)
    assert driver.endpoint.kinds == []
    driver.pass_hours(1)
    [(path, operation, payload)] = driver.endpoint.calls
    assert (path, operation.name) == ("/sdi/trasmissione", "RicevutaConsegna")
    assert payload.nome_file == "IT01234567897_00001_RC_001.xml"
    assert payload.identificativo_sdi == answer.identificativo_sdi
    message = driver.endpoint.messages[0].message
    assert isinstance(message, messages.RicevutaConsegnaPrivati)
    assert message.hash == hashlib.sha256(content).hexdigest()
    assert message.nome_file == PRIVATE
    driver.pass_hours(500)
    assert driver.endpoint.kinds == ["RC"]


@pytest.mark.parametrize(("codice", "esito"), [("UFABCD", "EC01"), ("RIFIUT", "EC02")])
def test_a_pa_accepts_or_refuses(driver: Driver, sign: Sign, codice: str, esito: str) -> None:
    driver.send(PA, sign(invoice(formato="FPA12", codice=codice)))
    driver.pass_hours(7)
    assert driver.endpoint.kinds == ["RC"]
    driver.pass_hours(1)
    assert driver.endpoint.kinds == ["RC", "NE"]
    ne = driver.endpoint.messages[1].message
    assert isinstance(ne, messages.NotificaEsito) and ne.esito_committente is not None
    assert ne.esito_committente.esito == esito
    assert bool(ne.esito_committente.descrizione) is (esito == "EC02")
    driver.pass_hours(500)
    assert driver.endpoint.kinds == ["RC", "NE"]


def test_a_silent_pa_lets_the_term_expire(driver: Driver, sign: Sign) -> None:
    answer = driver.send(PA, sign(invoice(formato="FPA12", codice="SILENZ")))
    driver.pass_hours(2 + 15 * 24 - 1)
    assert driver.endpoint.kinds == ["RC"]
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["RC", "DT"]
    assert driver.state(answer.identificativo_sdi) == "DECORSI_TERMINI"


def test_an_unreachable_pa_ends_in_an_attestation(driver: Driver, sign: Sign) -> None:
    content = sign(invoice(formato="FPA12", codice="IRRAGG"))
    driver.send(PA, content)
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["MC"]
    driver.pass_hours(241)
    assert driver.endpoint.kinds == ["MC", "AT"]
    at = driver.endpoint.messages[1]
    assert driver.endpoint.calls[1][2].nome_file == "IT01234567897_000P1_AT_001.zip"
    assert [(m.name, m.content) for m in at.enclosed] == [(PA, content)]
    assert isinstance(at.message, messages.AttestazioneTrasmissioneFattura)
    assert at.message.hash_file_originale == hashlib.sha256(content).hexdigest()


def test_a_pa_that_comes_back_within_ten_days_is_delivered_after_all(driver: Driver, sign: Sign) -> None:
    driver.send(PA, sign(invoice(formato="FPA12", codice="IRRAGG")))
    driver.pass_hours(2.1)
    driver.control("recipients", key="IRRAGG", behaviour="accept")
    driver.pass_hours(48)
    driver.pass_hours(6)
    assert driver.endpoint.kinds == ["MC", "RC", "NE"]
    driver.pass_hours(500)
    assert driver.endpoint.kinds == ["MC", "RC", "NE"]


@pytest.mark.parametrize(
    ("codice", "pec", "kind"),
    [
        ("0000000", "", "MC"),
        ("0000000", "cliente@pec.example.it", "RC"),
        ("IRRAGGI", "", "MC"),
        ("IGNOTO0", "", "NS"),
        ("NONATTI", "", "NS"),
    ],
)
def test_private_recipients(driver: Driver, codice: str, pec: str, kind: str) -> None:
    driver.send(PRIVATE, invoice(codice=codice, pec=pec))
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == [kind]
    message = driver.endpoint.messages[0].message
    assert message.flusso == "PR"
    if kind == "NS":
        assert codes(message) == ["00311" if codice == "IGNOTO0" else "00312"]


def test_a_recipient_is_known_by_its_partita_iva_first(driver: Driver) -> None:
    driver.control("recipients", key="IT12345678903", behaviour="unreachable")
    driver.send(PRIVATE, invoice(codice="ABC1234"))
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["MC"]
    driver.control("recipients", key="IT12345678903", behaviour="")
    driver.send("IT01234567897_00002.xml", invoice("2"))
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["MC", "RC"]


def test_a_name_is_used_once_even_by_a_refused_file(driver: Driver) -> None:
    driver.send(PRIVATE, invoice(codice="IGNOTO0"))
    driver.send(PRIVATE, invoice("2"))
    driver.pass_hours(2.1)
    first, second = (m.message for m in driver.endpoint.messages)
    assert (codes(first), codes(second)) == (["00311"], ["00002"])
    assert first.identificativo_sdi != second.identificativo_sdi  # type: ignore[attr-defined]
    driver.send("IT01234567897_00002.xml", invoice("2"))
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["NS", "NS", "RC"]


def _second(driver: Driver, first: dict[str, Any], second: dict[str, Any]) -> messages.Messaggio:
    driver.send("IT01234567897_00001.xml", invoice(**first))
    driver.pass_hours(2.1)
    driver.send("IT01234567897_00002.xml", invoice(**second))
    driver.pass_hours(2.1)
    return driver.endpoint.messages[1].message


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"tipo": "TD06"},
        {"data": "2026-01-01"},
        {"buyer": "01234567897", "tipo": "TD27"},
        {"price": "100.0000"},
    ],
    ids=str,
)
def test_the_same_number_of_the_same_year_is_a_duplicate(driver: Driver, second: dict[str, Any]) -> None:
    message = _second(driver, {"data": "2026-02-03"}, {"data": "2026-02-03", **second})
    assert codes(message) == ["00404"]


@pytest.mark.parametrize(
    "second",
    [
        {"numero": "2"},
        {"data": "2025-02-03"},
        {"tipo": "TD04"},
        {"seller": "12345678903", "buyer": "01234567897"},
    ],
    ids=str,
)
def test_another_number_year_seller_or_a_credit_note_is_none(driver: Driver, second: dict[str, Any]) -> None:
    assert _second(driver, {"data": "2026-02-03"}, {"data": "2026-02-03", **second}).tipo == "RC"


def test_a_refusal_by_the_pa_frees_the_number(driver: Driver, sign: Sign) -> None:
    driver.send("IT01234567897_00001.xml.p7m", sign(invoice(formato="FPA12", codice="RIFIUT")))
    driver.pass_hours(8.1)
    driver.send("IT01234567897_00002.xml.p7m", sign(invoice(formato="FPA12", codice="UFABCD")))
    driver.pass_hours(8.1)
    driver.send("IT01234567897_00003.xml.p7m", sign(invoice(formato="FPA12", codice="UFABCD")))
    driver.pass_hours(8.1)
    assert driver.endpoint.kinds == ["RC", "NE", "RC", "NE", "NS"]


def test_the_controls_are_those_of_the_core(driver: Driver, sign: Sign) -> None:
    signed = sign(invoice("9", formato="FPA12", codice="UFABCD"))
    wrong = [
        ("IT01234567897_00001.xml", invoice(formato="FPA12", codice="UFABCD"), "00102"),
        ("IT01234567897_00002.xml.p7m", signed.replace(b"Consulenza", b"Consulenzb"), "00102"),
        ("IT01234567897_00003.xml", b"questo non XML", "00"),
        ("IT01234567897_00004.xml", invoice(tipo="TD99"), "00200"),
        ("IT01234567897_00005.xml", invoice(price="90.00"), "00423"),
        ("IT01234567897_00006.zip", b"PK\x03\x04rotto", "00106"),
        ("nome_sbagliato.xml", invoice("7"), "00001"),
        ("IT01234567897_00008.xml", invoice("8", data="2099-01-01"), "00403"),
    ]
    expected = {}
    for name, content, code in wrong:
        expected[driver.send(name, content).identificativo_sdi] = (name, code)
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["NS"] * len(wrong)
    for message in (m.message for m in driver.endpoint.messages):
        assert isinstance(message, messages.NotificaScarto | messages.RicevutaScarto)
        name, code = expected[message.identificativo_sdi or ""]
        assert message.nome_file == name
        assert any((c or "").startswith(code) for c in codes(message)), (name, message.lista_errori)
        assert message.flusso == ("PA" if b"FPA12" in dict((w[0], w[1]) for w in wrong)[name] else "PR")


def test_a_file_over_five_megabytes_is_rejected_and_an_empty_one_not_taken(driver: Driver) -> None:
    assert driver.send(PRIVATE, b"").errore == "EI01"
    big = invoice().replace(
        b"</p:FatturaElettronica>", b"<!--" + b"x" * 5_300_000 + b"--></p:FatturaElettronica>"
    )
    driver.send(PRIVATE, big)
    driver.pass_hours(2.1)
    assert codes(driver.endpoint.messages[0].message) == ["00003"]


def test_an_archive_is_judged_file_by_file(driver: Driver) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("IT01234567897_0000A.xml", invoice("1"))
        archive.writestr("IT01234567897_0000B.xml", invoice("1"))
        archive.writestr("altro è.xml", invoice("3"))
    answer = driver.send("IT01234567897_0000Z.zip", buffer.getvalue())
    driver.pass_hours(3)
    found = {m.message.nome_file: m.message for m in driver.endpoint.messages}  # type: ignore[attr-defined]
    assert {n: m.tipo for n, m in found.items()} == {
        "IT01234567897_0000A.xml": "RC", "IT01234567897_0000B.xml": "NS", "altro è.xml": "NS",
    }  # fmt: skip
    delivered = found["IT01234567897_0000A.xml"]
    assert (
        isinstance(delivered, messages.RicevutaConsegnaPrivati) and delivered.riferimento_archivio is not None
    )
    assert delivered.riferimento_archivio.identificativo_sdi == answer.identificativo_sdi


# A recipient of its own --------------------------------------------------------------------------------------


def _ec(identifier: str, esito: str = "EC01", **more: Any) -> bytes:
    return message_io.write_message(
        messages.NotificaEsitoCommittente(identificativo_sdi=identifier, esito=esito, **more)
    )


def _delivered(driver: Driver, sign: Sign, **more: Any) -> str:
    driver.control("recipients", key="UFCHAN", behaviour="channel")
    answer = driver.send(PA, sign(invoice(formato="FPA12", codice="UFCHAN", **more)))
    driver.pass_hours(2.1)
    return answer.identificativo_sdi


def test_a_channel_gets_the_invoice_with_its_metadata_and_answers(driver: Driver, sign: Sign) -> None:
    identifier = _delivered(driver, sign)
    path, _, payload = driver.endpoint.calls[0]
    assert path == "/sdi/ricezione" and payload.nome_file == PA
    metadata = message_io.read_message(payload.metadati).message
    assert isinstance(metadata, messages.MetadatiInvioFile)
    assert (metadata.codice_destinatario, metadata.formato, metadata.tentativi_invio) == (
        "UFCHAN",
        "FPA12",
        1,
    )
    assert driver.endpoint.kinds == ["RC"]
    assert (
        driver.outcome(identifier, "IT01234567897_000P1_EC_001.xml", _ec(identifier, "EC02")).esito == "ES01"
    )
    driver.settle()
    assert driver.endpoint.kinds == ["RC", "NE"]
    again = driver.outcome(identifier, "IT01234567897_000P1_EC_002.xml", _ec(identifier))
    assert again.esito == "ES00" and again.scarto_esito is not None
    refused = message_io.read_message(again.scarto_esito.file).message
    assert isinstance(refused, messages.ScartoEsitoCommittente) and refused.scarto == "EN01"
    driver.pass_hours(500)
    assert driver.endpoint.kinds == ["RC", "NE"]


def test_an_outcome_that_is_not_conforming_or_too_late_is_refused(driver: Driver, sign: Sign) -> None:
    identifier = _delivered(driver, sign)
    for content, reason in (
        (b"<a/>", "EN00"),
        (_ec(identifier).replace(b'versione="1.0"', b""), "EN00"),
        (_ec("1"), "EN01"),
        (
            _ec(
                identifier,
                riferimento_fattura=messages.RiferimentoFattura(numero_fattura="X", anno_fattura=2026),
            ),
            "EN01",
        ),
    ):
        answer = driver.outcome(identifier, "IT01234567897_000P1_EC_001.xml", content)
        assert answer.scarto_esito is not None
        found = message_io.read_message(answer.scarto_esito.file).message
        assert isinstance(found, messages.ScartoEsitoCommittente) and found.scarto == reason
    driver.pass_hours(361)
    # Both sides hear of it.
    assert [c[0] for c in driver.endpoint.calls if c[1].name == "NotificaDecorrenzaTermini"] == [
        "/sdi/trasmissione", "/sdi/ricezione",
    ]  # fmt: skip
    assert driver.outcome(identifier, "IT01234567897_000P1_EC_005.xml", _ec(identifier)).esito == "ES00"


def test_an_outcome_that_was_ordered_to_be_refused_is_and_the_next_one_is_taken(
    driver: Driver, sign: Sign
) -> None:
    identifier = _delivered(driver, sign)
    driver.control("faults", kind="outcome_refused", count=1, match="_EC_001")
    refused = driver.outcome(identifier, "IT01234567897_000P1_EC_001.xml", _ec(identifier))
    assert refused.esito == "ES00" and refused.scarto_esito is not None
    found = message_io.read_message(refused.scarto_esito.file).message
    assert isinstance(found, messages.ScartoEsitoCommittente) and found.scarto == "EN00"
    assert driver.http.get("/_simulator/count").json()["refusals"] == 1
    assert driver.outcome(identifier, "IT01234567897_000P1_EC_002.xml", _ec(identifier)).esito == "ES01"


def test_each_invoice_of_a_lotto_has_its_own_outcome(driver: Driver, sign: Sign) -> None:
    identifier = _delivered(driver, sign, bodies=2)
    which = messages.RiferimentoFattura(
        numero_fattura="1/2", anno_fattura=int(str(driver.simulator.clock.now().year))
    )
    content = _ec(identifier, riferimento_fattura=which)
    assert driver.outcome(identifier, "IT01234567897_000P1_EC_001.xml", content).esito == "ES01"
    driver.pass_hours(361)
    kinds = [m for m in driver.endpoint.messages if m.message.tipo == "DT"]
    expired = kinds[0].message
    assert isinstance(expired, messages.NotificaDecorrenzaTermini) and expired.riferimento_fattura is not None
    assert expired.riferimento_fattura.numero_fattura == "1/1"


def test_a_channel_that_does_not_answer_is_tried_four_times(driver: Driver, sign: Sign) -> None:
    driver.control("recipients", key="UFCHAN", behaviour="channel", url="http://127.0.0.1:9/")
    driver.send(PA, sign(invoice(formato="FPA12", codice="UFCHAN")))
    driver.pass_hours(2 + 18 + 1)
    assert driver.endpoint.kinds == ["MC"]
    tries = driver.simulator.books.rows("select tries, state from message where tipo = 'FT'")
    assert tries == [{"tries": 4, "state": "ABBANDONATO"}]
