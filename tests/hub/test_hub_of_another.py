"""One Fattorino as the Hub of another: two installations, two databases, SdI's simulator behind the second."""

from __future__ import annotations

import json
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings

from fattorino.config import demo
from fattorino.documents import numbering
from fattorino.documents.models import DocumentFile
from fattorino.hub import tasks_collecting
from fattorino.hub.flows.submissions import start_names_after
from fattorino.hub.models import Channel, ChannelUse, Submission
from fattorino.hub.signing import secrets
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, run_jobs
from tests.journeys.product import Product

pytestmark = pytest.mark.chaos
# A receipt takes two hours of SdI, half a second here; the rest is the two installations' own pace on a busy machine.
PATIENCE = 120.0


@pytest.fixture(scope="module")
def other() -> Iterator[Product]:
    """The second installation, with the simulated SdI."""
    # Not tmp_path: root's PostgreSQL runs as another user, which must walk through.
    home = pathlib.Path(tempfile.mkdtemp(prefix="fattorino-hub-"))
    home.chmod(0o755)
    product = Product(home)
    try:
        product.start()
        yield product
        product.stop()
    finally:
        product.kill()
        shutil.rmtree(home, ignore_errors=True)


def to_the_hub(desk: Desk, other: Product) -> Channel:
    """The company's only way to SdI is the other installation."""
    token = other.manage("token", "crea", demo.ORDINE["id_codice"], "Fattorino dell'Ordine").strip()
    kept = secrets.encrypt(json.dumps({"token": token}).encode(), django_settings.SECRETS_KEYS)
    channel = Channel.objects.create(
        company=desk.company,
        kind=Channel.Kind.INTERMEDIARY,
        settings={"url": f"{other.address}/api/hub/v1"},
        secrets=kept,
    )
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
    # The other installation has used the first names and numbers for the same company.
    start_names_after(desk.company, "00ZZZ")
    numbering.observe(desk.company.pk, "900", NOW.year)
    return channel


def visit_until(desk: Desk, channel: Channel, document: Document, state: str) -> None:
    end = time.monotonic() + PATIENCE
    while desk.state(document) != state:
        assert time.monotonic() < end, [
            *document.changes.values_list("event", "message"),
            *Channel.objects.values_list("last_error", "cursor"),
        ]
        tasks_collecting.visit.func(company_id=desk.company.pk, channel_id=channel.pk)
        run_jobs()
        time.sleep(0.2)


def test_an_invoice_reaches_sdi_once_and_its_receipt_comes_back_byte_for_byte(
    desk: Desk, other: Product
) -> None:
    channel = to_the_hub(desk, other)
    document = desk.save()
    desk.press(document)
    run_jobs()
    row = Submission.objects.get(document=document)
    assert row.outgoing is not None
    visit_until(desk, channel, document, "CONSEGNATO")
    # The button of the other side's worker and ours may run again: nothing goes twice.
    run_jobs()
    assert other.got(row.file_name) == bytes(row.outgoing.content)
    kept = DocumentFile.objects.get(document=document, kind=DocumentFile.Kind.RECEIPT)
    assert {kept.name: bytes(kept.stored.content)} == other.receipts(row.file_name)
    row.refresh_from_db()
    assert (row.status, bool(row.identificativo_sdi)) == (Submission.Status.CLOSED, True)
