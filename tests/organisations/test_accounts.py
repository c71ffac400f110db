from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client, RequestFactory

from fattorino.organisations.accounts import client_address
from fattorino.organisations.models import User
from tests.desk import Desk


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "unknown", "127.0.0.1"),
        (1, " 2001:DB8::1 ", "2001:db8::1"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(
    settings: Any, proxies: int, forwarded: str, seen: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == seen


def test_one_visitor_behind_a_proxy_does_not_use_up_the_limit_of_the_others(
    desk: Desk, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    email = User.objects.get(pk=desk.actor.user_id).email

    def try_from(address: str) -> int:
        words = {"login": email, "password": "sbagliata"}
        return Client().post("/accesso/login/", words, headers={"X-Forwarded-For": address}).status_code

    assert [try_from("198.51.100.7") for _ in range(4)] == [200, 200, 200, 429]
    assert try_from("198.51.100.8") == 200


@pytest.mark.parametrize(
    ("environment", "proxies"),
    [({}, "0"), ({"FATTORINO_HTTPS": "1"}, "1"), ({"FATTORINO_HTTPS": "1", "FATTORINO_PROXIES": "2"}, "2")],
)
def test_behind_https_one_proxy_is_expected_unless_told(environment: dict[str, str], proxies: str) -> None:
    assert setting("ALLAUTH_TRUSTED_PROXY_COUNT", environment) == proxies


def test_mail_is_set_from_the_environment_and_never_printed() -> None:
    backend = "EMAIL_BACKEND.split('.')[-2]"
    assert setting(f"{backend}, settings.MAIL", {}) == "dummy False"
    server = {
        "FATTORINO_SMTP_HOST": "posta.example",
        "FATTORINO_SMTP_USER": "f",
        "FATTORINO_SMTP_PASSWORD": "p",
    }
    names = [
        "EMAIL_HOST",
        "EMAIL_PORT",
        "EMAIL_HOST_USER",
        "EMAIL_HOST_PASSWORD",
        "EMAIL_USE_TLS",
        "EMAIL_USE_SSL",
    ]
    wanted = ", settings.".join([backend, *names])
    assert setting(wanted, server) == "smtp posta.example 587 f p True False"
    implicit = server | {"FATTORINO_SMTP_TLS": "tls"}
    assert setting(wanted, implicit) == "smtp posta.example 465 f p False True"
    with pytest.raises(subprocess.CalledProcessError):
        setting("MAIL", {"FATTORINO_SMTP_TLS": "boh"})


def setting(name: str, environment: dict[str, str]) -> str:
    """A setting as a fresh process with this environment sees it."""
    code = f"from fattorino.config import settings; print(settings.{name})"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"FATTORINO_SECRET_KEY": "x" * 50, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()
