from __future__ import annotations

import pathlib

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
