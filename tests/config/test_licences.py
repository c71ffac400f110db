"""What is distributed may be distributed under the EUPL-1.2. Tools of development are not distributed."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Permissive, or weak copyleft that binds only its own files or library. Strong copyleft (GPL, AGPL) would make the
# whole be distributed under that licence, which the EUPL's appendix allows but we do not want unnoticed.
ACCEPTED = re.compile(
    r"\b(MIT(-0)?|0?BSD|BSD[- ][23][- ]Clause|Apache|ISC|PSF|Python Software Foundation|MPL[- ]2|EPL[- ]2|"
    r"Mozilla Public License 2|LGPL|Lesser General Public|ZPL|HPND|Unlicense|CC0|OFL|Zlib)\b",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"proprietary|non-?commercial|\bSSPL\b|\bBUSL\b|Business Source|Elastic License", re.IGNORECASE
)
READ_BY_HAND = {
    "imapclient": "BSD-3-Clause; the wheel brings the text of the licence and names it nowhere",
    "node_modules/dom-walk": "MIT; written in the older form that the lock file does not copy",
    "qrcode": "BSD-3-Clause; the classifier 'Other/Proprietary' is for the notice of the port it came from",
}


def distributed() -> list[str]:
    locked = (ROOT / "requirements" / "base.txt").read_text()
    return re.findall(r"^([A-Za-z0-9._-]+)==", locked, re.MULTILINE)


def licences(name: str) -> list[str]:
    meta = importlib.metadata.metadata(name)
    classifiers = [c for c in meta.get_all("Classifier", []) if c.startswith("License")]
    first_line = (meta.get("License") or "").strip().split("\n")[0]
    return [text for text in (meta.get("License-Expression") or "", first_line, *classifiers) if text]


@pytest.mark.parametrize("name", distributed())
def test_no_dependency_forbids_distribution_under_the_eupl(name: str) -> None:
    try:
        found = licences(name) or [READ_BY_HAND.get(name, "")]
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("belongs to another platform")
    assert any(ACCEPTED.search(text) for text in found), found
    if name not in READ_BY_HAND:
        assert not any(FORBIDDEN.search(text) for text in found), found


def test_no_script_or_font_of_the_pages_forbids_it() -> None:
    lock = ROOT / "fattorino" / "web" / "frontend" / "package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    for path, package in packages.items():
        if path and path not in READ_BY_HAND:
            assert ACCEPTED.search(package["license"]), path


def test_no_registry_address_is_written_anywhere() -> None:
    """A file that names one would install from there also where an organisation has its own."""
    files = [*(ROOT / "requirements").iterdir(), *(ROOT / "fattorino" / "web" / "frontend").glob("*.json")]
    for file in files:
        assert not re.search(r'"resolved"|index-url|find-links|--hash=.*://', file.read_text()), file


def test_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert [int(n) for n in re.findall(r"^(\d+)\. [A-Z]", text, re.MULTILINE)] == list(range(1, 16))
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert text.rstrip().endswith(
        "All other changes or additions to this Appendix require the production of a new\nEUPL version."
    )
