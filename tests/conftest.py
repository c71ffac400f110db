"""The tests' own PostgreSQL, and the settings that differ in tests.

One server per test run, in a temporary folder, without fsync. It starts when the first test asks for the database
(with xdist: at once, in the controller) and ends with this process, however that ends. Tests connect as the role
of the real product, which is no superuser, so that row-level security binds them too.
"""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import settings

from fattorino.config import postgres
from scripts import languages

pytest_plugins = ["tests.desk", "tests.house"]

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
SERVER = pytest.StashKey[postgres.Server]()
HOME = "FATTORINO_TEST_HOME"
# A file in which `make test` collects the names of the tests that failed.
FAILED = "FATTORINO_FAILED_TESTS"

# What is busy longest begins first, or one processor would wait for the other at the end: these, which have few tests,
# then whatever has most of them.
LONGEST = (
    "journeys/test_accessibility.py",
    "journeys/test_other_pages.py",
    "test_tenants.py",
    "test_both_languages.py",
    "config/test_squashed.py",
    "bench/test_ratios.py",
    "core/workflow/test_model.py",
    "config/test_copies.py",
    "bench/test_many.py",
    "hub/test_message_orders.py",
    "api/test_anything.py",
    "documents/test_form_anything.py",
    "core/fatturapa/test_format_against_xsd.py",
    "core/fatturapa/test_text_against_xsd.py",
)

# The same examples at every run, so that a red test is about the change at hand; `make soak` looks for new ones.
# No deadline: on a busy machine it would fail what is right.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Reading an RSA key proves its primes, which takes 40 ms; nearly every test has a company with a key. The same file is
# proven once.
pkcs12.load_key_and_certificates = functools.lru_cache(maxsize=64)(pkcs12.load_key_and_certificates)


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Official schemas and samples, where they are at hand; the project holds no copy of them."""
    if not SHARED.is_dir():
        pytest.skip("skipped: no shared data")
    return SHARED


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        languages.main(["compile"])  # before Django reads a catalogue, which it does once
        home = pathlib.Path(tempfile.mkdtemp(prefix="fattorino-test-"))
        home.chmod(0o755)  # root's PostgreSQL runs as another user, which must walk through
        os.environ[HOME] = str(home)
        if getattr(config.option, "numprocesses", None):
            _start(config)
    _adapt_settings(pathlib.Path(os.environ[HOME]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The order of the files matters only where several processes take them; whoever wants another one gets it.
    if hasattr(config, "workerinput") and not os.environ.get("FATTORINO_JOURNEYS_ORDER"):
        items[:] = longest_first(items)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests of each file in their order, the files by how long they take."""
    here = pathlib.Path(__file__).parent
    places = {here / name: place for place, name in enumerate(LONGEST)}
    number = Counter(item.path for item in items)
    return sorted(items, key=lambda item: (places.get(item.path, len(LONGEST)), -number[item.path]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that draws by its module's seed tells it, so that whoever sees it fail can draw the same."""
    seed = getattr(getattr(item, "module", None), "SEED", None)
    if seed is not None:
        item.user_properties.append(("seed", f"FATTORINO_SEED={seed}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seeds of what is made anew at each run, also when all is well: a test in a worker cannot print them."""
    reports = [r for outcome in ("passed", "failed") for r in terminalreporter.getreports(outcome)]
    for seed in sorted({seed for report in reports for seed in _seeds(report)}):
        terminalreporter.write_line(seed)
    failed = [r for outcome in ("failed", "error") for r in terminalreporter.getreports(outcome)]
    if failed and FAILED in os.environ:
        with open(os.environ[FAILED], "a", encoding="utf-8") as names:
            for report in failed:
                names.write(" ".join([report.nodeid, *_seeds(report)]) + "\n")


def _seeds(report: pytest.TestReport | pytest.CollectReport) -> list[str]:
    told = [str(value) for name, value in getattr(report, "user_properties", ()) if name == "seed"]
    return list(dict.fromkeys(told))


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if SERVER in config.stash:
        config.stash[SERVER].stop()
    if home := os.environ.pop(HOME, ""):
        shutil.rmtree(home, ignore_errors=True)


def _start(config: pytest.Config) -> None:
    home = pathlib.Path(os.environ[HOME])
    config.stash[SERVER] = postgres.start(home, durable=False, dies_with_parent=True)


def _adapt_settings(home: pathlib.Path) -> None:
    """pytest-django has read the settings before any conftest; these are read again at each use."""
    from django.conf import settings as django_settings

    os.environ["FATTORINO_HOME"] = str(home)
    os.environ["FATTORINO_PGSOCKET"] = str(home / "run")
    os.environ.pop("DATABASE_URL", None)
    os.environ["FATTORINO_STATIC_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    if not django_settings.configured:  # pytest -p no:django
        return
    django_settings.HOME = home
    # What the tests call listens on this machine.
    django_settings.ALLOWED_NETWORKS = ["127.0.0.0/8", "::1"]
    # No test depends on what a name server outside says of its invented names, or when.
    django_settings.RESOLVE_AT_SAVING = False
    # Whatever DATABASE_URL says: tests must never reach a real database.
    place = {"NAME": "fattorino", "USER": "fattorino", "PASSWORD": "", "HOST": str(home / "run"), "PORT": ""}
    django_settings.DATABASES["default"].update(place)
    # Hashed names exist only after collectstatic.
    django_settings.STORAGES["staticfiles"]["BACKEND"] = os.environ["FATTORINO_STATIC_STORAGE"]
    django_settings.WHITENOISE_USE_FINDERS = True
    # Argon2 is slow on purpose, and many tests sign in.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """pytest-django asks for this before it makes the test database."""
    config = request.config
    if not hasattr(config, "workerinput") and SERVER not in config.stash:
        _start(config)
