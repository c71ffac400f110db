"""What the strict policy forbids must not be in any template, and what templates name must exist."""

from __future__ import annotations

import json
import pathlib
import re

import pytest
from django.template.loader import get_template

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fattorino"
FOLDERS = sorted(ROOT.glob("*/templates"))
TEMPLATES = [(f, p) for f in FOLDERS for p in sorted(f.rglob("*.html")) if "readable" not in p.parts]
IDS = [str(p.relative_to(f)) for f, p in TEMPLATES]
STYLES = "\n".join(p.read_text() for p in ROOT.rglob("static/**/*.css") if "vendor" not in p.parts)
FRONTEND = ROOT / "web" / "frontend"
ASSETS = [
    line.split()
    for line in (FRONTEND / "assets.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_no_inline_style_script_or_handler(template: tuple[pathlib.Path, pathlib.Path]) -> None:
    text = template[1].read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=|\shx-on|javascript:|<style", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text), "a trigger filter needs eval"
    assert "hx-vals='js:" not in text and 'hx-vals="js:' not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_every_template_compiles(template: tuple[pathlib.Path, pathlib.Path]) -> None:
    get_template(str(template[1].relative_to(template[0])))


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_every_form_that_posts_carries_the_token(template: tuple[pathlib.Path, pathlib.Path]) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template[1].read_text(), re.S):
        assert "csrf_token" in form


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_an_alert_has_one_of_the_colours_that_there_are(template: tuple[pathlib.Path, pathlib.Path]) -> None:
    """Of another word it would be an alert like any: a refusal in the colour of a note."""
    for name in set(re.findall(r"\b(?:ft-alert|st-mark)-[a-z]+\b", template[1].read_text())):
        assert f".{name} " in STYLES


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_vendor_files_that_are_named_are_on_the_whitelist(
    template: tuple[pathlib.Path, pathlib.Path],
) -> None:
    served = {target for _, target in ASSETS}
    for name in re.findall(r"vendor/([\w./-]+)", template[1].read_text()):
        assert name in served


def test_the_fonts_of_the_stylesheet_are_on_the_whitelist() -> None:
    css = (ROOT / "web/static/fattorino/css/fonts.css").read_text()
    served = {target for _, target in ASSETS}
    names = re.findall(r"vendor/([\w./-]+)", css)
    assert len(names) == 6 and set(names) <= served


def test_the_lock_names_versions_and_hashes_but_no_address() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
    for source, _ in ASSETS:
        assert f"node_modules/{source.split('/')[0]}" in packages


def test_scripts_use_nothing_the_policy_forbids() -> None:
    for folder in (ROOT / "web/static/fattorino", ROOT / "documents/static", ROOT / "workflow/static"):
        for script in folder.rglob("*.js"):
            text = script.read_text()
            assert not re.search(
                r"\beval\(|new Function|setAttribute\(\"style\"|\.cssText|insertRule", text
            ), script
