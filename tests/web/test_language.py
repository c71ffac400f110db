from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations import languages
from fattorino.organisations.flows import choose_language
from fattorino.organisations.models import AuditEntry, User
from fattorino.web import middleware
from tests.desk import NOW, Desk

LOGIN = "/accesso/login/"


@pytest.fixture
def laura(desk: Desk) -> User:
    return User.objects.get(pk=desk.actor.user_id)


def signed_in(user: User, client: Client | None = None) -> Client:
    client = client or Client()
    client.post(LOGIN, {"login": user.email, "password": demo.PASSWORD})
    return client


def choose(client: Client, language: str, page: str = "/entrate/", **options: Any):  # type: ignore[no-untyped-def]
    return client.post("/lingua/", {"lingua": language, "next": page}, **options)


def spoken(client: Client, page: str = "/entrate/") -> str:
    found = re.search(r'<html lang="(\w+)"', client.get(page, follow=True).content.decode())
    assert found
    return found[1]


def test_the_product_speaks_italian_whatever_the_browser_prefers(laura: User) -> None:
    english_browser = {"HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9"}
    assert spoken(Client(**english_browser), LOGIN) == "it"
    assert spoken(signed_in(laura, Client(**english_browser))) == "it"


def test_who_chooses_english_reads_it_on_the_page_she_was_on_and_wherever_she_signs_in(laura: User) -> None:
    client = signed_in(laura)
    answer = choose(client, "en", "/entrate/?q=rossi")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/entrate/?q=rossi")
    assert spoken(client) == "en"
    assert spoken(signed_in(laura)) == "en", "another browser"
    choose(client, "it")
    assert spoken(client) == "it"


def test_the_choice_is_written_down_once_with_who_made_it(laura: User) -> None:
    client = signed_in(laura)
    for _ in range(2):
        choose(client, "en")
    entry = AuditEntry.objects.get(what="lingua scelta")
    assert (entry.actor_id, entry.detail["language"]) == (laura.pk, "en")
    laura.refresh_from_db()
    assert laura.language == "en"


def test_after_signing_out_the_way_in_stays_in_her_language(laura: User) -> None:
    choose_language(laura.pk, "en", now=NOW)
    client = signed_in(laura)
    spoken(client)
    client.post("/accesso/logout/")
    assert spoken(client, LOGIN) == "en"


def test_a_choice_at_the_door_is_hers_once_she_has_come_in(laura: User) -> None:
    client = Client()
    assert spoken(client, LOGIN) == "it"
    choose(client, "en", LOGIN)
    assert spoken(client, LOGIN) == "en"
    page = client.post(LOGIN, {"login": laura.email, "password": demo.PASSWORD}, follow=True).content.decode()
    assert '<html lang="en"' in page
    assert languages.CHOSEN not in client.session
    laura.refresh_from_db()
    assert laura.language == "en"


def test_what_somebody_chose_long_ago_at_this_door_is_not_hers(laura: User) -> None:
    client = Client()
    choose(client, "en", LOGIN)
    session = client.session
    session[languages.CHOSEN] = ["en", session[languages.CHOSEN][1] - languages.AT_THE_DOOR - 1]
    session.save()
    client.post(LOGIN, {"login": laura.email, "password": demo.PASSWORD})
    laura.refresh_from_db()
    assert laura.language == "it"


def test_what_the_last_person_at_this_browser_read_does_not_change_the_next_one(
    laura: User, other_desk: Desk
) -> None:
    giulia = User.objects.get(pk=other_desk.actor.user_id)
    choose_language(giulia.pk, "en", now=NOW)
    client = signed_in(giulia)
    assert spoken(client) == "en"
    client.post("/accesso/logout/")
    signed_in(laura, client)
    assert spoken(client) == "it"
    laura.refresh_from_db()
    assert laura.language == "it"


def test_signing_in_is_told_in_the_language_of_the_page_that_tells_it(laura: User) -> None:
    choose_language(laura.pk, "en", now=NOW)
    client = Client()
    page = client.post(LOGIN, {"login": laura.email, "password": demo.PASSWORD}, follow=True).content.decode()
    assert "You are signed in." in page and "Accesso eseguito" not in page


@pytest.mark.parametrize("page", ["https://male.example/", "//male.example/", "", "javascript:alert(1)"])
def test_choosing_a_language_sends_nobody_elsewhere(laura: User, page: str) -> None:
    assert choose(signed_in(laura), "en", page).headers["Location"] == "/"


def test_a_language_that_there_is_not_changes_nothing(laura: User) -> None:
    client = signed_in(laura)
    assert choose(client, "fr").status_code == 409
    assert choose(client, "").status_code == 409
    client.cookies["language"] = "fr"
    assert spoken(client) == "it"
    with pytest.raises(RefusedError, match="Lingua sconosciuta: fr"):
        choose_language(laura.pk, "fr", now=NOW)


def test_the_choice_needs_the_form_of_the_page(laura: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(laura, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert choose(client, "en").status_code == 403
    assert client.get("/lingua/").status_code == 405
    laura.refresh_from_db()
    assert laura.language == "it"


def test_a_page_names_its_language_to_caches(laura: User) -> None:
    answer = Client().get(LOGIN)
    assert answer.headers["Content-Language"] == "it" and "Cookie" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("it", "Scegliere una nuova password", "Per sceglierla, aprire questo collegamento:"),
        ("en", "Choose a new password", "To choose it, open this link:"),
    ],
)
def test_the_mail_for_a_new_password_is_in_the_language_of_whom_it_is_for(
    laura: User, settings: Any, mailoutbox: list[Any], language: str, subject: str, words: str
) -> None:
    settings.MAIL = True
    choose_language(laura.pk, language, now=NOW)
    client = Client()
    client.cookies["language"] = "it" if language == "en" else "en"  # of whoever asked for it
    client.post("/accesso/password/reset/", {"email": laura.email})
    (mail,) = mailoutbox
    assert subject in mail.subject and words in mail.body
    link = re.search(r"http://testserver(/accesso/password/reset/key/\S+)", mail.body)
    assert link and client.get(link[1]).status_code in (200, 302)


@pytest.mark.parametrize(
    ("language", "words"), [("it", "nessun utente ha questo indirizzo"), ("en", "no user has this address")]
)
def test_a_stranger_is_told_by_mail_that_nobody_is_known_here_and_not_to_sign_up(
    db: None, settings: Any, mailoutbox: list[Any], language: str, words: str
) -> None:
    settings.MAIL = True
    client = Client()
    client.cookies["language"] = language
    client.post("/accesso/password/reset/", {"email": "nessuno@ordine.example"})
    (mail,) = mailoutbox
    assert words in mail.body and "signup" not in mail.body


def test_a_refusal_is_said_in_the_language_of_the_page() -> None:
    request = RequestFactory(headers={"HX-Request": "true"}).post("/")
    request.user = AnonymousUser()
    error = RefusedError(say("Gruppo non trovato."), say("Scegliere un altro nome."))
    with languages.translation.override("en"):
        told = middleware.answer(request, error).headers["HX-Trigger"]
    assert "Group not found. Choose another name." in told
    assert str(error) == "Gruppo non trovato. Scegliere un altro nome."


def test_a_breakdown_is_told_in_the_language_of_the_page(
    laura: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_language(laura.pk, "en", now=NOW)
    client = signed_in(laura)
    client.raise_request_exception = False

    def broken(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fattorino.organisations.flows.choose_language", broken)
    answer = choose(client, "it")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert '<html lang="en"' in page and "Something broke" in page


def test_too_much_data_is_told_in_the_language_of_the_browser() -> None:
    client = Client()
    client.cookies["language"] = "en"
    page = client.post("/entrate/", data=b"", content_type="text/plain", CONTENT_LENGTH=str(2**30))
    assert page.status_code == 413 and "Too much data was sent" in page.content.decode()
