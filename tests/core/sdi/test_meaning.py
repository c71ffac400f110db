from __future__ import annotations

import csv
import pathlib
from datetime import UTC, date, datetime

import pytest

from fattorino.core.errors import FormatError
from fattorino.core.sdi import messages as m
from fattorino.core.sdi.meaning import meaning

WHEN = datetime(2026, 11, 21, 9, tzinfo=UTC)


def ne(esito: str, **more: object) -> m.NotificaEsito:
    return m.NotificaEsito(
        identificativo_sdi="1",
        esito_committente=m.NotificaEsitoCommittente(esito=esito, **more),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("message", "event", "issued", "final", "colour"),
    [
        (m.RicevutaConsegna(), "RC", True, False, "success"),
        (m.RicevutaConsegnaPrivati(), "RC", True, True, "success"),
        (m.NotificaScarto(), "NS", False, True, "danger"),
        (m.RicevutaScarto(), "NS", False, True, "danger"),
        (m.NotificaMancataConsegna(), "MC", True, False, "warning"),
        (m.RicevutaImpossibilitaRecapito(), "MC", True, True, "warning"),
        (ne("EC01"), "NE_EC01", True, True, "success"),
        (ne("EC02"), "NE_EC02", True, True, "danger"),
        (m.NotificaDecorrenzaTermini(), "DT", True, True, "info"),
        (m.AttestazioneTrasmissioneFattura(), "AT", True, True, "warning"),
        (m.ScartoEsitoCommittente(scarto="EN01"), "SE", None, False, "danger"),
        (m.NotificaEsitoCommittente(esito="EC01"), "EC_INVIATO", None, False, "info"),
        (m.MetadatiInvioFile(), "MT_PA", True, False, "info"),
        (m.FileMetadati(), "MT_PRIV", True, True, "success"),
    ],
)
def test_each_message_has_one_meaning(
    message: m.Messaggio, event: str, issued: bool | None, final: bool, colour: str
) -> None:
    found = meaning(message)
    assert (found.event, found.issued, found.final, found.colour) == (event, issued, final, colour)
    assert found.flow == message.flusso
    assert found.label and found.explanation


def test_the_events_are_those_of_the_workflow(shared_data: pathlib.Path) -> None:
    with (shared_data / "adempimenti/tables/eventi_stato.csv").open(encoding="utf-8") as table:
        events = {row["evento"] for row in csv.DictReader(table)}
    known = {"RC", "NS", "MC", "NE_EC01", "NE_EC02", "DT", "AT", "SE", "EC_INVIATO", "MT_PA", "MT_PRIV"}
    assert known <= events


def test_the_meaning_tells_when_why_and_which_invoice() -> None:
    which = m.RiferimentoFattura(numero_fattura="7", anno_fattura=2026, posizione_fattura=2)
    refused = meaning(ne("EC02", descrizione="CIG errato", riferimento_fattura=which))
    assert refused.reference == which and "CIG errato" in refused.explanation
    scarto = m.RicevutaScarto(
        data_ora_ricezione=WHEN,
        lista_errori=(m.ErrorePrivati(codice="00002"), m.ErrorePrivati(codice="00404")),
    )
    assert meaning(scarto).codes == ("00002", "00404") and meaning(scarto).happened == WHEN
    disposal = m.RicevutaImpossibilitaRecapito(data_messa_a_disposizione=date(2026, 11, 22))
    assert "22/11/2026" in meaning(disposal).explanation
    naive = m.RicevutaConsegna(data_ora_consegna=datetime(2026, 1, 1, 12))
    assert meaning(naive).happened is not None and meaning(naive).happened.tzinfo is not None  # type: ignore[union-attr]


def test_an_outcome_that_says_nothing_is_no_acceptance() -> None:
    for message in (m.NotificaEsito(), ne("EC03")):
        with pytest.raises(FormatError):
            meaning(message)
