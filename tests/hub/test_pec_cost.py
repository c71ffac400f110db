"""What a document over PEC asks of the database, from the channel's queue to SdI's receipt: its letter, the provider's
two receipts and SdI's own. Statements are ways there and back, savepoints too; BEGIN and COMMIT are not counted."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.hub import tasks_collecting
from fattorino.hub.models import Channel, ChannelUse, Submission
from fattorino.hub.signing import secrets
from fattorino.organisations.scope import company_scope
from tests.desk import Desk, make_desk, run_jobs
from tests.hub.channels import ways
from tests.hub.letters import state

# Of one more document, with three letters more. 66 where nothing is slow; what is written down every ten seconds, and a
# turn that is over before its time, make a few more.
MOST = 75
# What these tests ask by themselves: which jobs wait.
OUR_OWN = ("select id, task_name, args", "delete from procrastinate_jobs")


def a_channel(desk: Desk, there: ways.PecWay, settings: Any) -> Channel:
    box = there.port.mailbox
    values = {name: getattr(box, name) for name in ("smtp_host", "smtp_port", "imap_host", "imap_port")}
    channel = Channel.objects.create(
        company=desk.company,
        kind=Channel.Kind.PEC,
        settings=values | {"address": box.address, "trusted_ca": box.trusted_ca},
        secrets=secrets.encrypt(json.dumps({"password": ways.PASSWORD}).encode(), settings.SECRETS_KEYS),
    )
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
    return channel


def statements(there: ways.PecWay, channel: Channel) -> list[str]:
    """Let everything that waits go, and what comes of it come back; what was asked of the database."""
    asked: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = " ".join(str(sql).split())
        if not text.startswith(OUR_OWN):
            asked.append(text)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        run_jobs()
        there.carry()
        there.bring(3)
        tasks_collecting.visit(channel.company_id, channel.pk)
        run_jobs()
    return asked


@pytest.mark.django_db(transaction=True)
def test_one_more_document_over_pec_costs_few_statements(tmp_path: pathlib.Path, settings: Any) -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with ways.pec(tmp_path) as there:
        (authority := tmp_path / "autorita.pem").write_bytes(there.simulator.signer.ca_pem)
        settings.SDI_TRUSTED_CA = str(authority)
        with company_scope(desk.company.pk):
            channel = a_channel(desk, there, settings)
        asked: list[list[str]] = []
        for documents in (2, 5):
            with company_scope(desk.company.pk):
                for _ in range(documents):
                    desk.press(desk.save())
                run_jobs(skip=frozenset({"hub.turn"}))
            asked.append(statements(there, channel))
    with company_scope(desk.company.pk):
        assert [state(row) for row in Submission.objects.order_by("pk")] == ["CONSEGNATO"] * 7
    few, many = asked
    assert len(many) - len(few) <= 3 * MOST, "\n".join(many)
