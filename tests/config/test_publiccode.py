"""publiccode.yml 0.5: what the catalogue's validator refuses (standard, "The Standard (core)")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    text = (ROOT / "publiccode.yml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_obligatory_keys(described: dict[str, Any]) -> None:
    for key in ("publiccodeYmlVersion", "name", "url", "platforms", "categories", "developmentStatus",
                "softwareType", "description", "legal", "maintenance", "localisation"):  # fmt: skip
        assert described.get(key), key
    assert described["publiccodeYmlVersion"] in ("0.4", "0.5")
    assert described["legal"]["license"] == "EUPL-1.2"
    assert described["maintenance"]["contacts"]
    assert isinstance(described["localisation"]["localisationReady"], bool)


@pytest.mark.parametrize("language", ["it", "en"])
def test_descriptions_have_the_lengths_of_the_standard(described: dict[str, Any], language: str) -> None:
    text = described["description"][language]
    assert 0 < len(text["shortDescription"]) <= 150
    assert 150 <= len(text["longDescription"]) <= 10_000
    assert text["features"]


def test_italian_section(described: dict[str, Any]) -> None:
    assert described["IT"]["countryExtensionVersion"] == "1.0"
    assert set(described["IT"]["conforme"]) == {
        "lineeGuidaDesign", "modelloInteroperabilita", "misureMinimeSicurezza", "gdpr",
    }  # fmt: skip


def test_version_is_the_projects(described: dict[str, Any]) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert described["softwareVersion"] == project["version"]
