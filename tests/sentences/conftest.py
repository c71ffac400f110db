"""Who the sentences speak of: the administrator who configures, the operator, the accounting program."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino import clock
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from tests.api.conftest import Program, program
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import admin_of, browser_of


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    """Administers the company, and the installation too."""
    return admin_of(desk)


@pytest.fixture
def staff(boss: Actor) -> Client:
    return browser_of(boss, staff=True)


@pytest.fixture
def client(desk: Desk) -> Client:
    """The operator's browser."""
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id or 0))
    return browser


@pytest.fixture
def gestionale(desk: Desk) -> Program:
    return program(desk)
