"""Who may come in by our SFTP server."""

from __future__ import annotations

from pathlib import Path

from fattorino.hub.flows.channels import secrets_of
from fattorino.hub.models import Channel
from fattorino.hub.sftp_accounts import Account
from fattorino.organisations.scope import system_scope


def sftp_accounts(user: str) -> list[Account]:
    """The accounts of that name: each active SdIFtp node whose company told it to SdI."""
    with system_scope():
        rows = list(Channel.objects.filter(kind=Channel.Kind.SDIFTP, active=True, settings__sftp_user=user))
    return [
        Account(
            user,
            Path(row.settings["root"]),
            secrets_of(row).get("sftp_password", ""),
            row.settings.get("sftp_public_key", ""),
        )
        for row in rows
        if user and row.settings.get("root")
    ]
