"""The rooms made in one step are the rooms that the landed steps made (decision 0020), and whoever stopped between
these steps comes to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# The first steps of each room: the last of them, and the one that stands for all.
ROOMS = {
    "organisations": ("0009_recipient_codes", "0001_squashed_0009_recipient_codes"),
    "workflow": ("0015_notice_indexes", "0001_squashed_0015_notice_indexes"),
    "documents": ("0012_brought", "0001_squashed_0012_brought"),
    "hub": ("0011_terms", "0001_squashed_0011_terms"),
}
STEPS = [(room, last) for room, (last, _) in ROOMS.items()]
AT_ONCE = [(room, squashed) for room, (_, squashed) in ROOMS.items()]
# An installation that stopped here has begun every room and ended none.
MIDDLE = [("workflow", "0009_notice_mail"), ("documents", "0006_counterpart_words"), ("hub", "0003_walls")]

# What a schema consists of, said in words: nothing here is a number that differs from one database to the next.
CATALOGUE = {
    "tables": """
        select relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, reloptions::text,
          relacl::text, pg_get_userbyid(relowner)
        from pg_class where relnamespace = 'public'::regnamespace""",
    "columns": """
        select relname, row_number() over (partition by relname order by attnum), attname,
          format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcompression,
          attcollation::regcollation::text, attoptions::text, attacl::text, pg_get_expr(adbin, adrelid)
        from pg_attribute join pg_class c on c.oid = attrelid
          left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S') and attnum > 0
          and not attisdropped""",
    "constraints": """
        select conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), condeferrable, condeferred,
          convalidated
        from pg_constraint where connamespace = 'public'::regnamespace""",
    "indexes": """
        select indrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique, indisprimary, indimmediate,
          indisvalid
        from pg_index join pg_class c on c.oid = indexrelid where relnamespace = 'public'::regnamespace""",
    "triggers": """
        select tgrelid::regclass::text, pg_get_triggerdef(t.oid), tgenabled from pg_trigger t
          join pg_class c on c.oid = tgrelid where relnamespace = 'public'::regnamespace and not tgisinternal""",
    "functions": """
        select proname, prokind, proacl::text, pg_get_userbyid(proowner),
          case when prokind = 'f' then pg_get_functiondef(oid) end
        from pg_proc where pronamespace = 'public'::regnamespace""",
    "policies": "select tablename, policyname, permissive, roles::text, cmd, qual, with_check from pg_policies",
    "sequences": """
        select relname, seqtypid::regtype::text, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
          (select refobjid::regclass::text || '.' || refobjsubid from pg_depend
           where objid = c.oid and deptype in ('a', 'i') and refclassid = 'pg_class'::regclass)
        from pg_sequence join pg_class c on c.oid = seqrelid where relnamespace = 'public'::regnamespace""",
    "types": """
        select typname, typtype, typacl::text from pg_type t
        where typnamespace = 'public'::regnamespace and typtype <> 'b'""",
    "grants": """
        select 'schema', nspname, nspacl::text from pg_namespace where nspname = 'public'
        union all select 'default', defaclobjtype::text, defaclacl::text from pg_default_acl""",
    "extensions": "select extname, extversion from pg_extension",
    "statistics": "select stxname from pg_statistic_ext",
    "rules": "select tablename, rulename, definition from pg_rules where schemaname = 'public'",
}


@pytest.fixture
def place(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The server, without the tests' own database."""
    with django_db_blocker.unblock():
        yield


@contextmanager
def _new_database(name: str) -> Iterator[None]:
    """The connection leads to an empty database for a while."""
    own = connection.settings_dict["NAME"]
    other = f"{own}_{name}"
    _order(f"drop database if exists {other}", f"create database {other}")
    connection.close()
    connection.settings_dict["NAME"] = other
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        _order(f"drop database if exists {other}")


def _order(*commands: str) -> None:
    with connection._nodb_cursor() as cursor:
        for command in commands:
            cursor.execute(command)


def _catalogue() -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        found: set[tuple[Any, ...]] = set()
        for what, query in CATALOGUE.items():
            cursor.execute(query)
            found |= {(what, *row) for row in cursor.fetchall()}
    return found


@contextmanager
def _without_squashed() -> Iterator[None]:
    """As long as the landed steps were all there was."""
    load = MigrationLoader.load_disk

    def load_steps(self: MigrationLoader) -> None:
        load(self)
        landed = {key for squashed in AT_ONCE for key in self.disk_migrations[squashed].replaces}
        for key in set(self.disk_migrations) - landed:
            # What came later may name the single step as what it stands upon.
            if key[0] not in ("auth", "contenttypes"):
                del self.disk_migrations[key]

    with mock.patch.object(MigrationLoader, "load_disk", load_steps):
        yield


def _landed(app: str) -> list[str]:
    return [name for _, name in MigrationLoader(None).disk_migrations[(app, ROOMS[app][1])].replaces]


def test_one_step_makes_what_the_landed_steps_make(place: None) -> None:
    with _new_database("steps"):
        with _without_squashed():
            MigrationExecutor(connection).migrate(MIDDLE)
        begun = MigrationRecorder(connection).applied_migrations()
        for room in ROOMS:
            there = [name for name in _landed(room) if (room, name) in begun]
            assert 0 < len(there) < len(_landed(room)), f"{room}: {there}"
        # The program that has both: it goes on step by step where steps were begun.
        MigrationExecutor(connection).migrate(STEPS)
        by_steps = _catalogue()
        # And then takes the steps for the one.
        ended = MigrationExecutor(connection)
        assert ended.migration_plan(AT_ONCE) == []
        ended.migrate(AT_ONCE)
        assert set(AT_ONCE) <= set(MigrationRecorder(connection).applied_migrations())
    with _new_database("at_once"):
        MigrationExecutor(connection).migrate(AT_ONCE)
        at_once = _catalogue()
        applied = set(MigrationRecorder(connection).applied_migrations())
        assert {(room, name) for room in ROOMS for name in _landed(room)} <= applied
    assert len(by_steps) > 1000
    assert {row[0] for row in by_steps} >= set(CATALOGUE) - {"statistics", "rules", "grants"}
    assert sorted(map(str, by_steps - at_once)) == []
    assert sorted(map(str, at_once - by_steps)) == []


def test_the_models_of_one_step_are_those_of_the_landed_steps() -> None:
    with _without_squashed():
        by_steps = MigrationLoader(None).project_state(STEPS)
    at_once = MigrationLoader(None).project_state(AT_ONCE)
    assert set(by_steps.models) == set(at_once.models)
    for before, after in ((by_steps, at_once), (at_once, by_steps)):
        changes = MigrationAutodetector(before, after)._detect_changes()
        assert {app: [str(op) for m in found for op in m.operations] for app, found in changes.items()} == {}


def test_who_stopped_at_any_landed_step_goes_on_from_there() -> None:
    with _without_squashed():
        order = [(m.app_label, m.name) for m, _ in _plan(set(), STEPS)]
    assert {key for key in order if key[0] in ROOMS} == {
        (room, name) for room in ROOMS for name in _landed(room)
    }
    for stopped in range(len(order) + 1):
        done = set(order[:stopped])
        left = []
        for migration, _ in _plan(done, STEPS if stopped == len(order) else None):
            key = (migration.app_label, migration.name)
            left += migration.replaces if key in AT_ONCE else [key]
        assert len(left) == len(set(left))
        assert not done & set(left)
        assert {key for key in order if key[0] in ROOMS} - done == set(left) & set(order) - {
            key for key in order if key[0] not in ROOMS
        }


def _plan(applied: set[tuple[str, str]], targets: list[tuple[str, str]] | None) -> list[Any]:
    """What a database where these were applied has before it."""
    with mock.patch.object(MigrationRecorder, "applied_migrations", lambda self: dict.fromkeys(applied)):
        executor = MigrationExecutor(connection)
        return executor.migration_plan(targets or executor.loader.graph.leaf_nodes())
