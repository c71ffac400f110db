"""Every page in Italian and in English: each says everything in its own language, but for the company's own words.

The pages come from the resolver, so a new one is read as soon as it exists.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from fattorino.config import demo
from fattorino.organisations import groups
from fattorino.organisations.flows import choose_language, save_user
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from fattorino.organisations.tokens import tokens_of
from fattorino.workflow import configuration
from tests.addresses import walk
from tests.desk import NOW
from tests.house import MARK, House, addresses
from tests.language_scan import SAME, SMALL_WORDS
from tests.page_texts import Piece, pieces

ROOMS = ("web", "documents", "hub", "workflow")
# Written alike in both languages: terms of the trade, names, and words English has too.
ALIKE = re.compile(
    r"\b(?:Natura|Ordine|Digital Hub|Hub|file|File|Email|Menu|menu|Password|Gadget|gadget|Tooltip|XXXXXXX|INPS|PagoPA|"
    r"IdentificativoSdI|Agenzia delle Entrate|CAdES-BES|XAdES-BES|Token|token|"
    r"RID|RIBA|MAV|SEPA Direct Debit|CORE|B2B|DF|LI|PR|PS)\b"
    r"|\b[A-Z]+(?:_[A-Z0-9]+)+\b"  # codes of states, actions and hub statuses
    r"|\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b"  # a codice fiscale
    r"|https?://\S+"
    r"|\bnon-(?=[a-z])"  # a prefix in English, a word in Italian
    r"|\b[\w-]+(?:\.(?:xml|p7m|txt|csv|pdf))+\b|\b[0-9a-f]{64}\b"
)


@dataclasses.dataclass(frozen=True)
class Shown:
    """One answer: how it was asked for, and what it says."""

    asked: str
    lang: str | None
    texts: list[Piece]


def words_of(value: Any) -> Iterator[str]:
    """The texts somewhere inside a value."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from words_of(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from words_of(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from words_of(each)


class OwnWords:
    """What the company itself wrote, to be taken out of what a page says."""

    def __init__(self, words: frozenset[str] = frozenset()) -> None:
        self.words = words
        longest_first = sorted(words, key=len, reverse=True)
        texts = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first)
        self.pattern = re.compile(texts or r"(?!)")

    def without(self, piece: Piece) -> str:
        line = piece.text.rstrip("…")
        if piece.drawn and any(line in word for word in self.words):
            return ""
        return self.pattern.sub(" ", piece.text)


@pytest.fixture
def own_words(house: House) -> OwnWords:
    """What the company itself wrote or configured: it is shown as it is written, in any language."""
    company = house.ours.company.pk
    with company_scope(company):
        flows = [configuration.proposal(company).workflow]
        flows += [flow for number in (1, 2) if (flow := configuration.version(company, number))]
        own: list[Any] = [g.name for g in groups.groups_of(company) if not g.is_role]
    for state in (state for flow in flows for state in flow.states.values()):
        own += [state.code, state.label, state.gadget_label, state.tooltip, state.tab, state.deadline]
    own += [house.draft, demo.ORDINE, demo.STUDIO, demo.ROSSI, demo.COMUNE, demo.EMAIL]
    own += [house.form()["nome"]]
    own += [[str(user), user.email] for user in User.objects.all()]
    own += [[token.name, token.prefix] for token in tokens_of(company)]
    words = {" ".join(word.split()) for word in words_of(own)}
    return OwnWords(frozenset(word for word in words if len(word) > 3))


def ask(house: House, method: str, path: str, **options: Any) -> Shown | None:
    """What a request shows; None for what is no page. Undone afterwards."""
    with transaction.atomic():
        response = getattr(house.client, method)(path, **options)
        transaction.set_rollback(True)
    # Messages of a page that was not shown are not for the next one.
    house.client.cookies.pop("messages", None)
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return None
    content = b"".join(response.streaming_content) if response.streaming else response.content
    page = content.decode()
    lang = re.search(r"<html lang=\"([^\"]*)\"", page)
    return Shown(f"{method.upper()} {path}", lang[1] if lang else None, read(_TOKEN.sub("", page)))


# Else no two answers would be alike, though many are: what is refused, what is not found, where a form leads back to.
_TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]*|(?<="X-CSRFToken": ")[^"]*')
read = functools.lru_cache(maxsize=4096)(pieces)


def visit(house: House, user: User, room: str, language: str) -> Iterator[Shown]:
    """Every page of a room, once looked at and twice with its form sent, empty and full."""
    choose_language(user.pk, language, now=house.ours.now)
    company = {"azienda": str(house.ours.company.pk)}
    house.client.cookies.clear()
    # Within the last minutes, as the pages of the password and of the second factor want it.
    house.client.post("/accesso/login/", {"login": user.email, "password": demo.PASSWORD})
    for path in sorted({each.path for each in addresses(house, mixed=False) if room_of(each.route) == room}):
        if path == "/accesso/logout/":
            continue  # ends the session that the others need; read in tests/web
        for method, options in (
            ("get", {}),
            ("post", {"data": company, "follow": True}),
            ("post", {"data": house.form() | company | {"lingua": language}, "follow": True}),
        ):
            if shown := ask(house, method, path, **options):
                yield shown


def room_of(route: str) -> str:
    """Whose page an address is; "" for the doors of programs."""
    module = VIEWS[route]
    if route.startswith(("api/", "sdi/")):
        return ""
    return module.split(".")[1] if module.startswith("fattorino.") else "web"


VIEWS = {route: pattern.callback.__module__ for route, pattern in walk(get_resolver().url_patterns)}


@pytest.mark.parametrize("room", ROOMS)
def test_every_page_is_wholly_in_the_language_of_its_reader(
    house: House, own_words: OwnWords, room: str
) -> None:
    # Who administers sees the most; who may only read is told why she may not.
    people = (house.owner, house.reader)
    italian = [page for user in people for page in visit(house, user, room, "it")]
    english = [page for user in people for page in visit(house, user, room, "en")]
    assert len(italian) > 20
    faults = [f"{page.asked}: lang={page.lang}" for page in italian if page.lang not in ("it", None)]
    faults += [f"{page.asked}: lang={page.lang}" for page in english if page.lang not in ("en", None)]
    said_in_italian = {piece.text for page in italian for piece in page.texts}
    faults += list(left_in_italian(english, said_in_italian, own_words))
    assert not faults, "\n".join(dict.fromkeys(faults))


def left_in_italian(pages: list[Shown], italian: set[str], own: OwnWords) -> Iterator[str]:
    """What English pages say in Italian: each text once, with the page where it was met first."""
    met: set[str] = set()
    for page in pages:
        for piece in page.texts:
            if piece.text in met or piece.language == "it" or MARK.lower() in piece.text.lower():
                continue
            met.add(piece.text)
            rest = ALIKE.sub(" ", SAME.sub(" ", own.without(piece)))
            alike = piece.text in italian and len(re.findall(r"[^\W\d_]", rest)) >= 4
            if alike or SMALL_WORDS.search(rest):
                yield f"{page.asked}: {piece.text!r}"


DOOR = ("/accesso/login/", "/accesso/password/reset/", "/accesso/signup/", "/accesso/inactive/",
        "/accesso/password/reset/done/", "/accesso/password/reset/key/x-y/", "/accesso/password/reset/key/done/",
        "/non/esiste/")  # fmt: skip


@pytest.mark.parametrize("mail", [True, False])
def test_pages_of_nobody_are_in_the_language_that_this_browser_was_read_in(
    db: None, settings: Any, mail: bool
) -> None:
    settings.MAIL = mail
    said: dict[str, list[Shown]] = {"it": [], "en": []}
    for language, pages in said.items():
        client = Client(enforce_csrf_checks=True)
        client.cookies["language"] = language
        answers = [(path, client.get(path)) for path in DOOR]
        answers.append(("a form of another session", client.post("/accesso/login/", {})))
        for path, answer in answers:
            page = answer.content.decode()
            assert f'<html lang="{language}"' in page, path
            pages.append(Shown(path, language, pieces(page)))
    texts = {piece.text for page in said["it"] for piece in page.texts}
    faults = list(left_in_italian(said["en"], texts, OwnWords()))
    assert not faults, "\n".join(faults)


def walk_the_second_factor(user: User) -> Iterator[Shown]:
    """The pages of the second factor from taking it up to giving it away, and of somebody without a company."""
    client = Client()

    def page(method: str, path: str, **data: str) -> str:
        answer = getattr(client, method)(f"/accesso/{path}", data, follow=True).content.decode()
        assert f'<html lang="{user.language}"' in answer, path
        pages.append(Shown(f"{method.upper()} {path}", user.language, pieces(answer)))
        return answer

    pages: list[Shown] = []
    page("post", "login/", login=user.email, password=demo.PASSWORD)
    page("get", "2fa/totp/activate/")
    page("post", "reauthenticate/", password="sbagliata")
    secret = re.search(
        r'ft-secret">([A-Z2-7]+)<',
        page("post", "reauthenticate/", password=demo.PASSWORD, next="/accesso/2fa/totp/activate/"),
    )
    assert secret
    page("post", "2fa/totp/activate/", code="000000")
    code = format_hotp_value(hotp_value(secret[1], next(yield_hotp_counters_from_time())))
    codes = re.findall(r"<code>([^<]+)</code>", page("post", "2fa/totp/activate/", code=code))
    assert codes
    for path in ("2fa/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/totp/deactivate/"):
        page("get", path)
    page("post", "logout/")
    page("post", "login/", login=user.email, password=demo.PASSWORD)
    page("post", "2fa/authenticate/", code="000000")
    page("post", "2fa/authenticate/", code=codes[0])
    page("get", "2fa/totp/deactivate/")
    page("post", "2fa/reauthenticate/", code=codes[1], next="/accesso/2fa/totp/deactivate/")
    page("post", "2fa/totp/deactivate/")
    page("get", "logout/")
    yield from pages


def test_the_second_factor_and_the_page_of_who_has_no_company_are_in_both_languages(db: None) -> None:
    said = {}
    for language in ("it", "en"):
        user = save_user(f"{language}@ordine.example", demo.PASSWORD, "Ada Neri", {}, now=NOW)
        choose_language(user.pk, language, now=NOW)
        user.refresh_from_db()
        said[language] = list(walk_the_second_factor(user))
    texts = {piece.text for page in said["it"] for piece in page.texts}
    own = OwnWords(frozenset({"Ada Neri", "it@ordine.example", "en@ordine.example"}))
    faults = list(left_in_italian(said["en"], texts, own))
    assert not faults, "\n".join(faults)
    assert any("No company yet" in piece.text for page in said["en"] for piece in page.texts)


@pytest.mark.parametrize(
    ("html", "faults"),
    [
        ("<p>Salva il documento</p>", 1),
        ("<p>Scarica</p>", 1),  # one word, found because the Italian page says the same
        ("<button aria-label='Scarica'>Download</button>", 1),
        ("<input type='submit' value='Scarica'>", 1),
        ("<p data-told='Il server non risponde'></p>", 1),
        ("<p>Sposta «Da processare» prima di «Da integrare»</p>", 1),
        ("<p>Da processare</p>", 0),
        ("<svg><text>Da proces…</text></svg>", 0),
        ("<p>Da proces…</p>", 1),
        ("<article lang='it'><p>Scarica <b>il file</b></p></article><p>Download</p>", 0),
        ("<p lang='it'>Scarica<br>il file</p>Scarica", 1),
        ("<p>PDF, CSV, 12/2026, HUB_ERRORE</p>", 0),
        ("<script>const a = 'Scarica il file'</script>", 0),
    ],
)
def test_the_reader_of_pages_finds_italian_where_it_is_and_only_there(html: str, faults: int) -> None:
    italian = {"Scarica", "PDF, CSV, 12/2026, HUB_ERRORE"}
    page = Shown("GET /", "en", pieces(f"<html lang='en'><body>{html}</body></html>"))
    own = OwnWords(frozenset({"Da processare", "Da integrare"}))
    assert len(list(left_in_italian([page], italian, own))) == faults
