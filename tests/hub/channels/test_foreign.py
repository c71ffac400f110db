"""Our reading against Dovecot, our SFTP server against OpenSSH's client: what we and our own simulators agree on may
still be wrong. Both are Debian's (`scripts/foreign.py`); where one is missing, its tests say so."""

from __future__ import annotations

import asyncio
import datetime
import os
import pathlib
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import asyncssh
import imapclient
import pytest

from fattorino.core.errors import ChannelError
from fattorino.core.sdi.ftp.names import support_name
from fattorino.core.sdi.pec import FIRST_ADDRESS
from fattorino.hub import mailbox as module
from fattorino.hub.channels.base import AnswerItem, Outgoing, Parcel
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.folders import SdiFtpFolders
from fattorino.hub.mailbox import PecMailbox
from fattorino.hub.sftp import serve
from fattorino.hub.sftp_accounts import Account
from fattorino.simulators.pec.post import read_original
from scripts.foreign import PLACES
from tests.core.pec.letters import provider
from tests.hub.channels.ways import free_port, pem, tls_identity

DOVECOT, SFTP = shutil.which("dovecot", path=PLACES), shutil.which("sftp", path=PLACES)
needs_dovecot = pytest.mark.skipif(not DOVECOT, reason="manca dovecot (apt-get install dovecot-imapd)")
needs_sftp = pytest.mark.skipif(not SFTP, reason="manca sftp (apt-get install openssh-client)")

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
ADDRESS, PASSWORD = "ordine@pec.example.it", "una-parola"
FILE = "IT01234567890_00001.xml"

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
disable_plaintext_auth = yes
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
first_valid_gid = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PecMailbox]:
    """A Dovecot of our own on a free port, and the mailbox as the channel has it."""
    # Short: the sockets' paths have to fit into 108 characters.
    folder = tmp_path_factory.mktemp("d")
    (folder / "server.pem").write_bytes(pem(tls_identity("dovecot.loopback")))
    port = free_port()
    # Dovecot opens no mailbox for root.
    owner = (65534, 65534) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    (folder / "mail").mkdir()
    os.chown(folder / "mail", *owner)
    mine = (
        ""
        if os.geteuid() == 0
        else f"default_internal_user = {os.getuid()}\ndefault_login_user = {os.getuid()}\n"
    )
    text = CONFIGURATION.format(folder=folder, port=port, password=PASSWORD, uid=owner[0], gid=owner[1])
    (folder / "dovecot.conf").write_text(mine + text)
    # What drops its rights must still find its way in.
    for each in (folder, *folder.parents[:3]):
        if each.stat().st_uid == os.getuid() and str(each).startswith("/tmp/pytest"):
            each.chmod(0o755)
    assert DOVECOT
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(folder / "dovecot.conf")])
    found = PecMailbox(
        address=ADDRESS, user=ADDRESS, password=PASSWORD, smtp_host="127.0.0.1", smtp_port=1, imap_host="127.0.0.1",
        imap_port=port, timeout=10, trusted_ca=str(folder / "server.pem"),
    )  # fmt: skip
    try:
        _wait_for(found, folder / "log")
        yield found
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(mailbox: PecMailbox, log: pathlib.Path) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            return mailbox.try_mailbox()
        except ChannelError as error:
            assert time.monotonic() < end, log.read_text() if log.exists() else error
            time.sleep(0.2)


@pytest.fixture
def box(dovecot: PecMailbox) -> Iterator[imapclient.IMAPClient]:
    """The mailbox emptied, for the test to put letters in as the provider does."""
    context = ssl.create_default_context(cafile=dovecot.trusted_ca)
    with imapclient.IMAPClient("127.0.0.1", dovecot.imap_port, ssl=True, ssl_context=context) as client:
        client.login(ADDRESS, PASSWORD)
        client.select_folder("INBOX")
        if old := client.search():
            client.delete_messages(old)
            client.expunge()
        yield client


def sealed(port: SdiPec, file: str = FILE) -> Parcel:
    return port.prepare([Outgoing(file, b"<x/>")], number=1, now=NOW)


def receipt(parcel: Parcel, kind: str) -> bytes:
    original = read_original(ADDRESS, [FIRST_ADDRESS], parcel.content)
    return provider().receipt(original, kind, f"{kind}.1@gestore.example", NOW, recipient=FIRST_ADDRESS)


@needs_dovecot
def test_dovecots_letters_come_byte_by_byte_in_order_and_once(dovecot, box):
    port = SdiPec(dovecot)
    parcel = sealed(port)
    letters = [receipt(parcel, kind) for kind in ("accettazione", "avvenuta-consegna")]
    for letter in letters:
        box.append("INBOX", letter)
    found = list(port.fetch(""))
    assert [raw.content for raw in found] == letters
    assert list(port.fetch(found[0].cursor)) == found[1:]
    assert list(port.fetch(found[1].cursor)) == []
    [answer] = [item for raw in found for item in port.read(raw) if isinstance(item, AnswerItem)]
    assert (answer.parcel, answer.taken) == (parcel.name, True)


@needs_dovecot
def test_reading_leaves_dovecots_mailbox_as_it_was(dovecot, box):
    port = SdiPec(dovecot)
    box.append("INBOX", receipt(sealed(port), "accettazione"))
    before = box.get_flags(box.search())
    for raw in port.fetch(""):
        port.done(raw)
    box.noop()
    assert box.get_flags(box.search()) == before


@needs_dovecot
def test_a_large_mailbox_of_dovecot_comes_a_piece_at_a_time_without_a_gap(dovecot, box, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 7)
    port = SdiPec(dovecot)
    for number in range(20):
        box.append("INBOX", receipt(sealed(port, f"IT01234567890_{number:05}.xml"), "accettazione"))
    # Letters that the owner has removed leave holes between the uids.
    box.delete_messages(box.search()[3:6])
    box.expunge()
    cursor, seen = "", []
    while turn := list(port.fetch(cursor)):
        assert len(turn) <= 7
        cursor, seen = turn[-1].cursor, seen + turn
    assert len({raw.name for raw in seen}) == len(seen) == 17


@needs_dovecot
@pytest.mark.parametrize(
    ("kinds", "fate"),
    [
        ([], "unknown"),
        (["accettazione"], "sent"),
        (["non-accettazione"], "not_sent"),
        (["accettazione", "errore-consegna"], "not_sent"),
        (["accettazione", "preavviso-errore-consegna"], "sent"),
    ],
)
def test_dovecots_search_finds_what_became_of_a_message(dovecot, box, kinds, fate):
    port = SdiPec(dovecot)
    for kind in kinds:
        box.append("INBOX", receipt(sealed(port), kind))
    # Its name begins as the other's does: a search for parts of a value finds both.
    box.append("INBOX", receipt(sealed(port, f"{FILE}.p7m"), "non-accettazione"))
    assert port.resolve(sealed(port)) == fate


@needs_dovecot
def test_after_dovecot_has_numbered_anew_everything_comes_again(dovecot, box):
    port = SdiPec(dovecot)
    box.append("INBOX", receipt(sealed(port), "accettazione"))
    [raw] = port.fetch("")
    validity, _, uid = raw.cursor.partition(":")
    assert [each.content for each in port.fetch(f"{int(validity) + 1}:{uid}")] == [raw.content]


@needs_dovecot
def test_dovecot_does_not_let_in_who_is_wrong_and_the_test_button_says_why(dovecot):
    with pytest.raises(ChannelError) as wrong:
        list(SdiPec(replace(dovecot, password="sbagliata")).fetch(""))
    assert wrong.value.permanent and not wrong.value.uncertain
    with pytest.raises(ChannelError) as missing:
        replace(dovecot, folder="Altra").try_mailbox()
    assert not missing.value.permanent


# SFTP --------------------------------------------------------------------------------------------------------


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Iterator[tuple[SdiFtpFolders, list[str]]]:
    """Our server with a key for SdI, and OpenSSH's command line to reach it."""
    folders = SdiFtpFolders(tmp_path / "scambio")
    folders.prepare()
    key, host_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    key_file, known = tmp_path / "id", tmp_path / "known_hosts"
    key_file.touch(0o600)
    key_file.write_bytes(key.export_private_key())
    account = Account("sdi", folders.root, public_key=key.export_public_key().decode())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    served = serve(lambda _: [account], host_key, host="127.0.0.1", port=0)
    acceptor = asyncio.run_coroutine_threadsafe(served, loop).result(20)
    known.write_text(f"[127.0.0.1]:{acceptor.get_port()} {host_key.export_public_key().decode()}")
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        f"UserKnownHostsFile={known}",
        "StrictHostKeyChecking=yes",
    )
    command = [str(SFTP), "-q", "-b", "-", "-F", "none", "-i", str(key_file), "-P", str(acceptor.get_port())]
    yield folders, [*command, *(f"-o{each}" for each in options), "sdi@127.0.0.1"]
    loop.call_soon_threadsafe(acceptor.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def batch(command: list[str], *lines: str, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input="\n".join(lines) + "\n",
        text=True,
        capture_output=True,
        cwd=folder,
        timeout=60,
        check=False,
    )


@needs_sftp
def test_openssh_fetches_and_deletes_puts_and_renames_as_sdi_does(node, tmp_path):
    folders, command = node
    name = support_name("FI", "01234567890", datetime.datetime(2026, 11, 22, 10, 0), 1)
    content = os.urandom(3_000_000)
    folders.lay(name, content)
    (tmp_path / "risposta.xml").write_bytes(b"<esito/>")
    answer = name.of_kind("EO").file
    done = batch(
        command,
        f"get DatiVersoSdI/{name.file}",
        f"rm DatiVersoSdI/{name.file}",
        f"put risposta.xml DatiDaSdI/{answer}",
        f"rename DatiDaSdI/{answer} DatiDaSdI/{answer}.run",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name.file).read_bytes() == content
    assert folders.waiting() == {} and folders.was_laid(name)
    assert [(each.file, each.content) for each in folders.arrivals()] == [(f"{answer}.run", b"<esito/>")]


@needs_sftp
@pytest.mark.parametrize(
    "line",
    [
        "put segreto DatiVersoSdI/x.zip",
        "rm DatiDaSdI/a",
        "get in-lavorazione/a",
        "mkdir DatiDaSdI/x",
        "symlink /etc/passwd DatiDaSdI/x",
        "get DatiVersoSdI/../../segreto rubato",
        "rename DatiDaSdI/a DatiVersoSdI/a",
    ],
)
def test_openssh_may_not(node, tmp_path, line):
    folders, command = node
    (folders.from_sdi / "a").write_bytes(b"a")
    (folders.bench / "a").write_bytes(b"a")
    (tmp_path / "segreto").write_bytes(b"a")
    done = batch(command, line, folder=tmp_path)
    assert done.returncode != 0
    assert not (tmp_path / "rubato").exists()
    assert sorted(each.name for each in folders.to_sdi.iterdir()) == []
    assert [each.name for each in folders.from_sdi.iterdir()] == ["a"]
