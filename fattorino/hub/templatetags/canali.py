"""What the templates of the channels ask of a channel."""

from __future__ import annotations

from django import template

from fattorino.hub.forms.entries import Entry
from fattorino.hub.queries_channels import ChannelView

register = template.Library()


@register.filter
def has_entry(channel: ChannelView | None, entry: Entry) -> bool:
    """Whether the channel has this secret or certificate already."""
    if not channel:
        return False
    return (entry.key or entry.name) in channel.has or bool(channel.settings.get(entry.name))


@register.filter
def slug(kind: str) -> str:
    """The kind as addresses spell it."""
    return kind.replace("_", "-")
