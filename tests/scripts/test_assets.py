from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fattorino_assets", ROOT / "scripts" / "assets.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_list_reads_pairs_and_comments(assets: ModuleType) -> None:
    assert list(assets.read_list("# x\n\na/b.js b.js # y\n")) == [("a/b.js", "b.js")]


@pytest.mark.parametrize("line", ["one", "a b c", "../etc/passwd x", "a /abs", "a ../../x"])
def test_list_refuses_what_leaves_its_folder(assets: ModuleType, line: str) -> None:
    with pytest.raises(assets.Trouble):
        list(assets.read_list(line))


def test_copy_takes_out_source_maps(assets: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("f();\n//# sourceMappingURL=a.js.map\n")
    (tmp_path / "a.css").write_text("p{}\n/*# sourceMappingURL=a.css.map */\n")
    for name in ("a.js", "a.css"):
        assets.copy(tmp_path / name, tmp_path / "out" / name)
        assert "sourceMapping" not in (tmp_path / "out" / name).read_text()


def test_node_of_the_wheel_serves_where_the_machine_has_none(
    assets: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets.shutil, "which", lambda _: None)
    node, npm = assets.find_node()
    assert Path(node).is_file()
    assert Path(npm[1]).is_file()


def test_a_failure_of_npm_is_told_by_its_error_and_not_by_a_warning(
    assets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "npm"
    program.write_text(
        "#!/bin/sh\necho 'npm warn Unknown config' >&2\necho 'npm error code ENOTFOUND' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(assets, "find_node", lambda: (str(program), [str(program)]))
    with pytest.raises(assets.Trouble, match="ENOTFOUND"):
        assets.install_packages(tmp_path)
