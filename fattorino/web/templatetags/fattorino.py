"""What the templates need to write Italian: amounts, dates, icons, fields with their label and message."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from fattorino.organisations import languages

register = template.Library()

_ROME = ZoneInfo("Europe/Rome")
_MONTHS = (
    gettext_noop("gen"),
    gettext_noop("feb"),
    gettext_noop("mar"),
    gettext_noop("apr"),
    gettext_noop("mag"),
    gettext_noop("giu"),
    gettext_noop("lug"),
    gettext_noop("ago"),
    gettext_noop("set"),
    gettext_noop("ott"),
    gettext_noop("nov"),
    gettext_noop("dic"),
)


@register.simple_tag
def icon(name: str, colour: str = "", size: str = "sm") -> SafeString:
    """An icon of the sprite, hidden from screen readers: the words stand beside it."""
    classes = " ".join(part for part in ("icon", f"icon-{size}", f"icon-{colour}" if colour else "") if part)
    address = static("vendor/bootstrap-italia/svg/sprites.svg")
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        address,
        name,
    )


@register.simple_tag
def mail_works() -> bool:
    """Whether messages can be sent; also for templates that get no request."""
    return bool(settings.MAIL)


@register.filter
def plain(value: object) -> str:
    """For attributes and addresses: a number without the thousands separator that pages give to people."""
    return "" if value is None else str(value)


@register.filter
def said(text: object) -> str:
    """A sentence of the floors below (core.texts) in the reader's language; anything else as it is."""
    return "" if text is None else languages.said(str(text) if not isinstance(text, str) else text)


@register.filter
def recorded(text: object, most: int | None = None) -> SafeString:
    """What history and outcomes hold, in the reader's language or marked as Italian; at most `most` characters."""
    words, is_italian = languages.recorded(
        "" if text is None else text if isinstance(text, str) else str(text)
    )
    shown = words if most is None else Truncator(words).chars(most)
    return format_html('<span lang="it">{}</span>', shown) if is_italian else format_html("{}", shown)


@register.filter
def euro(value: Decimal | int | str | None) -> str:
    """1234.5 -> "1.234,50 €"; nothing for None."""
    return "" if value is None or value == "" else f"{italian_number(Decimal(value), 2, 2)} €"


@register.filter
def euro_cents(value: int | str | None) -> str:
    """Integer cents -> "1.234,50 €"."""
    return "" if value is None or value == "" else euro(Decimal(value).scaleb(-2))


@register.filter
def number(value: Decimal | str | None) -> str:
    """A number as Italians write it, without zeros at its end: Decimal("10.50") -> "10,5"."""
    return "" if value is None or value == "" else italian_number(Decimal(value), 0, 8)


def italian_number(value: Decimal, least: int, most: int) -> str:
    """Thousands by dots, decimals by a comma, between `least` and `most` decimals (more are not rounded away
    silently: a value with more digits than `most` keeps `most`, half up)."""
    from decimal import ROUND_HALF_UP

    if not value.is_finite():
        return str(value)
    places = min(most, max(least, -int(value.normalize().as_tuple().exponent)))
    text = f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):,.{places}f}"
    return text.translate(str.maketrans(",.", ".,"))


@register.filter
def day(value: datetime.date | None) -> str:
    """31/12/2026; of an instant, the Italian day."""
    if isinstance(value, datetime.datetime):
        value = value.astimezone(_ROME).date()
    return value.strftime("%d/%m/%Y") if value else ""


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """31/12/2026 14:05 in Italian time."""
    return value.astimezone(_ROME).strftime("%d/%m/%Y %H:%M") if value else ""


@register.filter
def short_moment(value: datetime.datetime | None) -> str:
    """31 dic 14:05 in Italian time."""
    if not value:
        return ""
    local = value.astimezone(_ROME)
    return f"{local.day} {_(_MONTHS[local.month - 1])} {local:%H:%M}"


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """mapping[key], or nothing: templates have no such lookup of their own."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.filter
def control(field: BoundField) -> SafeString:
    """A Django form field with the classes of the design system and its message announced with it."""
    attrs: dict[str, str | bool] = {"class": "form-check-input" if _is_check(field) else "form-control"}
    described = [f"{field.auto_id}-help"] if field.help_text else []
    if field.errors:
        attrs |= {"class": f"{attrs['class']} is-invalid", "aria-invalid": "true"}
        described.append(f"{field.auto_id}-error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.filter
def is_check(field: BoundField) -> bool:
    return _is_check(field)


def _is_check(field: BoundField) -> bool:
    return getattr(field.field.widget, "input_type", "") in ("checkbox", "radio")


@register.inclusion_tag("parts/field.html")
def field(
    form: Any,
    name: str,
    label: str,
    kind: str = "text",
    *,
    row: Any = "",
    choices: Any = (),
    width: str = "",
    css: str = "",
    help: str = "",
    default: str = "",
    required: bool = False,
    placeholder: str = "",
    maxlength: int | None = None,
) -> dict[str, Any]:
    """A field of a form that keeps `values`, `errors` and `warnings` by name (documents.forms.DocumentForm).

    Args:
        kind: text, number, date, select, textarea or check.
        row: what stands before the name in a repeated row ("linee-3").
        width: a class of the twelve-column grid ("ft-4"); css: more classes of the box.
    """
    full = f"{row}-{name}" if row else name
    value = form.values.get(full, default)
    offered = list(choices)
    if kind == "select" and value and value not in {code for code, _ in offered}:
        offered.append((value, _("%(value)s (non in elenco)") % {"value": value.replace("|", " ")}))
    return {
        "name": full,
        "label": label,
        "kind": kind,
        "value": value,
        "choices": offered,
        "box": " ".join(filter(None, (width, css))),
        "help": help,
        "required": required,
        "placeholder": placeholder,
        "maxlength": maxlength,
        "error": languages.said(form.errors.get(full, "")),
        "warning": languages.said(form.warnings.get(full, "")),
    }


@register.inclusion_tag("parts/section_error.html")
def section_error(form: Any, name: str) -> dict[str, Any]:
    """Where a message about a whole group of rows appears ("linee", "ritenute")."""
    return {
        "name": name,
        "error": languages.said(form.errors.get(name, "")),
        "warning": languages.said(form.warnings.get(name, "")),
    }


@register.inclusion_tag("parts/state.html")
def state(view: Any, fallback: str = "") -> dict[str, Any]:
    """Label and colour of a state. The colour is a presentation attribute: a style attribute is forbidden."""
    return {"state": view, "fallback": fallback}


@register.filter
def size(count: int) -> str:
    """Bytes for people: 12,3 kB."""
    if count < 1000:
        return ngettext("%(count)s byte", "%(count)s byte", count) % {"count": count}
    unit, scale = ("kB", 1000) if count < 1_000_000 else ("MB", 1_000_000)
    return f"{italian_number(Decimal(count) / scale, 0, 1)} {unit}"


_REST_OF_LINE = ("data_inizio_periodo", "data_fine_periodo", "codice_tipo", "codice_valore",
                 "tipo_cessione_prestazione", "riferimento_amministrazione")  # fmt: skip


@register.filter
def has_more(form: Any, row: Any) -> bool:
    """Whether something stands, or is wrong, in the folded part of a line: then it opens unfolded."""
    names = [f"{row}-{name}" for name in _REST_OF_LINE]
    return any(form.values.get(name) or form.errors.get(name) for name in names)


@register.filter
def row_value(form: Any, row: Any) -> dict[str, str]:
    """The texts of one row by field name."""
    start = f"{row}-"
    return {name.removeprefix(start): value for name, value in form.values.items() if name.startswith(start)}


@register.filter
def row_amount(amounts: dict[str, str], row: Any) -> str:
    """What a line comes to, already written."""
    return amounts.get(str(row), "") if amounts else ""


@register.filter
def cents(value: int | None) -> str:
    """Integer cents of any currency -> "1.234,50"."""
    return "" if value is None else italian_number(Decimal(value).scaleb(-2), 2, 2)
