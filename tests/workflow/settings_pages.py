"""What the tests of the settings pages share: an administrator at her browser, and forms as a page sends them."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration
from fattorino.workflow.forms.state import StateForm
from tests.desk import Desk

STATES = "/impostazioni/stati/"
GROUPS = "/impostazioni/gruppi/"


def admin_of(desk: Desk, email: str = "capo@ordine.example", name: str = "Piera Capo") -> Actor:
    user = save_user(email, None, name, {desk.company.pk: "admin"}, now=desk.now)
    return Actor("utente", name, desk.company.pk, user.pk, "admin")


def browser_of(actor: Actor, *, staff: bool = False) -> Client:
    user = User.objects.get(pk=actor.user_id)
    if staff:
        User.objects.filter(pk=user.pk).update(is_staff=True)
    browser = Client()
    browser.force_login(user)
    return browser


def state_form(company_id: int, code: str, **changes: str) -> dict[str, str]:
    """The form of a state as its page sends it; "__" in a name stands for "-", "" takes a tick away."""
    form = StateForm.of(configuration.proposal(company_id).workflow, code)
    values = form.values | {name.replace("__", "-"): value for name, value in changes.items()}
    return {"azienda": str(company_id)} | {name: value for name, value in values.items() if value}


def draft_version(company_id: int) -> int:
    return configuration.proposal(company_id).version


def text_of(response: Any) -> str:
    """What a person reads: without tags, blanks drawn together."""
    content = response.content.decode()
    content = re.sub(r"<(script|style|svg).*?</\1>", " ", content, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content))
