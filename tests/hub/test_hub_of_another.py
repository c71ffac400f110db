"""One Fattorino as the Hub of another: two installations, two databases, SdI's simulator behind the second."""

from __future__ import annotations

import html
import json
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings

from fattorino.config import demo
from fattorino.documents import numbering
from fattorino.documents.models import DocumentFile
from fattorino.hub import tasks_collecting
from fattorino.hub.flows.submissions import start_names_after
from fattorino.hub.models import Channel, ChannelUse, Submission
from fattorino.hub.signing import secrets
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, jobs, make_desk, run_jobs
from tests.journeys.product import Product

pytestmark = pytest.mark.chaos
CHANNELS, PROGRAMS = "/impostazioni/canali/", "/impostazioni/programmi/"
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


class Browser:
    """Somebody who administers, at the pages of one of the two."""

    def __init__(self, address: str, email: str) -> None:
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=60, trust_env=False)
        self.page = self.client.get("/accesso/login/").text
        self.send("/accesso/login/", login=email, password=demo.PASSWORD)
        assert "Esci" in self.page

    def open(self, path: str) -> str:
        self.page = self.client.get(path).text
        return self.page

    def send(self, path: str, **values: str) -> str:
        """Press the button of the page that is open."""
        hidden = {
            name: found[1]
            for name in ("csrfmiddlewaretoken", "azienda")
            if (found := re.search(f'name="{name}" value="([^"]+)"', self.page))
        }
        answer = self.client.post(
            path, data={**hidden, **values}, headers={"Referer": str(self.client.base_url)}
        )
        assert answer.status_code in (200, 302), answer.text
        self.page = answer.text
        return self.page

    def told(self, pattern: str) -> str:
        found = re.search(pattern, self.page)
        assert found, self.page
        return html.unescape(found[1])


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.django_db(transaction=True)
def test_two_are_made_known_to_each_other_on_their_pages_and_news_are_heard_at_once(
    other: Product, live_server: Any
) -> None:
    """As the manual says it: token, channel, webhook, secret; then an invoice, and nobody looks at the clock."""
    desk = make_desk(demo.ORDINE, "laura@ordine.example", "admin")
    with company_scope(desk.company.pk):
        start_names_after(desk.company, "00YYY")
        numbering.observe(desk.company.pk, "800", NOW.year)
    hub, ours = Browser(other.address, demo.EMAIL), Browser(live_server.url, "laura@ordine.example")
    hub.open(PROGRAMS)
    hub.send(f"{PROGRAMS}token/", nome="Fattorino dell'Ordine", ruolo="operator", giorni="30")
    token = hub.told(r"(fattorino_[a-z0-9]{12}_[\w-]{43})")
    ours.open(f"{CHANNELS}nuovo/intermediary/")
    settings = {"url": f"{other.address}/api/hub/v1", "pace": "0", "concurrency": "4"}
    ours.send(f"{CHANNELS}nuovo/intermediary/", token=token, **settings)
    address = ours.told(r"<code class=\"ft-secret\">([^<]+/sdi/intermediario/[0-9]+)</code>")
    assert address.startswith(live_server.url)
    channel_id = int(address.rpartition("/")[2])

    hub.open(PROGRAMS)
    hub.send(f"{PROGRAMS}webhook/", url=address)
    secret = hub.told(r"<p><code class=\"ft-secret\">([\w-]{40,})</code></p>")
    hook = re.findall(rf"{PROGRAMS}webhook/[0-9]+/", hub.open(PROGRAMS))[0]

    def tried(answer: str) -> None:
        hub.open(hook)
        hub.send(f"{hook}prova/")
        until(lambda: answer in re.sub(r"\s+", " ", hub.open(hook)))

    tried(">403<")  # the secret is not known here yet
    assert not jobs("hub.visit")
    ours.open(f"{CHANNELS}{channel_id}/")
    ours.send(f"{CHANNELS}{channel_id}/", webhook_secret=secret, **settings)
    assert secret not in ours.page
    tried(">204<")
    assert len(jobs("hub.visit")) == 1

    with company_scope(desk.company.pk):
        ChannelUse.objects.create(company=desk.company, dashboard="", channel_id=channel_id)
        document = desk.save()
        desk.press(document)

    def arrived() -> bool:
        run_jobs()  # a visit is among them only where the other side has called
        with company_scope(desk.company.pk):
            return desk.state(document) == "CONSEGNATO"

    until(arrived)
    hub.client.close()
    ours.client.close()
