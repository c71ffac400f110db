from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from scripts import foreign


def test_a_program_that_is_not_there_is_told_with_what_is_not_tried(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "PLACES", str(tmp_path))
    assert [package for package, _ in foreign.missing()] == [package for package, *_ in foreign.NEEDED]
    sftp = tmp_path / "sftp"
    sftp.write_text("#!/bin/sh\n")
    sftp.chmod(0o755)
    assert "openssh-client" not in {package for package, _ in foreign.missing()}


def test_who_may_not_install_is_told_what_to_install(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "PLACES", str(tmp_path))
    monkeypatch.setattr(foreign.os, "geteuid", lambda: 1000)
    told = foreign.install()
    assert len(told) == len(foreign.NEEDED) and "apt-get install softhsm2" in " ".join(told)


@pytest.mark.parametrize("lighter", [True, False])
def test_the_lighter_browser_is_taken_where_apt_knows_it_and_else_the_other(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, lighter: bool
) -> None:
    known = {package for package, *_ in foreign.NEEDED} | ({"chromium-headless-shell"} if lighter else set())
    asked: list[str] = []

    def quietly(*command: str) -> None:
        packages = [each for each in command[2:] if not each.startswith("-")]
        asked.extend(packages)
        if (
            command[1] == "install" and set(packages) <= known
        ):  # one that it does not know, and it installs none
            for package in packages:
                program = next(
                    (programs[-1] for name, programs, _ in foreign.NEEDED if name == package), package
                )
                (tmp_path / program).write_text("#!/bin/sh\n")

    monkeypatch.setattr(foreign.os, "geteuid", lambda: 0)
    monkeypatch.setattr(foreign.shutil, "which", _which(tmp_path))
    monkeypatch.setattr(foreign, "_quietly", quietly)
    assert foreign.install() == []
    assert ("chromium" in asked) is not lighter


def _which(place: pathlib.Path) -> Callable[..., str | None]:
    def which(name: str, path: str | None = None) -> str | None:
        if name == "apt-get":
            return "/usr/bin/apt-get"
        return str(place / name) if (place / name).exists() else None

    return which
