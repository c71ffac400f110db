"""What the settings pages draw again and again: a setting with its own words, a gadget."""

from __future__ import annotations

from typing import Any

from django import template

from fattorino.core.colours import is_colour
from fattorino.core.workflow.definition import TYPE_LABELS, StateType
from fattorino.core.workflow.settings import BY_NAME
from fattorino.organisations.languages import said

register = template.Library()


@register.inclusion_tag("workflow/settings/parts/setting.html")
def setting(
    form: Any,
    name: str,
    kind: str = "text",
    *,
    choices: Any = (),
    width: str = "",
    maxlength: int | None = None,
) -> dict[str, Any]:
    """A field for one setting of a state, with label and help of the settings table.

    Args:
        name: as in core.workflow.settings ("active.confirmed").
    """
    known = BY_NAME[name]
    return {
        "form": form,
        "name": name.replace(".", "-"),
        "label": said(known.label),
        "help": said(known.help),
        "kind": kind,
        "choices": choices,
        "width": width,
        "maxlength": maxlength,
    }


@register.simple_tag
def setting_label(name: str) -> str:
    return said(BY_NAME[name].label)


@register.simple_tag
def setting_help(name: str) -> str:
    return said(BY_NAME[name].help)


@register.inclusion_tag("workflow/settings/parts/gadget.html")
def gadget(look: Any, count: int = 12) -> dict[str, Any]:
    """A gadget as the dashboard shows it."""
    return {"look": look, "colour": look.colour if is_colour(look.colour) else "#5b7083", "count": count}


@register.filter
def type_name(kind: str) -> str:
    """The word for a type of state ("Iniziale")."""
    return said(TYPE_LABELS[StateType(kind)])
