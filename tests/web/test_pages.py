from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from fattorino.config import demo
from fattorino.documents import importing
from fattorino.organisations.models import User
from fattorino.web import views
from fattorino.web.middleware import LARGEST_BODY
from tests.desk import Desk


@pytest.fixture
def client(desk: Desk) -> Client:
    return Client()


def sign_in(client: Client, desk: Desk, password: str = demo.PASSWORD):  # type: ignore[no-untyped-def]
    email = User.objects.get(pk=desk.actor.user_id).email
    return client.post("/accesso/login/", {"login": email, "password": password}, follow=True)


def test_one_signs_in_by_email_and_lands_on_the_dashboard(client: Client, desk: Desk) -> None:
    page = sign_in(client, desk).content.decode()
    assert "<h1>Fatture attive" in page and "Laura Conti" in page


def test_a_wrong_password_is_told_in_italian(client: Client, desk: Desk) -> None:
    page = sign_in(client, desk, "sbagliata").content.decode()
    assert "ft-alert-error" in page and "Accesso</h1>" in page
    assert "not correct" not in page


def test_nobody_signs_up_by_herself(client: Client) -> None:
    page = client.get("/accesso/signup/").content.decode()
    assert "Non ci si registra da soli" in page


def test_the_second_factor_is_set_up_asked_for_and_taken_away(client: Client, desk: Desk) -> None:
    sign_in(client, desk)
    page = client.get("/accesso/2fa/").content.decode()
    assert "Accesso in due passaggi" in page and "Non è attiva" in page
    assert (
        "Confermare la propria identità"
        in client.get("/accesso/2fa/totp/activate/", follow=True).content.decode()
    )
    again = {"password": demo.PASSWORD, "next": "/accesso/2fa/totp/activate/"}
    page = client.post("/accesso/reauthenticate/", again, follow=True).content.decode()
    secret = re.search(r'ft-secret">([A-Z2-7]+)<', page)
    assert secret and "Codice QR" in page
    page = client.post(
        "/accesso/2fa/totp/activate/", {"code": _code(secret[1])}, follow=True
    ).content.decode()
    assert "Codici di recupero" in page
    codes = re.findall(r"<code>([^<]+)</code>", page)
    assert len(codes) == 10

    client = Client()
    page = sign_in(client, desk).content.decode()
    assert "Secondo passaggio" in page
    page = client.post("/accesso/2fa/authenticate/", {"code": codes[0]}, follow=True).content.decode()
    assert "<h1>Fatture attive" in page
    page = client.get("/accesso/2fa/").content.decode()
    assert "È attiva" in page and "Ne restano 9" in page
    for address, words in [
        ("recovery-codes/", "Ne restano 9 su 10"),
        ("recovery-codes/generate/", "smetteranno di valere"),
        ("totp/deactivate/", "Disattivare l'app"),
    ]:
        page = client.get(f"/accesso/2fa/{address}", follow=True).content.decode()
        assert words in page or "Confermare la propria identità" in page, address


def _code(secret: str) -> str:
    counter = next(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counter))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("password/reset/", "Password dimenticata"),
        ("password/reset/done/", "Controllare la posta"),
        ("password/reset/key/x-y/", "non vale più"),
        ("password/reset/key/done/", "Password cambiata"),
        ("inactive/", "Utente disattivato"),
    ],
)
def test_the_pages_before_sign_in_speak_italian(
    client: Client, settings: Any, address: str, words: str
) -> None:
    settings.MAIL = True
    assert words in client.get(f"/accesso/{address}").content.decode()


def test_a_forgotten_password_is_set_anew_by_a_link_in_the_mail(
    client: Client, desk: Desk, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.MAIL = True
    assert 'href="/accesso/password/reset/"' in client.get("/accesso/login/").content.decode()
    email = User.objects.get(pk=desk.actor.user_id).email
    page = client.post("/accesso/password/reset/", {"email": email}, follow=True).content.decode()
    assert "Controllare la posta" in page
    link = re.search(r"http://testserver(/accesso/password/reset/key/\S+)", mailoutbox[0].body)
    assert link and mailoutbox[0].to == [email]
    assert "Nuova password" in client.get(link[1], follow=True).content.decode()


def test_without_mail_nobody_is_sent_a_link_and_the_pages_say_whom_to_ask(
    client: Client, desk: Desk, mailoutbox: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    page = client.get("/accesso/login/").content.decode()
    assert "/accesso/password/reset/" not in page and "Chiedere a chi amministra Fattorino" in page
    email = User.objects.get(pk=desk.actor.user_id).email
    for answer in (
        client.get("/accesso/password/reset/"),
        client.post("/accesso/password/reset/", {"email": email}),
    ):
        assert "chiedere a chi lo amministra" in answer.content.decode()
    assert mailoutbox == []
    assert "password/reset/key" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("password/change/", "Cambia password"),
        ("logout/", "Vuoi uscire"),
        ("reauthenticate/", "Confermare la propria identità"),
    ],
)
def test_the_pages_of_the_user_speak_italian(client: Client, desk: Desk, address: str, words: str) -> None:
    sign_in(client, desk)
    assert words in client.get(f"/accesso/{address}").content.decode()


def test_nobody_changes_her_own_address(client: Client, desk: Desk) -> None:
    """The library has a page for it, which no page of ours names: the address is what one enters with."""
    sign_in(client, desk)
    assert client.get("/accesso/email/").headers["Location"] == "/"
    assert (
        client.post("/accesso/email/", {"email": "altra@ordine.example", "action_add": ""}).status_code == 302
    )
    assert not EmailAddress.objects.filter(email="altra@ordine.example").exists()


def test_an_unknown_address_is_a_page_of_ours(client: Client) -> None:
    answer = client.get("/non/esiste/")
    assert answer.status_code == 404
    assert "Pagina non trovata" in answer.content.decode()


def test_too_much_data_is_told_as_such() -> None:
    answer = views.bad_request(RequestFactory().post("/"), RequestDataTooBig("x"))
    assert answer.status_code == 413
    page = answer.content.decode()
    files = f"{settings.DATA_UPLOAD_MAX_NUMBER_FILES:,}".replace(",", ".")
    assert (
        f"{LARGEST_BODY // 2**20} MB e {files} file per volta, {importing.LIMIT // 2**20} MB per ogni file"
        in page
    )


def test_a_folder_full_of_files_comes_in_at_once_and_one_too_many_is_told(client: Client, desk: Desk) -> None:
    sign_in(client, desk)

    def send(number: int) -> int:
        files = [SimpleUploadedFile(f"{each}.xml", b"<a/>") for each in range(number)]
        return client.post("/entrate/importa/", {"files": files}).status_code

    assert send(120) == 302  # more than the framework would take
    assert send(settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1) == 413


@pytest.mark.parametrize(
    ("view", "status"),
    [(views.bad_request, 400), (views.permission_denied, 403), (views.page_not_found, 404)],
)
def test_error_pages_need_no_session(view, status: int) -> None:  # type: ignore[no-untyped-def]
    answer = view(RequestFactory().get("/"), ValueError("segreto"))
    assert answer.status_code == status
    assert "segreto" not in answer.content.decode()


def test_who_changes_the_password_too_often_is_told_so_and_what_to_do(client: Client, desk: Desk) -> None:
    sign_in(client, desk)
    wrong = {"oldpassword": "no", "password1": "a", "password2": "b"}
    answers = [client.post("/accesso/password/change/", wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    page = answers[-1].content.decode()
    assert "Troppi tentativi in poco tempo" in page and "Aspettare qualche minuto" in page


def test_the_page_of_a_breakdown_needs_nothing_at_all() -> None:
    answer = views.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "nessun documento è stato perso" in answer.content.decode()


def test_a_form_of_another_session_is_refused_in_italian(desk: Desk) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/accesso/login/", {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "La pagina è scaduta" in answer.content.decode()
