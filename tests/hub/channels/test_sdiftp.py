"""The node's folders and server, visited by the simulated SdI over real SFTP."""

from __future__ import annotations

import asyncio
import datetime
import os
import pathlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import asyncssh
import pytest

from fattorino.core.errors import ChannelError, SetupError
from fattorino.core.sdi import message_io
from fattorino.core.sdi.ftp.answers import read_refusal
from fattorino.core.sdi.ftp.names import SupportName, support_name
from fattorino.core.sdi.ftp.records import read_esito
from fattorino.core.sdi.ftp.security import open_sealed, seal
from fattorino.core.sdi.ftp.supports import Piece, Support, pack, unpack
from fattorino.hub import sftp
from fattorino.hub.folders import STILL, Arrival, SdiFtpFolders
from fattorino.hub.sftp import SHUT_FOR, WRONG_ALLOWED, Guard, open_host_key, serve
from fattorino.hub.sftp_accounts import LONGEST_PASSWORD, Account
from fattorino.simulators.sdi.server import Simulator
from fattorino.simulators.sdi.sftp_line import Line, Node
from tests.hub.channels.keys import identity, keys
from tests.simulators.sdi.support import invoice

NODE = "01234567890"
USER, PASSWORD = "sdi", "una parola lunga"
MADE = datetime.datetime(2026, 11, 22, 10, 0)
T = TypeVar("T")


class Loop:
    """An event loop in a thread of its own, for the server; the tests themselves are plain functions."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, what: Awaitable[T]) -> T:
        return asyncio.run_coroutine_threadsafe(_awaited(what), self.loop).result(30)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


async def _awaited(what: Awaitable[T]) -> T:
    return await what


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    found = Loop()
    yield found
    found.close()


@pytest.fixture
def folders(tmp_path: pathlib.Path) -> SdiFtpFolders:
    found = SdiFtpFolders(tmp_path / "scambio")
    found.prepare()
    SdiFtpFolders(tmp_path / "scambio", test=True).prepare()
    return found


@pytest.fixture
def accounts(folders: SdiFtpFolders) -> list[Account]:
    return [Account(USER, folders.root, PASSWORD)]


class Hours:
    """A clock that the test moves."""

    now = 0.0


@pytest.fixture
def server(accounts: list[Account], loop: Loop) -> Iterator[tuple[int, str]]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    Hours.now = 0.0
    guard = Guard(lambda: Hours.now, pause=0)

    def find(user: str) -> list[Account]:
        return [each for each in accounts if each.user == user]

    acceptor = loop.run(serve(find, key, host="127.0.0.1", port=0, guard=guard))
    yield acceptor.get_port(), key.export_public_key().decode().strip()
    loop.loop.call_soon_threadsafe(acceptor.close)
    loop.run(acceptor.wait_closed())


@pytest.fixture
def sdi(tmp_path: pathlib.Path) -> Iterator[Simulator]:
    """Judges and keeps books; nobody takes its messages but the line."""
    with Simulator(tmp_path / "sdi", speed=0) as found:
        yield found


@pytest.fixture
def visit(sdi: Simulator, server: tuple[int, str], loop: Loop) -> Callable[..., int]:
    def visit(hours: float = 0, *, test: bool = False) -> int:
        pass_hours(sdi, hours)
        node = Node(
            code=NODE, host="127.0.0.1", port=server[0], user=USER, password=PASSWORD,
            signer=keys().node_signing.certificate, reader=keys().node_reading.certificate,
            signing=keys().sdi_signing, reading=keys().sdi_reading, test=test, host_key=server[1],
        )  # fmt: skip
        return loop.run(Line(sdi.exchange, node).visit())

    return visit


def pass_hours(sdi: Simulator, hours: float) -> None:
    """From one due step to the next; the simulator's own thread does them."""
    end = sdi.clock.elapsed() + hours * 3600
    while (now := sdi.clock.elapsed()) < end:
        sdi.clock.advance(max(0.0, min(sdi.books.next_step_due() or end, end) - now) + 0.001)
        deadline = time.monotonic() + 10
        while (due := sdi.books.next_step_due()) is not None and due <= sdi.clock.elapsed():
            assert time.monotonic() < deadline, "the simulator is stuck"
            time.sleep(0.002)


def support(number: int = 1, *pieces: Piece) -> tuple[SupportName, bytes]:
    name = support_name("FI", NODE, MADE, number)
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    zipped = pack(name, pieces or [piece(number)], made=made)
    return name, seal(zipped, keys().node_signing, keys().sdi_reading.certificate)


def piece(number: int, numero: str = "") -> Piece:
    return Piece(f"IT{NODE}_{number:05}.xml", invoice(numero or str(number)), "FA")


def opened(arrival: Arrival) -> Support:
    assert arrival.support is not None
    sealed = open_sealed(arrival.content, [keys().node_reading], [keys().sdi_signing.certificate])
    return unpack(arrival.support, sealed)


def test_a_support_is_fetched_answered_and_its_receipts_come_back(folders, visit):
    name, sealed = support(1, piece(1), piece(2))
    folders.lay(name, sealed)
    assert folders.waiting() == {name.file: len(sealed)}
    assert visit() == 1
    assert folders.waiting() == {}
    (answer,) = folders.arrivals()
    assert answer.file == f"{name.of_kind('EO').file}.run"
    assert read_esito(answer.content).taken
    folders.forget(answer.file)
    assert visit(hours=2) == 1
    (brought,) = folders.arrivals()
    inside = opened(brought)
    assert inside.faults == ()
    receipts = [message_io.read_message(each.content).message for each in inside.pieces]
    assert sorted(str(receipt.nome_file) for receipt in receipts) == [
        f"IT{NODE}_00001.xml",
        f"IT{NODE}_00002.xml",
    ]
    folders.forget(brought.file)
    assert list(folders.arrivals()) == []
    assert visit(hours=2) == 0


def test_the_same_support_fetched_twice_is_taken_once(folders, visit, sdi):
    name, sealed = support()
    folders.lay(name, sealed)
    visit()
    (folders.to_sdi / name.file).write_bytes(sealed)
    visit()
    assert len(sdi.books.rows("select id from file")) == 1
    assert len(list(folders.arrivals())) == 1


@pytest.mark.parametrize("phase", ["cifratura", "firma"])
def test_what_is_sealed_wrongly_is_refused_with_its_phase(folders, visit, sdi, phase):
    name, _ = support()
    zipped = pack(name, [piece(1)], made=datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1))
    stranger = identity("estraneo")
    if phase == "cifratura":
        folders.lay(name, seal(zipped, keys().node_signing, stranger.certificate))
    else:
        folders.lay(name, seal(zipped, stranger, keys().sdi_reading.certificate))
    visit()
    (answer,) = folders.arrivals()
    assert answer.file == f"{name.of_kind('ER').stem}.run"
    refusal = read_refusal(answer.content)
    assert (refusal.support, refusal.phase) == (name, phase)
    assert sdi.books.rows("select id from file") == []


def test_a_support_that_disagrees_with_its_quadrature_is_suspended_whole(folders, visit, sdi):
    name, _ = support()
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    folders.lay(
        name, seal(pack(name, [piece(1)], made=later), keys().node_signing, keys().sdi_reading.certificate)
    )
    visit()
    (answer,) = folders.arrivals()
    assert not read_esito(answer.content).taken
    assert sdi.books.rows("select id from file") == []


def test_what_is_still_being_written_is_neither_fetched_nor_taken(folders, visit):
    (folders.to_sdi / "FI.incompleto.tmp").write_bytes(b"x")
    (folders.from_sdi / "FO.01234567890.2026326.1000.001.zip").write_bytes(b"meta'")
    assert visit() == 0
    assert list(folders.arrivals()) == []
    assert (folders.to_sdi / "FI.incompleto.tmp").exists()


def test_another_nodes_support_is_left(folders, visit):
    other = support_name("FI", "11111111111", MADE, 1)
    folders.lay(other, support()[1])
    assert visit() == 0
    assert list(folders.waiting()) == [other.file]


def test_tests_travel_in_folders_of_their_own(folders, visit):
    tests = SdiFtpFolders(folders.root, test=True)
    name, sealed = support(900)
    with pytest.raises(ChannelError):
        folders.lay(name, sealed)
    tests.lay(name, sealed)
    assert visit() == 0
    assert visit(test=True) == 1
    assert [each.file for each in tests.arrivals()] == [f"{name.of_kind('EO').file}.run"]


def test_only_one_small_support_may_wait(folders):
    first, second = support()[0], support(2)[0]
    assert folders.has_room_for(first, 1000)
    folders.lay(*support())
    assert not folders.has_room_for(second, 1000)
    assert folders.has_room_for(second, 20_000_000)
    assert folders.has_room_for(first, 1000)


def test_laying_again_changes_nothing(folders):
    name, sealed = support()
    folders.lay(name, sealed)
    folders.lay(name, sealed)
    assert folders.waiting() == {name.file: len(sealed)}
    assert (folders.to_sdi / name.file).read_bytes() == sealed


def test_what_sdi_has_fetched_is_not_laid_down_again(folders):
    name, sealed = support()
    assert not folders.was_laid(name)
    folders.lay(name, sealed)
    assert folders.was_laid(name)
    (folders.to_sdi / name.file).unlink()
    assert folders.was_laid(name)
    folders.lay(name, sealed)
    assert folders.waiting() == {}


@pytest.mark.parametrize("died", ["before the file was whole", "before it was marked", "before it was moved"])
def test_what_was_interrupted_before_it_lay_there_was_certainly_not_laid(folders, died):
    name, sealed = support()
    (folders.bench / name.file).write_bytes(sealed[: len(sealed) // 2] if "whole" in died else sealed)
    if "moved" in died:
        (folders.bench / f"{name.file}.posato").touch()
    assert not folders.was_laid(name)
    folders.lay(name, sealed)
    assert (folders.to_sdi / name.file).read_bytes() == sealed


def test_the_answer_to_a_support_ends_what_was_remembered_of_it(folders, visit):
    name, sealed = support()
    folders.lay(name, sealed)
    visit()
    (answer,) = folders.arrivals()
    folders.forget(answer.file)
    assert list(folders.bench.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_told_and_nothing_is_uncertain(tmp_path):
    folders = SdiFtpFolders(tmp_path / "mancante")
    for act in (lambda: folders.lay(*support()), folders.waiting, lambda: list(folders.arrivals())):
        with pytest.raises(ChannelError) as refused:
            act()
        assert not refused.value.uncertain
        assert "cartelle di scambio" in refused.value.message


def connected(server: tuple[int, str], loop: Loop, act, password: str | None = PASSWORD, **more):
    async def session():
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{server[0]} {server[1]}\n")
        options = {
            "username": USER,
            "password": password,
            "known_hosts": known,
            "client_keys": None,
            "config": None,
        }
        async with asyncssh.connect("127.0.0.1", server[0], **{**options, **more}) as connection:
            return await act(connection)

    return loop.run(session())


async def look(connection) -> list[str]:
    async with connection.start_sftp_client() as sftp:
        return sorted(name for name in await sftp.listdir(".") if not name.startswith("."))


def test_a_wrong_password_opens_nothing(server, loop):
    for wrong in ("sbagliata", ""):
        with pytest.raises(asyncssh.PermissionDenied):
            connected(server, loop, look, password=wrong)


def test_an_account_without_password_is_opened_by_none(server, loop, accounts, folders):
    accounts[:] = [Account(USER, folders.root)]
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, look, password="")


def test_who_is_wrong_too_often_waits_even_with_the_right_password(server, loop):
    for _ in range(WRONG_ALLOWED):
        with pytest.raises(asyncssh.PermissionDenied):
            connected(server, loop, look, password="sbagliata")
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, look)
    Hours.now = SHUT_FOR + 1
    assert "DatiDaSdI" in connected(server, loop, look)


def test_one_right_password_forgives_the_wrong_ones_before_it(server, loop):
    for _ in range(3):
        for _ in range(WRONG_ALLOWED - 1):
            with pytest.raises(asyncssh.PermissionDenied):
                connected(server, loop, look, password="sbagliata")
        assert connected(server, loop, look)


def test_one_address_that_is_shut_out_keeps_nobody_else_out():
    guard = Guard(lambda: 0.0)
    for _ in range(WRONG_ALLOWED):
        guard.was_wrong("10.0.0.1")
    assert guard.shuts_out("10.0.0.1") and not guard.shuts_out("10.0.0.2")


def test_sdi_may_come_with_a_key_in_place_of_a_password(server, loop, accounts, folders):
    own, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    accounts[:] = [Account(USER, folders.root, public_key=own.export_public_key().decode())]
    assert "DatiDaSdI" in connected(server, loop, look, password=None, client_keys=[own])
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, look, password=None, client_keys=[other])


def test_each_node_has_its_own_folders_also_under_the_same_user_name(server, loop, accounts, tmp_path):
    accounts.append(Account(USER, tmp_path / "altro", "un'altra parola"))
    accounts.append(Account("altro", tmp_path / "terzo", PASSWORD))
    accounts[0].root.joinpath("DatiVersoSdI", "mio").write_bytes(b"a")

    async def names(connection):
        async with connection.start_sftp_client() as sftp:
            return [name for name in await sftp.listdir("DatiVersoSdI") if not name.startswith(".")]

    assert connected(server, loop, names) == ["mio"]
    assert connected(server, loop, names, password="un'altra parola") == []
    assert connected(server, loop, names, username="altro") == []
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, names, username="nessuno")


@pytest.mark.parametrize("way", ["password", "key"])
def test_where_two_nodes_fit_neither_is_opened(way, server, loop, accounts, folders, tmp_path):
    """SdI's key is no secret: given to a second node of the same user name, it would open the first one's files."""
    own = asyncssh.generate_private_key("ssh-ed25519")
    line = own.export_public_key().decode()
    proof = {"password": PASSWORD} if way == "password" else {"public_key": line}
    accounts[:] = [Account(USER, folders.root, **proof), Account(USER, tmp_path / "altro", **proof)]
    given = {} if way == "password" else {"password": None, "client_keys": [own]}
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, look, **given)
    accounts.pop()
    assert "DatiDaSdI" in connected(server, loop, look, **given)


def test_one_address_holds_only_so_many_connections(server, loop, monkeypatch):
    monkeypatch.setattr(sftp, "MOST_OF_ONE", 2)

    def another():
        given = {"username": USER, "password": PASSWORD, "client_keys": None, "config": None}
        return asyncssh.connect("127.0.0.1", server[0], known_hosts=None, **given)

    async def beside(connection):
        async with another() as other:
            with pytest.raises((asyncssh.Error, OSError)):
                async with another() as third:
                    await look(third)
            return await look(other)

    assert "DatiDaSdI" in connected(server, loop, beside)
    assert "DatiDaSdI" in connected(server, loop, beside)  # as soon as they have gone


def test_a_password_of_any_length_is_answered_at_once(server, loop, accounts, folders):
    long = "x" * (LONGEST_PASSWORD + 1)
    accounts[:] = [Account(USER, folders.root, long)]
    with pytest.raises(asyncssh.PermissionDenied):
        connected(server, loop, look, password=long)


@pytest.mark.parametrize(
    ("limit", "value"), [("QUOTA", 1_000_000), ("MOST_WAITING", 1), ("LARGEST", 500_000)]
)
def test_what_nobody_takes_away_cannot_fill_the_disk(server, loop, folders, monkeypatch, limit, value):
    monkeypatch.setattr(sftp, "LOOK_AGAIN", 200_000)
    monkeypatch.setattr(sftp, limit, value)

    async def put(connection, name):
        async with connection.start_sftp_client() as client, client.open(f"DatiDaSdI/{name}", "wb") as file:
            await file.write(b"x" * 400_000)
            await file.write(b"x" * 400_000)

    def all_of_them(connection):
        async def act():
            for name in ("a", "b", "c", "d"):
                await put(connection, name)

        return act()

    with pytest.raises(asyncssh.SFTPError):
        connected(server, loop, all_of_them)
    written = [each.stat().st_size for each in folders.from_sdi.iterdir()]
    assert 0 < sum(written) <= 1_600_000
    for each in folders.from_sdi.iterdir():
        each.unlink()
    monkeypatch.undo()
    connected(server, loop, lambda connection: put(connection, "a"))  # as soon as there is room again
    assert (folders.from_sdi / "a").stat().st_size == 800_000


def test_the_servers_own_key_is_made_once_and_for_the_owner_alone(tmp_path):
    path = tmp_path / "chiavi" / "host.key"
    first = open_host_key(path)
    assert open_host_key(path).get_fingerprint() == first.get_fingerprint()
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"rotta")
    with pytest.raises(SetupError):
        open_host_key(path)


FORBIDDEN = {
    "put where only fetching is allowed": lambda sftp: sftp.open("DatiVersoSdI/x.zip", "wb"),
    "delete where only putting is allowed": lambda sftp: sftp.remove("DatiDaSdI/a"),
    "look at what is being prepared": lambda sftp: sftp.listdir("in-lavorazione"),
    "fetch what is being prepared": lambda sftp: sftp.open("in-lavorazione/a", "rb"),
    "walk out of the root": lambda sftp: sftp.open("DatiVersoSdI/../../segreto", "rb"),
    "rename out of its folder": lambda sftp: sftp.rename("DatiDaSdI/a", "DatiVersoSdI/a"),
    "make folders": lambda sftp: sftp.mkdir("DatiDaSdI/x"),
    "make links": lambda sftp: sftp.symlink("/etc/passwd", "DatiDaSdI/x"),
    "remove folders": lambda sftp: sftp.rmdir("DatiDaSdI"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_sdi_may_not(what, server, loop, folders):
    (folders.from_sdi / "a").write_bytes(b"a")
    (folders.root / "in-lavorazione" / "a").write_bytes(b"a")
    (folders.root.parent / "segreto").write_bytes(b"a")

    async def act(connection):
        async with connection.start_sftp_client() as sftp:
            await FORBIDDEN[what](sftp)

    with pytest.raises(asyncssh.SFTPError):
        connected(server, loop, act)
    assert (folders.from_sdi / "a").exists() and not (folders.to_sdi / "a").exists()


def test_there_is_no_shell_and_no_tunnel(server, loop):
    async def shell(connection):
        await connection.run("id", check=True)

    async def tunnel(connection):
        await connection.open_connection("127.0.0.1", server[0])

    for act in (shell, tunnel):
        with pytest.raises((asyncssh.Error, OSError)):
            connected(server, loop, act)


def test_a_report_without_its_last_name_is_taken_once_it_stands_still(tmp_path: pathlib.Path) -> None:
    """Fetched earlier it would be cut, and removed under SdI's hands."""
    folders = SdiFtpFolders(tmp_path)
    folders.prepare()
    growing, named = f"ST.{NODE}.EO.20261122.060000.csv", f"ST.{NODE}.FO.20261122.060000.csv.run"
    (folders.from_sdi / growing).write_bytes(b"FI.")
    (folders.from_sdi / named).write_bytes(b"")
    assert [each.file for each in folders.arrivals()] == [named]
    long_ago = time.time() - STILL - 1
    os.utime(folders.from_sdi / growing, (long_ago, long_ago))
    assert [each.file for each in folders.arrivals()] == [growing, named]
