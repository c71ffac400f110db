from __future__ import annotations

import pytest

from fattorino.core.errors import RefusedError
from fattorino.organisations import groups
from fattorino.organisations.flows import revoke_user, save_user
from fattorino.organisations.models import AuditEntry, GroupMember
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from tests.desk import Desk


@pytest.fixture
def anna(desk: Desk) -> int:
    return save_user(
        "anna@esempio.it", "una-parola-lunga", "Anna Blu", {desk.company.pk: "reader"}, now=desk.now
    ).pk


def test_a_group_is_named_by_a_code_that_stays_when_its_name_changes(desk: Desk, anna: int) -> None:
    label = groups.save_group(desk.actor, "  Ufficio  contabilità ", [anna], now=desk.now)
    assert label == "group:ufficio-contabilita"
    assert groups.save_group(desk.actor, "Contabili", [], now=desk.now, label=label) == label
    (view,) = [g for g in groups.groups_of(desk.company.pk) if not g.is_role]
    assert (view.label, view.name, view.people) == (label, "Contabili", ())
    assert AuditEntry.objects.filter(what="gruppo modificato", company_id=desk.company.pk).exists()


def test_the_roles_are_groups_of_their_own(desk: Desk, anna: int) -> None:
    people = {g.label: [p.name for p in g.people] for g in groups.groups_of(desk.company.pk)}
    assert people == {"group:admin": [], "group:operator": ["Laura Conti"], "group:reader": ["Anna Blu"]}


def test_everybody_is_called_the_same_whether_asked_alone_or_together(desk: Desk, anna: int) -> None:
    company = desk.company.pk
    groups.save_group(desk.actor, "Presidenza", [anna], now=desk.now)
    away = save_user("via@esempio.it", "una-parola-lunga", "Via", {company: "reader"}, now=desk.now).pk
    groups.save_group(desk.actor, "Contabili", [anna, away], now=desk.now)
    revoke_user(company, "via@esempio.it", now=desk.now)
    assert groups.names_of_all(company) == {
        desk.actor.user_id: groups.names_of(desk.actor),
        anna: groups.names_of(Actor("utente", "Anna Blu", company, anna, "reader")),
    }
    assert groups.names_of_all(company)[anna] == {
        f"user:{anna}",
        "group:reader",
        "group:presidenza",
        "group:contabili",
    }
    assert groups.names_of_all(company, only_roles=True)[anna] == {f"user:{anna}", "group:reader"}


def test_a_person_is_called_by_herself_her_role_and_her_groups(desk: Desk, anna: int) -> None:
    groups.save_group(desk.actor, "Presidenza", [anna], now=desk.now)
    actor = Actor("utente", "Anna Blu", desk.company.pk, anna, "reader")
    assert groups.names_of(actor) == {f"user:{anna}", "group:reader", "group:presidenza"}
    assert groups.names_of(Actor("hub", "Digital Hub", desk.company.pk)) is None
    assert groups.names_of(Actor("gestionale", "ERP", desk.company.pk, None, "operator")) == {
        "group:operator"
    }


def test_whoever_leaves_the_company_is_in_none_of_its_groups(desk: Desk, anna: int) -> None:
    label = groups.save_group(desk.actor, "Presidenza", [anna], now=desk.now)
    revoke_user(desk.company.pk, "anna@esempio.it", now=desk.now)
    assert groups.members_of(desk.company.pk, label) == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "Operatori", "presidenza", "a\nb\x07"])
def test_a_name_that_is_missing_too_long_or_taken_is_refused(desk: Desk, name: str) -> None:
    groups.save_group(desk.actor, "Presidenza", [], now=desk.now)
    with pytest.raises(RefusedError):
        groups.save_group(desk.actor, name, [], now=desk.now)


def test_only_people_of_the_company_may_be_in_its_groups(desk: Desk, other_desk: Desk) -> None:
    with pytest.raises(RefusedError):
        groups.save_group(desk.actor, "Estranei", [other_desk.actor.user_id or 0], now=desk.now)
    assert not GroupMember.objects.exists()


def test_a_group_of_another_company_does_not_exist(desk: Desk, other_desk: Desk) -> None:
    label = groups.save_group(desk.actor, "Presidenza", [], now=desk.now)
    with company_scope(other_desk.company.pk):
        for change in (
            lambda: groups.save_group(other_desk.actor, "Mio", [], now=desk.now, label=label),
            lambda: groups.delete_group(other_desk.actor, label, now=desk.now),
        ):
            with pytest.raises(RefusedError):
                change()
    assert any(g.label == label for g in groups.groups_of(desk.company.pk))


def test_a_group_that_is_deleted_takes_its_members_with_it(desk: Desk, anna: int) -> None:
    label = groups.save_group(desk.actor, "Presidenza", [anna], now=desk.now)
    groups.delete_group(desk.actor, label, now=desk.now)
    assert not GroupMember.objects.exists()
    assert not any(g.label == label for g in groups.groups_of(desk.company.pk))
