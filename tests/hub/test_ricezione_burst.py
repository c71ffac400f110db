"""Many invoices at the same moment, each delivered twice: every one is kept, and kept once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fattorino.core.sdi import soap
from fattorino.documents.models import Reception
from fattorino.organisations.scope import system_scope
from tests.desk import jobs

INVOICES, CONNECTIONS = 40, 8


def deliver(number: int) -> bytes:
    file = soap.FileSdIConMetadati(
        str(number), f"IT01234567890_{number:05d}.xml", b"<a>%d</a>" % number, "IT01234567890_MT.xml", b"<m/>"
    )
    request = soap.build_request(soap.RICEVI_FATTURE, file)
    try:
        answer = Client().post("/sdi/ricezione", request.body, content_type=soap.CONTENT_TYPE)
        return answer.content
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_what_arrives_at_once_and_twice_is_all_there_and_once(settings: Any) -> None:
    settings.SDI_ALLOW_LOOPBACK, settings.SDI_PROXY_SECRET = True, ""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(deliver, [*range(INVOICES), *range(INVOICES)]))
    assert all(b"ER01" in answer for answer in answers)
    with system_scope():
        rows = list(Reception.objects.order_by("identificativo_sdi").values_list("arrivals", "state"))
    assert rows == [(2, "waiting")] * INVOICES
    waiting = {job["args"]["reception_id"] for job in jobs("documents.read_reception")}
    assert len(waiting) == INVOICES
