from __future__ import annotations

import datetime
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from fattorino import clock
from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.organisations import idempotency, tokens
from fattorino.organisations.models import ApiToken, AuditEntry
from fattorino.organisations.scope import company_scope
from tests.desk import NOW, Desk


def test_a_token_is_its_company_and_role_and_only_a_digest_is_kept(desk: Desk) -> None:
    view, token = tokens.create_token(desk.company.pk, "Contabilità", "reader", now=NOW)
    bearer = tokens.authenticate(token, now=NOW)
    assert bearer is not None
    assert (bearer.actor.company_id, bearer.actor.kind, bearer.actor.role) == (
        desk.company.pk,
        "gestionale",
        "reader",
    )
    assert not bearer.actor.may_write
    secret = token.split("_", 2)[2]
    with connection.cursor() as cursor:
        cursor.execute("select t::text from organisations_apitoken t")
        assert secret not in str(cursor.fetchall())
    assert secret not in str([entry.detail for entry in AuditEntry.objects.all()])
    assert view.prefix in token


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
        lambda t: t.upper(),
        lambda t: t + "\n",
        lambda t: f" {t}",
        lambda t: t.replace("fattorino_", ""),
        lambda t: "",
    ],
)
def test_a_token_with_any_character_wrong_opens_nothing(desk: Desk, spoil) -> None:  # type: ignore[no-untyped-def]
    _, token = tokens.create_token(desk.company.pk, "Contabilità", "operator", now=NOW)
    assert tokens.authenticate(spoil(token), now=NOW) is None


def test_a_token_ends_on_its_day(desk: Desk) -> None:
    _, token = tokens.create_token(desk.company.pk, "Contabilità", "operator", days=1, now=NOW)
    day = datetime.timedelta(days=1)
    assert tokens.authenticate(token, now=NOW + day - datetime.timedelta(seconds=1)) is not None
    assert tokens.authenticate(token, now=NOW + day) is None


def test_another_company_neither_sees_nor_revokes_a_token(desk: Desk, other_desk: Desk) -> None:
    view, token = tokens.create_token(desk.company.pk, "Contabilità", "operator", now=NOW)
    assert tokens.tokens_of(other_desk.company.pk) == []
    with pytest.raises(RefusedError, match="Nessun token"):
        tokens.revoke_token(other_desk.company.pk, view.prefix, now=NOW)
    assert tokens.authenticate(token, now=NOW) is not None
    with company_scope(other_desk.company.pk):
        assert not ApiToken.objects.exists()


def test_authenticating_leaves_the_wall_as_it_was(desk: Desk) -> None:
    _, token = tokens.create_token(desk.company.pk, "Contabilità", "operator", now=NOW)
    with company_scope(desk.company.pk):
        tokens.authenticate(token, now=NOW)
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.companies', true)")
            assert cursor.fetchone() == (str(desk.company.pk),)


@pytest.mark.parametrize(
    ("name", "role", "days"),
    [("", "operator", 1), ("x", "capo", 1), ("x", "reader", 0), ("x", "reader", 9999)],
)
def test_a_token_without_name_known_role_or_sensible_validity_is_refused(
    desk: Desk, name: str, role: str, days: int
) -> None:
    with pytest.raises(RefusedError):
        tokens.create_token(desk.company.pk, name, role, days=days, now=NOW)


def test_a_key_belongs_to_its_company_alone(desk: Desk, other_desk: Desk) -> None:
    assert idempotency.claim(desk.company.pk, "1", "a" * 64, now=NOW) is None
    idempotency.settle(desk.company.pk, "1", 5)
    assert idempotency.claim(desk.company.pk, "1", "a" * 64, now=NOW) == 5
    with pytest.raises(ConflictError):
        idempotency.claim(desk.company.pk, "1", "b" * 64, now=NOW)
    with company_scope(other_desk.company.pk):
        assert idempotency.claim(other_desk.company.pk, "1", "b" * 64, now=NOW) is None


def test_the_command_makes_lists_and_revokes(desk: Desk) -> None:
    def run(*args: str) -> str:
        out = io.StringIO()
        call_command("token", *args, stdout=out, stderr=io.StringIO())
        return out.getvalue().strip()

    number = demo.ORDINE["id_codice"]
    token = run("crea", number, "Contabilità", "--ruolo", "reader", "--giorni", "30")
    assert tokens.authenticate(token, now=clock.now()) is not None
    prefix = token.split("_")[1]
    listed = run("elenca", number)
    assert prefix in listed and "valido" in listed and token not in listed
    assert "revocato" in run("revoca", number, prefix)
    assert tokens.authenticate(token, now=clock.now()) is None
    assert "revocato" in run("elenca", number)
    with pytest.raises(CommandError, match="Nessuna azienda"):
        run("elenca", "00000000000")
