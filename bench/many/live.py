"""How soon an open dashboard shows what somebody changed: its page, channel and button are the running product's."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from queue import Queue
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.many.table import Figure

ROUNDS = 15
# Counts follow within two seconds without a reload (issue 4).
LIMIT = 2000.0
PATIENCE = 60.0  # seconds, for whatever is asked
DASHBOARD = "/dashboard/privati/"
ENTERED = "ANNULLATO"

News = Queue[tuple[float, dict[str, Any]]]


def measure(port: int, cookie: str, ids: list[int]) -> Iterator[Figure]:
    """Drafts leave their state by *Cambia stato*, one after the other; of each how long after the answer.

    The channel looks at a company at most once a second. Each change follows upon the news of the one before, so that
    it waits nearly the whole second: nobody waits longer.
    """
    window = Window(port, cookie)
    try:
        window.round(ids[0])  # the first one meets what nobody has asked for yet
        heard, shown = zip(*(window.round(document_id) for document_id in ids[1:]), strict=True)
    finally:
        window.close()
    for what, seen in (("notizia alla pagina aperta", heard), ("il numero nuovo, chiesto allora", shown)):
        yield Figure(f"conteggi dal vivo: {what}, mediana", "ms", median(seen), LIMIT)
        yield Figure(f"conteggi dal vivo: {what}, il peggiore di {len(seen)}", "ms", max(seen), LIMIT)


class Window:
    """A dashboard that somebody looks at, and the button of another window of hers."""

    def __init__(self, port: int, cookie: str) -> None:
        self._browser = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._cookie = cookie
        headers, page = self._ask("GET", DASHBOARD)
        self._cookie += f"; {headers['Set-Cookie'].split(';')[0]}"
        self._form = {
            name: _within(page, f'name="{name}" value="') for name in ("csrfmiddlewaretoken", "azienda")
        }
        self._poll = _within(page, 'data-poll="')
        self._line = self._listen(port, _within(page, '<div data-dashboard [^>]*data-live="'))
        self._news = News()
        threading.Thread(target=self._hear, daemon=True).start()
        self._count = self._news.get(timeout=PATIENCE)[1]["states"][ENTERED]

    def round(self, document_id: int) -> tuple[float, float]:
        """Milliseconds from the button's answer until the news is there, and until the page that asks is told it.

        News that overtake the answer took no time.
        """
        form = self._form | {"stato": ENTERED, "motivo": "Misura."}
        self._ask("POST", f"/entrate/{document_id}/stato/", urlencode(form))
        answered = time.perf_counter()
        self._count += 1
        while True:
            heard, told = self._news.get(timeout=PATIENCE)
            if told["states"][ENTERED] == self._count:
                break
        while json.loads(self._ask("GET", self._poll)[1])["states"][ENTERED] != self._count:
            assert time.perf_counter() - answered < PATIENCE, "the page that asks is not told"
        shown = time.perf_counter()
        return max(0.0, heard - answered) * 1000, (shown - answered) * 1000

    def close(self) -> None:
        self._browser.close()
        self._line.close()

    def _ask(self, method: str, address: str, body: str | None = None) -> tuple[http.client.HTTPMessage, str]:
        headers = {"Cookie": self._cookie}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._browser.request(method, address, body, headers)
        answer = self._browser.getresponse()
        text = answer.read().decode()
        assert answer.status == (302 if body else 200), f"{address}: {answer.status}"
        return answer.headers, text

    def _listen(self, port: int, address: str) -> http.client.HTTPResponse:
        parts = urlsplit(address)
        line = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        origin = f"http://127.0.0.1:{port}"
        headers = {"Cookie": self._cookie, "Origin": origin, "Accept": "text/event-stream"}
        line.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = line.getresponse()
        assert answer.status == 200, f"{address}: {answer.status}"
        return answer

    def _hear(self) -> None:
        """Until the line is closed; what does not come is missed by whoever waits for it."""
        try:
            for line in iter(self._line.readline, b""):
                if line.startswith(b"data: {"):
                    told = json.loads(line[6:])
                    if "states" in told:
                        self._news.put((time.perf_counter(), told))
        except (OSError, ValueError, AttributeError):  # closed while it was read
            return


def _within(page: str, before: str) -> str:
    """What stands between this pattern and the next quotation mark, as a browser understands it."""
    found = re.search(f'{before}([^"]+)"', page)
    assert found, f"the page has no {before}"
    return found[1].replace("&amp;", "&")
