"""Where the pages find the live channel, and from which pages it lets itself be read."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

_PORTS = {"http": 80, "https": 443}


def live_address(request: HttpRequest) -> str:
    """The channel's address for the page of this request; empty where there is none and pages ask by themselves."""
    if settings.LIVE_URL:
        return str(settings.LIVE_URL).rstrip("/")
    # A page that came by HTTPS may load nothing by HTTP: a proxy must offer the channel, at FATTORINO_LIVE_URL.
    if not settings.LIVE_PORT or request.is_secure():
        return ""
    try:
        host = split_domain_port(request.get_host())[0]
    except DisallowedHost:
        return ""
    return f"http://{host}:{settings.LIVE_PORT}"


def live_origin(request: HttpRequest) -> str:
    """What the content security policy must allow; empty where it is the page's own origin, or nothing."""
    parts = urlsplit(live_address(request))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def host_allowed(host: str) -> bool:
    """Whether the channel was called by a name of ours."""
    name = split_domain_port(host)[0]
    return bool(name) and validate_host(name, settings.ALLOWED_HOSTS)


def origin_allowed(origin: str, host: str) -> bool:
    """Whether a page of this origin may read the channel at this host: only the product's own pages may."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return False
    if not parts.netloc:
        return False
    return parts.netloc == host or (
        split_domain_port(parts.netloc)[0] == split_domain_port(host)[0] and port == settings.PORT
    )
