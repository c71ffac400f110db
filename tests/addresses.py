"""Every address of the resolver, so that a test tries a new page as soon as it exists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver
from django.utils.regex_helper import normalize


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route below these patterns, written in full, with what answers there."""
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, route)
        else:
            yield route, each


def arguments(pattern: URLPattern) -> frozenset[str]:
    """The names of what is filled into the route."""
    return frozenset(pattern.pattern.converters) | frozenset(pattern.pattern.regex.groupindex)


def fill(route: str, values: Mapping[str, Any]) -> str:
    if "<" not in route.replace("(?P<", ""):
        # A regular expression: Django's own way to write an address for it.
        shape, names = normalize(route)[0]
        return shape % {name: values[name] for name in names}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)
