"""Receipts of the private flow say by their hash which file they are about."""

from __future__ import annotations

import pytest

from fattorino.hub.models import Message
from tests.desk import Desk
from tests.hub.letters import again, arrive, state
from tests.hub.test_receive import sent


@pytest.mark.parametrize("tipo", ["RC", "MC", "NS"])
def test_a_receipt_of_another_file_moves_nothing_and_waits_for_a_person(desk: Desk, tipo: str) -> None:
    row = sent(desk)
    before = state(row)
    message = arrive(row, tipo, hash="ab" * 32)
    assert (message.state, state(row)) == (Message.State.TO_MATCH, before)
    assert "impronta di un altro file" in message.note and message.submission_id == row.pk
    assert again(row).status == row.status


@pytest.mark.parametrize("tipo", ["RC", "MC", "NS"])
def test_hash_in_capitals_is_the_same_and_what_is_no_hash_says_nothing(desk: Desk, tipo: str) -> None:
    row = sent(desk)
    assert row.outgoing is not None
    written = row.outgoing.sha256.upper() if tipo == "RC" else "n.d."
    assert arrive(row, tipo, hash=written).state == Message.State.APPLIED
