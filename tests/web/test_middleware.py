from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from fattorino.core.errors import ChannelError, ConflictError, InputError, RefusedError, SetupError
from fattorino.organisations.models import User
from fattorino.web.middleware import POLICY, ContentSecurityMiddleware, answer, policy
from tests.desk import Desk


def ask(method: str = "get", **headers: str) -> HttpRequest:
    request = getattr(RequestFactory(headers=headers), method)("/entrate/")
    request.session = SessionStore()
    request._messages = FallbackStorage(request)
    return request  # type: ignore[no-any-return]


def test_the_policy_admits_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in POLICY and "http" not in POLICY
    for directive in (
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "frame-ancestors 'none'",
    ):
        assert directive in POLICY


def test_the_policy_admits_the_live_channel_of_this_very_host_and_no_other(settings: Any) -> None:
    settings.LIVE_PORT, settings.LIVE_URL = 8123, ""
    assert "connect-src 'self' http://testserver:8123;" in policy(ask())
    settings.LIVE_URL = "https://fatture.example/vivo/"
    assert "connect-src 'self' https://fatture.example;" in policy(ask())
    settings.LIVE_PORT, settings.LIVE_URL = 0, ""
    assert policy(ask()) == POLICY
    assert policy(ask(Host="evil.example")) == POLICY


def test_every_answer_carries_the_policy_but_a_views_own_stays() -> None:
    plain = ContentSecurityMiddleware(lambda request: HttpResponse())(ask())
    assert plain.headers["Content-Security-Policy"] == policy(ask())
    own = ContentSecurityMiddleware(
        lambda request: HttpResponse(headers={"Content-Security-Policy": "sandbox"})
    )
    assert own(ask()).headers["Content-Security-Policy"] == "sandbox"


def test_pages_with_data_are_not_kept_by_caches(desk: Desk) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    assert "no-store" in browser.get("/entrate/")["Cache-Control"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusedError("No."), 409),
        (ConflictError("Tardi."), 409),
        (InputError("Rotto."), 422),
        (ChannelError("Muto.", uncertain=True), 503),
        (SetupError("Manca."), 503),
    ],
)
def test_htmx_is_told_by_a_notice(error: Exception, status: int) -> None:
    response = answer(ask(**{"HX-Request": "true"}), error)  # type: ignore[arg-type]
    assert response.status_code == status
    assert json.loads(response.headers["HX-Trigger"])["notice"]["message"] == str(error)


def test_the_notice_survives_a_header_whatever_it_says() -> None:
    response = answer(ask(**{"HX-Request": "true"}), RefusedError("È così:\r\n«già inviato»"))
    assert response.headers["HX-Trigger"].isascii()


def test_after_a_button_one_is_back_on_the_page_with_the_reason() -> None:
    request = ask("post", Referer="http://testserver/entrate/7/")
    response = answer(request, RefusedError("Già inviato.", "Attendere."))
    assert (response.status_code, response.headers["Location"]) == (302, "http://testserver/entrate/7/")
    assert [str(m) for m in get_messages(request)] == ["Già inviato. Attendere."]


def test_nobody_is_sent_to_a_foreign_address() -> None:
    response = answer(ask("post", Referer="http://male.example/"), RefusedError("No."))
    assert response.status_code == 409


def test_what_is_no_error_of_ours_is_left_alone() -> None:
    middleware = ContentSecurityMiddleware(lambda request: HttpResponse())
    assert middleware.process_exception(ask(), ValueError("x")) is None


def test_a_body_that_would_fill_the_disk_is_refused_unread() -> None:
    request = ask("post")
    request.META["CONTENT_LENGTH"] = str(65 * 1024 * 1024)
    response = ContentSecurityMiddleware(lambda request: pytest.fail("was read"))(request)
    assert response.status_code == 413
