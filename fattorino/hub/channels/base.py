"""The port between the Hub and a way to SdI. A channel knows neither models nor other channels."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Accepted:
    """SdI took the file: its identifier, and when it says it received it."""

    identificativo_sdi: str
    received_at: datetime.datetime


class ChannelPort(Protocol):
    """A way to SdI.

    `send` answers only what is certain. Whatever else happened is a ChannelError that says whether SdI may have
    taken the file (`uncertain`) and whether trying again unchanged is pointless (`permanent`).
    """

    def send(self, file_name: str, content: bytes) -> Accepted:
        """Hand one file to SdI.

        Raises:
            ChannelError: not taken (certain) or nobody knows (`uncertain`).
        """
        ...
