"""The Hub writes Italian, whoever asked it in whatever language; what it says at once can be said in English."""

from __future__ import annotations

import pytest
from django.utils import translation

from fattorino.core.errors import ChannelError
from fattorino.hub.channels.base import Accepted
from fattorino.hub.channels.sdicoop import ERRORS
from fattorino.organisations.languages import said
from fattorino.workflow.models import StateChange
from tests.desk import NOW, Desk
from tests.hub.letters import SDI_ID, again, answered, arrive, begin, queued


@pytest.fixture(autouse=True)
def _pauses(settings: object) -> None:
    settings.HUB_RETRY_PAUSES = [0.0]  # type: ignore[attr-defined]


def test_what_is_written_down_while_somebody_reads_english_is_italian(desk: Desk) -> None:
    message, permanent = ERRORS["EI02"]
    with translation.override("en"):
        row = queued(desk)
        begin(row)
        error = ChannelError(message, uncertain=False, permanent=permanent)
        answered(row, error)
        assert again(row).last_error == "Il Sistema di Interscambio non è disponibile (EI02)."
        assert said(error.text) == "SdI is not available (EI02)."
        begin(row)
        answered(row, Accepted(SDI_ID, NOW))
        arrive(row, "RC")
        told = list(
            StateChange.objects.filter(document_id=row.document_id)
            .order_by("id")
            .values_list("message", flat=True)
        )
    assert told[-3:] == [
        "Il Sistema di Interscambio non è disponibile (EI02). Nuovo tentativo tra 0 secondi.",
        f"Preso in carico da SdI con identificativo {SDI_ID}.",
        "Consegnata. La fattura è emessa ed è stata consegnata al cliente.",
    ]
