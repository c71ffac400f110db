"""The SFTP server as an administrator starts it: it knows the companies' nodes, and those of now."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from fattorino.hub.flows.channels import Kind
from fattorino.hub.models import Channel
from fattorino.hub.queries_sftp import sftp_accounts
from fattorino.hub.signing import secrets
from fattorino.organisations.scope import company_scope


def node(company_id: int, user: str, root: str, *, active: bool = True) -> Channel:
    kept = secrets.encrypt(
        json.dumps({"sftp_password": f"segreta di {company_id}"}).encode(), settings.SECRETS_KEYS
    )
    with company_scope(company_id):
        return Channel.objects.create(
            company_id=company_id, kind=Kind.SDIFTP, active=active, secrets=kept,
            settings={"sftp_user": user, "root": root, "sftp_public_key": "ssh-ed25519 AAAA"},
        )  # fmt: skip


def test_each_company_has_its_own_account_and_folders(desk, other_desk):
    node(desk.company.pk, "sdi", "/a")
    node(other_desk.company.pk, "sdi", "/b")
    found = {account.root: account for account in sftp_accounts("sdi")}
    assert {root: one.password for root, one in found.items()} == {
        Path("/a"): f"segreta di {desk.company.pk}",
        Path("/b"): f"segreta di {other_desk.company.pk}",
    }
    assert "segreta" not in repr(found)


def test_a_node_without_account_or_switched_off_lets_nobody_in(desk):
    node(desk.company.pk, "", "/a")
    node(desk.company.pk, "sdi", "/b", active=False)
    node(desk.company.pk, "sdi", "")
    assert sftp_accounts("") == [] and sftp_accounts("sdi") == []


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "fattorino.cli",
        "sftp",
        "--port",
        "0",
        "--host-key",
        str(tmp_path / "k" / "host.key"),
    ]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "LANG": "it_IT.UTF-8"}
    )
    yield started
    started.kill()
    started.wait()


def test_it_listens_says_its_fingerprint_and_ends_when_told(process):
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "in ascolto su 127.0.0.1:" in line and "SHA256:" in line
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
