"""*Altri programmi*: only for administrators; a secret is shown once and never again; every table exports."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from fattorino.config import demo
from fattorino.hub.flows import remote_files, webhooks
from fattorino.hub.models import Webhook, WebhookDelivery
from fattorino.organisations import scope, tokens
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import ApiToken
from fattorino.organisations.queries import Actor
from tests.desk import NOW, Desk

PAGE = "/impostazioni/programmi/"
URL = "https://gestionale.example.it/sveglia"


@pytest.fixture
def admin(desk: Desk) -> Actor:
    user = save_user("capo@ordine.example", demo.PASSWORD, "Rita Capo", {desk.company.pk: "admin"}, now=NOW)
    return Actor("utente", str(user), desk.company.pk, user.pk, "admin")


@pytest.fixture
def browser(desk: Desk, admin: Actor) -> Client:
    client = Client()
    assert client.login(email="capo@ordine.example", password=demo.PASSWORD)
    return client


def post(browser: Client, desk: Desk, path: str, **values: str) -> Any:
    answer = browser.post(f"{PAGE}{path}", {"azienda": str(desk.company.pk), **values})
    scope.show_only(desk.company.pk)
    return answer


def get(browser: Client, desk: Desk, path: str = "") -> str:
    answer = browser.get(f"{PAGE}{path}")
    scope.show_only(desk.company.pk)
    assert answer.status_code == 200
    return str(answer.content.decode("utf-8-sig"))


def test_whoever_does_not_administer_is_told_so(desk: Desk) -> None:
    client = Client()
    assert client.login(email="laura@ordine.example", password=demo.PASSWORD)
    for path in ("", "file/", "webhook/1/"):
        assert client.get(f"{PAGE}{path}").status_code == 403


def test_a_token_is_shown_once_opens_the_hub_and_is_revoked(browser: Client, desk: Desk) -> None:
    page = post(browser, desk, "token/", nome="Gestionale", ruolo="operator", giorni="30")
    assert page["Cache-Control"] == "no-store"
    (token,) = re.findall(r"fattorino_[a-z0-9]{12}_[\w-]{43}", page.content.decode())
    assert token not in get(browser, desk)
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/hub/v1/service", headers=headers).json()["may_write"] is True
    post(browser, desk, "token/revoca/", prefisso=token.split("_")[1])
    assert Client().get("/api/hub/v1/service", headers=headers).status_code == 401
    assert "Revocato" in get(browser, desk)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"nome": "", "ruolo": "operator", "giorni": "30"}, "nome"),
        ({"nome": "Gestionale", "ruolo": "re", "giorni": "30"}, "ruolo"),
        ({"nome": "Gestionale", "ruolo": "operator", "giorni": "domani"}, "giorni"),
        ({"nome": "Gestionale", "ruolo": "operator", "giorni": "99999"}, "giorni"),
    ],
)
def test_what_is_wrong_with_a_token_stands_beside_its_field(
    browser: Client, desk: Desk, values: dict[str, str], wrong: str
) -> None:
    page = post(browser, desk, "token/", **values)
    assert page.status_code == 422
    assert re.search(rf'id="err-{wrong}"[^>]*>[^<]+<', page.content.decode())
    assert not ApiToken.objects.exists()


def test_a_webhook_s_secret_is_shown_once_and_once_more_when_it_changes(browser: Client, desk: Desk) -> None:
    first = post(browser, desk, "webhook/", url=URL).content.decode()
    hook = Webhook.objects.get()
    secret = webhooks._decrypt(hook.secret)
    assert secret in first
    assert secret not in get(browser, desk) + get(browser, desk, f"webhook/{hook.pk}/")
    second = post(browser, desk, f"webhook/{hook.pk}/segreto/").content.decode()
    hook.refresh_from_db()
    assert webhooks._decrypt(hook.secret) in second and secret not in second


def test_a_wrong_address_stands_beside_its_field(browser: Client, desk: Desk) -> None:
    page = post(browser, desk, "webhook/", url="http://gestionale.example.it/")
    assert page.status_code == 422
    assert re.search(r'id="err-url"[^>]*>[^<]*https://', page.content.decode())


def test_a_webhook_is_tried_suspended_and_woken_from_its_page(browser: Client, desk: Desk) -> None:
    post(browser, desk, "webhook/", url=URL)
    hook = Webhook.objects.get()
    post(browser, desk, f"webhook/{hook.pk}/prova/")
    assert WebhookDelivery.objects.get().test
    post(browser, desk, f"webhook/{hook.pk}/attiva/", attivo="0")
    assert "Sospeso" in get(browser, desk, f"webhook/{hook.pk}/")
    post(browser, desk, f"webhook/{hook.pk}/attiva/", attivo="1")
    assert Webhook.objects.get().active
    post(browser, desk, f"webhook/{hook.pk}/elimina/")
    assert not Webhook.objects.exists()


def test_another_company_s_webhook_is_not_there(browser: Client, desk: Desk, other_desk: Desk) -> None:
    scope.show_only(other_desk.company.pk)
    actor = Actor("utente", "Giulia", other_desk.company.pk, other_desk.actor.user_id, "admin")
    number, _ = webhooks.add(actor, URL, now=NOW)
    scope.show_only(desk.company.pk)
    assert browser.get(f"{PAGE}webhook/{number}/").status_code == 404
    assert post(browser, desk, f"webhook/{number}/segreto/").status_code == 404
    assert URL not in get(browser, desk)


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("?cosa=token&file=csv", "Contabilità"),
        ("?cosa=webhook&file=csv", URL),
        ("file/?file=csv", "IT01111111117_0000A.xml"),
        ("file/", "IT01111111117_0000A.xml"),
        ("", "IT01111111117_0000A.xml"),
    ],
)
def test_every_table_is_there_and_exports(
    browser: Client, desk: Desk, admin: Actor, path: str, holds: str
) -> None:
    tokens.create_token(desk.company.pk, "Contabilità", "operator", now=NOW)
    webhooks.add(admin, URL, now=NOW)
    program = Actor("gestionale", "Contabilità", desk.company.pk, None, "operator")
    remote_files.push(program, "IT01111111117_0000A.xml", b"<a/>", now=NOW)
    assert holds in get(browser, desk, path)
    if path.endswith("csv"):
        answer = browser.get(f"{PAGE}{path.replace('csv', 'xlsx')}")
        assert (answer.status_code, answer.content[:2]) == (200, b"PK")


def test_without_anything_the_page_says_what_to_do(browser: Client, desk: Desk) -> None:
    page = get(browser, desk)
    assert "Nessun programma può ancora entrare" in page and "Nessun webhook." in page
    assert "Nessun file" in get(browser, desk, "file/")
