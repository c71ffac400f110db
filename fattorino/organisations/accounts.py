"""Sign-in rules: nobody signs up by herself; an administrator makes the users."""

from __future__ import annotations

import ipaddress

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


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
