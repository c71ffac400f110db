"""An answer is sealed anew while somebody tells what became of its first letter: neither waits in a ring."""

from __future__ import annotations

import pytest
from django.db import transaction

from fattorino import clock
from fattorino.config import demo
from fattorino.hub.flows import channels, consignments
from fattorino.hub.models import Channel, ChannelUse, Consignment, OutcomeSent
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from tests.desk import NOW, make_desk
from tests.hub.test_consignments import LOST, Post
from tests.hub.test_outcome_parcels import accept
from tests.hub.test_remote_locks import Thread, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_holds_the_document_finds_the_parcel_free(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, post = make_desk(demo.ORDINE, "laura@ordine.example"), Post()
    post.most, post.error = 1, LOST
    monkeypatch.setattr(channels, "port", lambda row: post)
    with company_scope(desk.company.pk):
        channel = Channel.objects.create(company=desk.company, kind=Channel.Kind.PEC, created_at=NOW)
        ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
        outcome, parcel = accept(desk, "1"), Consignment.objects.get()

    def tell() -> None:
        with company_scope(desk.company.pk):
            consignments.answered(channel, parcel.name, True, "Consegnato.", now=clock.now())

    teller = Thread(tell)
    with company_scope(desk.company.pk), transaction.atomic():
        workflow.lock(outcome.document_id)
        teller.start()
        assert teller.known.wait(60)
        until(teller.waits_or_has_ended)
        assert Consignment.objects.select_for_update(nowait=True).get(pk=parcel.pk)
    teller.join(60)
    assert not teller.error
    with company_scope(desk.company.pk):
        assert OutcomeSent.objects.get(pk=outcome.pk).status == OutcomeSent.Status.SENT
