"""Groups of a company's people: who is told of something, who may see what is reserved.

The three roles are groups too, without rows of their own: whoever is *Operatore* is in ``group:operator``.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass

from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations.flows import audit
from fattorino.organisations.models import Group, GroupMember, Membership, Role
from fattorino.organisations.queries import Actor

ROLE_NAMES = {
    f"group:{Role.ADMIN}": say("Amministratori"),
    f"group:{Role.OPERATOR}": say("Operatori"),
    f"group:{Role.READER}": say("Consultazione"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the company. `name` is how she signs, `label` how configurations name her ("user:7")."""

    id: int
    name: str
    email: str
    role: str

    @property
    def label(self) -> str:
        return f"user:{self.id}"

    @property
    def may_write(self) -> bool:
        return self.role in (Role.ADMIN, Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its people; `label` is how configurations name it ("group:contabili")."""

    label: str
    name: str
    people: tuple[Person, ...]
    is_role: bool


def people_of(company_id: int) -> list[Person]:
    """Everybody who belongs to the company and can sign in, by name."""
    rows = Membership.objects.filter(company_id=company_id, user__is_active=True).select_related("user")
    people = [Person(m.user_id, str(m.user), m.user.email, m.role) for m in rows]
    return sorted(people, key=lambda p: (p.name.casefold(), p.id))


def groups_of(company_id: int) -> list[GroupView]:
    """All groups of the company, its own by name and then the roles."""
    people = people_of(company_id)
    by_id = {p.id: p for p in people}
    members: dict[int, list[Person]] = {}
    for group_id, user_id in GroupMember.objects.filter(company_id=company_id).values_list(
        "group_id", "user_id"
    ):
        # Whoever left the company is in no group any more, whatever the rows say.
        if user_id in by_id:
            members.setdefault(group_id, []).append(by_id[user_id])
    own = [
        GroupView(f"group:{g.code}", g.name, tuple(p for p in people if p in members.get(g.pk, ())), False)
        for g in Group.objects.filter(company_id=company_id).order_by("name", "code")
    ]
    roles = [
        GroupView(label, name, tuple(p for p in people if f"group:{p.role}" == label), True)
        for label, name in ROLE_NAMES.items()
    ]
    return own + roles


def members_of(company_id: int, label: str) -> tuple[Person, ...]:
    """The people of one group; () where there is no such group."""
    return next((g.people for g in groups_of(company_id) if g.label == label), ())


def names_of(actor: Actor) -> frozenset[str] | None:
    """What a person is called in *Permessi*: herself, her role, her groups; None for the installation's programs."""
    if not actor.has_role:
        return None
    names = {f"group:{actor.role}"}
    if actor.user_id is not None:
        codes = GroupMember.objects.filter(company_id=actor.company_id, user_id=actor.user_id)
        names |= {
            f"user:{actor.user_id}",
            *(f"group:{c}" for c in codes.values_list("group__code", flat=True)),
        }
    return frozenset(names)


def names_of_all(company_id: int, *, only_roles: bool = False) -> dict[int, frozenset[str]]:
    """What `names_of` says, of everybody who belongs to the company and can sign in, by user.

    Args:
        only_roles: leave out the company's own groups, where nobody asks for them: a question less.
    """
    people = Membership.objects.filter(company_id=company_id, user__is_active=True)
    names = {
        user_id: {f"user:{user_id}", f"group:{role}"}
        for user_id, role in people.values_list("user_id", "role")
    }
    if not only_roles:
        own = GroupMember.objects.filter(company_id=company_id).values_list("user_id", "group__code")
        for user_id, code in own:
            # Whoever left the company is in no group any more, whatever the rows say.
            if user_id in names:
                names[user_id].add(f"group:{code}")
    return {user_id: frozenset(mine) for user_id, mine in names.items()}


@transaction.atomic
def save_group(
    actor: Actor, name: str, user_ids: list[int], *, now: datetime.datetime, label: str = ""
) -> str:
    """Make a group, or change name and people of the one called `label`. Returns the label.

    Raises:
        RefusedError: no name, a name that is taken, somebody who is not of the company, no such group.
    """
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise RefusedError(say("Il gruppo deve avere un nome di al massimo 80 caratteri."))
    code = label.removeprefix("group:") or _free_code(actor.company_id, name)
    taken = Group.objects.filter(company_id=actor.company_id, name__iexact=name).exclude(code=code)
    if taken.exists() or name.casefold() in {n.casefold() for n in ROLE_NAMES.values()}:
        raise RefusedError(
            say("C'è già un gruppo di nome «{name}».", name=name), say("Scegliere un altro nome.")
        )
    wanted = set(user_ids)
    if wanted - {p.id for p in people_of(actor.company_id)}:
        raise RefusedError(say("Del gruppo possono far parte solo gli utenti dell'azienda."))
    if label:
        group = Group.objects.select_for_update().filter(company_id=actor.company_id, code=code).first()
        if group is None:
            raise RefusedError(say("Gruppo non trovato."))
        group.name = name
        group.save(update_fields=["name"])
    else:
        group = Group.objects.create(company_id=actor.company_id, code=code, name=name, created_at=now)
    GroupMember.objects.filter(group=group, company_id=actor.company_id).exclude(user_id__in=wanted).delete()
    GroupMember.objects.bulk_create(
        [GroupMember(company_id=actor.company_id, group=group, user_id=u) for u in sorted(wanted)],
        ignore_conflicts=True,
    )
    what = "gruppo modificato" if label else "gruppo creato"
    audit(what, now=now, actor_id=actor.user_id, company_id=actor.company_id, name=name, users=sorted(wanted))
    return f"group:{code}"


@transaction.atomic
def delete_group(actor: Actor, label: str, *, now: datetime.datetime) -> None:
    """Take a group away. Whether a configuration of states still names it, the room of the states asks before.

    Raises:
        RefusedError: no such group.
    """
    code = label.removeprefix("group:")
    group = Group.objects.filter(company_id=actor.company_id, code=code).first()
    if group is None:
        raise RefusedError(say("Gruppo non trovato."))
    name = group.name
    group.delete()
    audit("gruppo eliminato", now=now, actor_id=actor.user_id, company_id=actor.company_id, name=name)


def _free_code(company_id: int, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:30] or "gruppo"
    taken = set(Group.objects.filter(company_id=company_id).values_list("code", flat=True)) | set(Role.values)
    return next(c for c in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if c not in taken)
