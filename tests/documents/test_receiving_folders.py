"""Folders from which received invoices are taken: only the company's own, only whole files, none lost, none twice."""

from __future__ import annotations

import datetime
import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents import tasks_receiving
from fattorino.documents.models import FolderFile, PassiveInvoice, Reception, WatchedFolder
from fattorino.documents.receiving import folders
from fattorino.organisations.flows import save_company
from fattorino.organisations.models import AuditEntry
from fattorino.organisations.queries import Actor
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.documents.received import invoice, mt
from tests.documents.test_receiving_bringing import zipped

NAME, MT_NAME = "IT01234567897_B0001.xml", "IT01234567897_B0001_MT_001.xml"


class Place:
    """A root with the company's part of it, watched."""

    def __init__(self, desk: Desk, root: Path) -> None:
        self.desk, self.roots = desk, [str(root)]
        self.admin = Actor("utente", "Laura", desk.company.pk, desk.actor.user_id, "admin")
        self.path = root / desk.company.id_codice
        self.path.mkdir()

    def put(self, name: str, content: bytes) -> Path:
        file = self.path / name
        file.write_bytes(content)
        return file

    def watch(self, *, moves: bool = True) -> WatchedFolder:
        return folders.watch(self.admin, str(self.path), self.roots, moves=moves, now=NOW)

    def look(self, row: WatchedFolder, *, later: int = 120) -> folders.Looked:
        now = clock.now() + datetime.timedelta(seconds=later)
        return folders.look(row.pk, row.company_id, self.roots, now=now)


@pytest.fixture
def place(desk: Desk, tmp_path: Path) -> Place:
    return Place(desk, tmp_path)


def test_what_appears_is_taken_with_its_metadata_and_moved_aside(place: Place) -> None:
    row = place.watch()
    place.put(NAME, invoice(place.desk))
    place.put(MT_NAME, mt(NAME, sdi="4711"))
    place.put("altre.zip", zipped({"IT01234567897_B0002.xml": invoice(place.desk, "78")}))
    place.put("leggimi.txt", b"ciao")
    assert place.look(row) == folders.Looked(2, "")
    run_jobs()
    assert sorted(PassiveInvoice.objects.values_list("identificativo_sdi", flat=True)) == ["", "4711"]
    assert {r.source for r in Reception.objects.all()} == {"folder"}
    assert sorted(os.listdir(place.path)) == ["leggimi.txt", "presi"]
    assert sorted(os.listdir(place.path / "presi")) == sorted([NAME, MT_NAME, "altre.zip"])
    row.refresh_from_db()
    assert (row.taken, row.last_error) == (2, "")
    assert place.look(row) == folders.Looked(0, "")


def test_the_same_number_of_another_country_is_another_company(place: Place) -> None:
    german = save_company({"denominazione": "GmbH", "id_paese": "DE", "id_codice": "123456789"}, now=NOW)
    french = save_company({"denominazione": "SARL", "id_paese": "FR", "id_codice": "123456789"}, now=NOW)
    own = [
        folders.own_roots(Actor("hub", "", each.pk), place.roots)
        for each in (place.desk.company, german, french)
    ]
    assert [each[0].rpartition("/")[2] for each in own] == ["02100450127", "DE123456789", "FR123456789"]


def test_where_nothing_is_moved_what_was_taken_is_remembered(place: Place) -> None:
    row = place.watch(moves=False)
    file = place.put(NAME, invoice(place.desk))
    assert place.look(row).taken == 1
    assert place.look(row).taken == 0
    assert file.exists() and FolderFile.objects.count() == 1
    file.write_bytes(invoice(place.desk, "78"))
    assert place.look(row).taken == 1
    run_jobs()
    assert PassiveInvoice.objects.count() == 2


def test_a_file_still_being_written_is_left_alone(place: Place) -> None:
    row = place.watch()
    file = place.put(NAME, invoice(place.desk)[:500])
    assert place.look(row, later=0).taken == 0
    file.write_bytes(invoice(place.desk))
    # What its writer claims about its age does not count.
    os.utime(file, (1, 1))
    assert place.look(row, later=0).taken == 0
    assert place.look(row).taken == 1


def test_a_file_that_grows_while_it_is_looked_at_is_left_for_the_next_look(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = place.watch()
    file = place.put(NAME, invoice(place.desk)[:500])
    entries = folders.Directory.entries

    def seen(self: folders.Directory) -> object:
        found = entries(self)
        file.write_bytes(invoice(place.desk))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(folders.Directory, "entries", seen)
        assert place.look(row) == folders.Looked(0, "")
    row.refresh_from_db()
    assert (row.taken, row.last_error) == (0, "")
    assert place.look(row).taken == 1


def test_many_files_are_taken_some_at_a_time_and_the_page_can_follow(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST", 4)
    monkeypatch.setattr(folders, "STEP", 2)
    row = place.watch()
    for n in range(6):
        place.put(f"IT01234567897_C000{n}.xml", invoice(place.desk, str(n)))
    seen: list[int] = []
    move = folders.Directory.move

    def moving(self: folders.Directory, entry: folders.Entry) -> None:
        seen.append(WatchedFolder.objects.get(pk=row.pk).taken)
        move(self, entry)

    monkeypatch.setattr(folders.Directory, "move", moving)
    assert place.look(row) == folders.Looked(4, "", more=True)
    assert place.look(row) == folders.Looked(2, "")
    assert seen == [0, 0, 2, 2, 4, 4]
    row.refresh_from_db()
    assert row.taken == 6 and len(os.listdir(place.path / "presi")) == 6


def test_each_watched_folder_has_a_job_of_its_own(
    place: Place, other_desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WATCH_ROOTS = place.roots
    monkeypatch.setattr(folders, "MOST", 1)
    place.watch()
    other = Path(place.roots[0]) / other_desk.company.id_codice
    other.mkdir()
    admin = Actor("utente", "Giulia", other_desk.company.pk, other_desk.actor.user_id, "admin")
    folders.watch(admin, str(other), place.roots, moves=True, now=NOW)
    for _ in range(2):  # what waits already is not asked for again
        tasks_receiving.watch_folders.func(0)
    asked = jobs("documents.look_at_folder")
    assert sorted(job["args"]["company_id"] for job in asked) == sorted(
        [place.desk.company.pk, other_desk.company.pk]
    )
    for n in range(3):
        place.put(f"IT01234567897_C000{n}.xml", invoice(place.desk, str(n)))
    late = clock.now() + datetime.timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: late)
    run_jobs()
    assert PassiveInvoice.objects.count() == 3


def test_an_invoice_waits_for_its_metadata_that_are_still_being_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = place.watch()
    old = place.put(NAME, invoice(place.desk))
    place.put(MT_NAME, mt(NAME, sdi="4711"))
    entry = folders.Directory.entries

    def older(directory: folders.Directory) -> list[folders.Entry]:
        return [
            folders.Entry(e.name, e.size, e.changed_ns - 10**12) if e.name == old.name else e
            for e in entry(directory)
        ]

    monkeypatch.setattr(folders.Directory, "entries", older)
    assert place.look(row, later=0).taken == 0


def test_links_and_pipes_are_not_followed(place: Place, tmp_path: Path) -> None:
    row = place.watch()
    secret = tmp_path / "segreto.xml"
    secret.write_bytes(invoice(place.desk))
    os.symlink(secret, place.path / NAME)
    os.mkfifo(place.path / "tubo.xml")
    assert place.look(row) == folders.Looked(0, "")
    assert Reception.objects.count() == 0 and secret.exists()


def test_only_the_companys_own_part_of_a_root_may_be_watched(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "03456789019"
    other.mkdir()
    os.symlink(other, place.path / "scorciatoia")
    for path in (
        str(other),
        str(tmp_path),
        "/etc",
        str(place.path / "scorciatoia"),
        f"{place.path}/../03456789019",
        str(place.path / "manca"),
        "relativa",
        "",
    ):
        with pytest.raises(RefusedError) as refused:
            folders.watch(place.admin, path, place.roots, moves=True, now=NOW)
        assert "path" in refused.value.fields
    with pytest.raises(RefusedError):
        folders.watch(place.desk.actor, str(place.path), place.roots, moves=True, now=NOW)
    with pytest.raises(RefusedError):
        folders.watch(place.admin, str(place.path), [], moves=True, now=NOW)
    assert WatchedFolder.objects.count() == 0


def test_a_folder_that_became_a_link_elsewhere_is_not_read(place: Place, tmp_path: Path) -> None:
    inner = place.path / "entrata"
    inner.mkdir()
    row = folders.watch(place.admin, str(inner), place.roots, moves=True, now=NOW)
    other = tmp_path / "altrui"
    other.mkdir()
    (other / NAME).write_bytes(invoice(place.desk))
    inner.rmdir()
    os.symlink(other, inner)
    looked = place.look(row)
    assert looked.taken == 0 and "non è tra quelle ammesse" in looked.error
    row.refresh_from_db()
    assert row.last_error == looked.error and Reception.objects.count() == 0


def test_what_cannot_be_moved_is_taken_once_and_said(place: Place) -> None:
    row = place.watch()
    place.put(NAME, invoice(place.desk))
    (place.path / "presi").write_bytes(b"a file where the folder should be")
    looked = place.look(row)
    assert looked.taken == 1 and "resta dove si trova" in looked.error
    assert place.look(row) == folders.Looked(0, "")


def test_killed_after_taking_and_before_moving_it_is_taken_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = place.watch()
    place.put(NAME, invoice(place.desk))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folders, "_put_away", killed)
        with pytest.raises(KeyboardInterrupt):
            place.look(row)
    assert place.look(row).taken == 1
    run_jobs()
    assert (Reception.objects.get().arrivals, PassiveInvoice.objects.count()) == (2, 1)


def test_a_name_that_is_no_utf_8_stops_nothing(place: Place) -> None:
    row = place.watch(moves=False)
    with open(os.fsencode(place.path) + b"/fattura\xe0.xml", "wb") as file:
        file.write(invoice(place.desk))
    place.put(NAME, invoice(place.desk, "78"))
    assert place.look(row) == folders.Looked(2, "")
    assert place.look(row).taken == 0


def test_stopping_and_watching_are_written_down(place: Place) -> None:
    row = place.watch()
    folders.stop(place.admin, row.pk, now=NOW)
    place.put(NAME, invoice(place.desk))
    assert place.look(row) == folders.Looked(0, "") and folders.watched() == []
    told = AuditEntry.objects.filter(detail__path=row.path).order_by("pk")
    assert list(told.values_list("what", flat=True)) == [
        "cartella sorvegliata",
        "cartella non più sorvegliata",
    ]
    other = Actor("utente", "x", place.desk.company.pk + 1, None, "admin")
    with pytest.raises(RefusedError):
        folders.stop(other, row.pk, now=NOW)


def test_the_command_takes_a_folder_and_those_within_and_moves_nothing(desk: Desk, tmp_path: Path) -> None:
    inner = tmp_path / "2026" / "01"
    inner.mkdir(parents=True)
    (tmp_path / NAME).write_bytes(invoice(desk))
    (inner / MT_NAME).write_bytes(mt(NAME, sdi="4711"))
    (inner / NAME).write_bytes(invoice(desk, "78"))
    said = io.StringIO()
    for _ in range(2):
        call_command("import_passive", desk.company.id_codice, str(tmp_path), stdout=said)
    assert said.getvalue().count("2 file, 2 fatture prese") == 2
    assert "Fatture passive › File arrivati" in said.getvalue()
    run_jobs()
    assert PassiveInvoice.objects.count() == 2 and (inner / NAME).exists()
    with pytest.raises(CommandError):
        call_command("import_passive", "00000000000", str(tmp_path))
    with pytest.raises(CommandError):
        call_command("import_passive", desk.company.id_codice, str(tmp_path / "manca"))
