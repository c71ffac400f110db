"""A refusal states one of the causes of the law, says what is wrong, and fits into the EC."""

from __future__ import annotations

import pytest

from fattorino.core.errors import RefusedError
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.core.sdi.messages import NotificaEsitoCommittente
from fattorino.core.sdi.refusal import CAUSES, LONGEST, Cause, description, room_for


def test_there_are_the_five_causes_of_the_law_in_its_order() -> None:
    assert [CAUSES[cause].letter for cause in Cause] == ["a", "b", "c", "d", "e"]
    assert all("DM 132/2020" in told.opening for told in CAUSES.values())


@pytest.mark.parametrize("cause", list(Cause))
def test_the_longest_explanation_fits_into_the_message(cause: Cause) -> None:
    text = description(cause, "x" * room_for(cause))
    assert len(text) == LONGEST
    ec = NotificaEsitoCommittente(identificativo_sdi="1", esito="EC02", descrizione=text)
    assert read_message(write_message(ec)).message == ec
    with pytest.raises(RefusedError) as refused:
        description(cause, "x" * (room_for(cause) + 1))
    assert "accorciarla" in refused.value.fields["dettaglio"]


@pytest.mark.parametrize("detail", ["", "   ", "\n\t", "\x00\x01"])
def test_a_refusal_that_says_nothing_is_none(detail: str) -> None:
    with pytest.raises(RefusedError) as refused:
        description(Cause.CIG_CUP, detail)
    assert "motivato" in refused.value.fields["dettaglio"]


def test_what_no_message_holds_is_left_out() -> None:
    assert description(Cause.CIG_CUP, " CIG\r\nZ1\x00\ud800 ").endswith(": CIG Z1")
