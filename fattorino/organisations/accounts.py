"""Sign-in rules: nobody signs up by herself; an administrator makes the users."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from fattorino import clock
from fattorino.organisations import flows, languages


def client_address(request: HttpRequest) -> str:
    """Who is at the other end, seen past our own proxies (FATTORINO_PROXIES).

    What stands before their part of X-Forwarded-For anybody may have written. A header with fewer addresses than there
    are proxies came past none of them: then only the connection is believed.
    """
    connection = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    addresses = request.headers.get("X-Forwarded-For", "").split(",")
    if not 0 < proxies <= len(addresses):
        return connection
    try:
        return str(ipaddress.ip_address(addresses[-proxies].strip()))
    except ValueError:
        return connection


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Whoever chose a language on the way in, at this very door, has chosen it for herself."""
        super().login(request, user)
        chosen, at = request.session.pop(languages.CHOSEN, ("", 0))
        now = clock.now()
        if chosen and now.timestamp() - at <= languages.AT_THE_DOOR:
            flows.choose_language(user.pk, chosen, now=now)
            user.language = chosen

    def add_message(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        """In the language of the page that shows it: signing in may have changed it within the request."""
        with translation.override(languages.of(request)):
            super().add_message(request, *args, **options)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of whom it is for; a stranger's in that of the page where somebody typed her address."""
        reader = context.get("user")
        with translation.override(reader.language if reader else translation.get_language()):
            super().send_mail(template_prefix, email, context)
