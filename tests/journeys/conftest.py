"""The whole product once per run, Debian's chromium, and a watch over everything the browser complains about."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from playwright._impl._errors import TargetClosedError  # the public module does not name it
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from fattorino.config import demo
from tests.journeys.every_kind import SECRET, TWO_STEPS
from tests.journeys.guard import no_longer_than
from tests.journeys.own import COMPANIES
from tests.journeys.pages import sign_in, totp
from tests.journeys.product import ROOT, Product

PATIENCE = 60_000.0
# Seconds for one journey. Scripts that run in a page have no limit of their own: a browser that stands still would
# hold the whole run for ever.
LIMIT = 600.0
LIMITS = {"test_every_page_that_a_person_opens": 1800.0, "test_every_other_page_that_a_person_opens": 1800.0}
# Seconds for closing a window. Now and then the browser never answers that (seen three times, on a busy machine): the
# journey is over then, and the next one gets a new browser.
CLOSING = 60.0
PICTURES = ROOT / "test-output" / "journeys"
MANUAL = ROOT / "docs" / "manuale" / "immagini"
IN_MANUAL = (
    "01-accesso",
    "02-entrate",
    "03-nuovo-documento",
    "04-destinatario",
    "05-invio",
    "06-esito",
    "07-scarto",
    "08-importa",
    "20-stati",
    "20-stato",
    "20-comune",
    "09-dashboard",
    "10-elenco-del-gadget",
    "40-invio-massivo-conferma",
    "40-invio-massivo-esiti",
    "30-avvisi",
    "50-canali",
    "50-canale",
    "51-a-mano",
    "30-posta",
    "60-passive",
    "61-passiva",
    "62-risposta",
    "63-privati",
)
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
# Of the browser's own window, which nobody sees: suggestions below the address bar, pages of their own in each window,
# which take most of a second of the processor. Whoever names features unmakes Playwright's list: it is repeated here.
SWITCHED_OFF = (
    "AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,TcpPortRandomizationWin,"
    "ThirdPartyStoragePartitioning,msEdgeUpdateLaunchServicesPreferredVersion,msForceBrowserSignIn,"
    "WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup"
)
# The manual's pictures are taken anew.
RENEWED = os.environ.get("FATTORINO_MANUAL_PICTURES") == "1"
CHROMIUM_NAMES = (
    # It knows no language but English for its date fields.
    *(() if RENEWED else ("chromium-headless-shell",)),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)
_TELL_CSP = """addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP: " + event.violatedDirective + " " + event.blockedURI))"""

Picture = Callable[..., None]
House = dict[str, Any]
Visitor = Callable[[str | None], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = pathlib.Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)
            # A browser that was stopped says nothing about the product: once more, in a new one.
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TargetClosedError"]))
    if order := os.environ.get("FATTORINO_JOURNEYS_ORDER", ""):
        _put_in(order, items)


def _put_in(order: str, items: list[pytest.Item]) -> None:
    """Another order than the files', for they share one product: "reverse", or a number to shuffle by."""
    if order == "reverse":
        items.reverse()
    else:
        random.Random(int(order)).shuffle(items)


# The product ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """Started as `make run` does, stopped as Ctrl-C does."""
    expect.set_options(timeout=PATIENCE)
    # The browser's event loop lives in this thread; database tests after the journeys must still run.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    home = pathlib.Path(tempfile.mkdtemp(prefix="fattorino-journeys-"))
    home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
    _forget_old_pictures()
    product = Product(home)
    try:
        product.start()
        product.add_people()
        yield product
        complaints = product.tracebacks()
        product.stop()
        assert complaints == []
    finally:
        product.kill()
        shutil.rmtree(home, ignore_errors=True)


def _forget_old_pictures() -> None:
    """Those of earlier runs: beside this process another one may walk, whose pictures are of this run."""
    begun = psutil.Process().create_time() - 60
    for old in PICTURES.glob("*.png"):
        with contextlib.suppress(FileNotFoundError):  # the other one was quicker
            if old.stat().st_mtime < begun:
                old.unlink()


@pytest.fixture(scope="session")
def base_url(product: Product) -> str:
    return product.address


@pytest.fixture
def control(product: Product) -> Iterator[Callable[..., Any]]:
    """The simulator's JSON endpoints; faults that a journey left are called off."""
    yield product.control
    product.control("faults", {"clear": True})


# The browser ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium on this machine")
    return {
        **browser_type_launch_args,
        "executable_path": found,
        # Date fields and file choosers speak the language of the browser, not of the page (where its words are
        # installed: Debian's chromium-l10n).
        "env": {**os.environ, "LANG": "it_IT.UTF-8", "LANGUAGE": "it"},
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=it-IT",
            f"--disable-features={SWITCHED_OFF}",
        ],
    }


@pytest.fixture(scope="session")
def browsers(launch_browser: Callable[[], Browser]) -> Iterator[list[Browser]]:
    """The browser of the run is the last one; the others were stopped."""
    browsers: list[Browser] = []
    yield browsers
    for each in browsers:
        with no_longer_than(CLOSING), contextlib.suppress(TargetClosedError):
            each.close()


@pytest.fixture
def browser(
    browsers: list[Browser], launch_browser: Callable[[], Browser], request: pytest.FixtureRequest
) -> Iterator[Browser]:
    """The run's browser, for so long as a journey may take: whatever still waits for it then fails and says where."""
    if not browsers or not browsers[-1].is_connected():
        browsers.append(launch_browser())
    with no_longer_than(LIMITS.get(getattr(request.node, "originalname", ""), LIMIT)):
        yield browsers[-1]


@pytest.fixture(scope="session")
def plain_context_args(base_url: str) -> dict[str, Any]:
    """A browser in Italy that nobody has signed in with."""
    return {
        "base_url": base_url,
        "locale": "it-IT",
        "timezone_id": "Europe/Rome",
        "viewport": WIDE,
        "reduced_motion": "reduce",  # a picture taken while the page still glides shows half of it
    }


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Sessions of people that were made once through the page, by e-mail address."""
    return {}


@pytest.fixture
def session_of(
    browser: Browser, plain_context_args: dict[str, Any], sessions: dict[str, Any]
) -> Callable[[str], Any]:
    """The session of the person of this address."""

    def come_in(email: str) -> Any:
        if email not in sessions:
            context = browser.new_context(**plain_context_args)
            page = context.new_page()
            sign_in(page, email, demo.PASSWORD)
            sessions[email] = context.storage_state()
            context.close()
        return sessions[email]

    return come_in


@pytest.fixture(scope="session")
def own_company(product: Product) -> Callable[[str], str]:
    """Found one of the companies that other journeys know nothing of; the address of whoever administers it."""
    founded: set[str] = set()

    def found(which: str) -> str:
        if which not in founded:
            product.manage(
                "shell", "--no-imports", "-c", f"from tests.journeys.own import found; found({which!r})"
            )
            founded.add(which)
        return COMPANIES[which].email

    return found


@pytest.fixture(scope="session")
def house(product: Product) -> House:
    """Numbers of something of every kind."""
    words = "from tests.journeys.every_kind import furnish; furnish()"
    made: House = json.loads(product.manage("shell", "--no-imports", "-c", words).splitlines()[-1])
    return made


@pytest.fixture
def signed_in(session_of: Callable[[str], Any]) -> Any:
    """The demo user's session."""
    return session_of(demo.EMAIL)


@pytest.fixture
def browser_context_args(plain_context_args: dict[str, Any], signed_in: Any) -> dict[str, Any]:
    """What `page` and `new_context()` begin with: the demo user at 1280 px."""
    return {**plain_context_args, "storage_state": signed_in}


class Watch:
    """What no journey may see: errors in the console or in scripts, CSP violations, and answers of 400 and more,
    save those that a journey says it will provoke."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.expected: set[int] = set()

    def over(self, context: BrowserContext) -> None:
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_TELL_CSP)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # What failed to load is told with its status by `_response`.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(f"console: {message.text} {message.location}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.status not in self.expected):
            self.troubles.append(f"HTTP {response.status}: {response.request.method} {response.url}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.troubles == []


@pytest.fixture
def new_context(
    browser: Browser, browser_context_args: dict[str, Any], watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Browser windows that share nothing; each is watched, and photographed where the journey fails."""
    contexts: list[BrowserContext] = []

    def make(**changes: Any) -> BrowserContext:
        context = browser.new_context(**{**browser_context_args, **changes})
        watch.over(context)
        contexts.append(context)
        return context

    yield make
    failed = getattr(request.node, "failed_call", False)
    for number, context in enumerate(contexts):
        for page in context.pages if failed else []:
            PICTURES.mkdir(parents=True, exist_ok=True)
            page.screenshot(
                path=PICTURES / f"failed-{_plain(request.node.name)}-{number}.png", full_page=True
            )
        _close(context)


def _close(context: BrowserContext) -> None:
    try:
        with no_longer_than(CLOSING):
            context.close()
    except TargetClosedError:
        print("The browser did not close a window and was stopped.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.failed_call = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def stranger(new_context: Callable[..., BrowserContext]) -> Page:
    """A page in a browser that nobody has signed in with."""
    return new_context(storage_state=None).new_page()


@pytest.fixture
def visitor(new_context: Callable[..., BrowserContext], sessions: dict[str, Any]) -> Visitor:
    """A page of the browser of this person, or of nobody."""

    def come(email: str | None) -> Page:
        page = new_context(storage_state=sessions.get(email or "")).new_page()
        if email and email not in sessions:
            sign_in(page, email, demo.PASSWORD)
            if email == TWO_STEPS:
                page.locator("input[name=code]").fill(totp(SECRET))
                page.get_by_role("button", name="Entra").click()
                page.wait_for_url("**/dashboard/**")
            sessions[email] = page.context.storage_state()
        return page

    return come


@pytest.fixture
def picture() -> Picture:
    """Save what a page looks like; the manual's pictures are renewed where FATTORINO_MANUAL_PICTURES=1."""

    def take(page: Page, name: str, *, full_page: bool = False) -> None:
        # Without the notice that goes away by itself, and without a click, which would close an open menu.
        page.locator(".ft-notice-success").evaluate_all("notices => notices.forEach(each => each.remove())")
        PICTURES.mkdir(parents=True, exist_ok=True)
        image = page.screenshot(
            path=PICTURES / f"{name}.png", full_page=full_page, animations="disabled", caret="hide"
        )
        if name in IN_MANUAL and RENEWED:
            MANUAL.mkdir(parents=True, exist_ok=True)
            (MANUAL / f"{name}.png").write_bytes(image)

    return take


def _plain(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name)
