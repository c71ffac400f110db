"""What the table of controls quotes is what the official texts say, letter by letter."""

from __future__ import annotations

import pathlib
import re

import pytest

from fattorino.core.fatturapa.rules.table import CONTROLS

LISTS = ("Elenco_Controlli_PA_v1.7_20201001.txt", "AdE_AllegatoA_v1.6.1_20201001.txt")
TABLES = ("Tabellare_Ordinaria_v1.8.tsv", "Tabellare_Semplificata_2022.tsv")
# Texts of which no copy is at hand: of Allegato A 1.9.1, and of the list 1.5, which the schema has since made idle.
NOT_AT_HAND = {"00327", "00459"}
# Codes of the dati fatture transfrontaliere, a communication of its own (Allegato A, appendix 2).
OF_DATI_FATTURE = {
    f"{code:05}" for code in (*range(431, 437), 442, *range(446, 449), *range(461, 471), *range(500, 601))
}


def plain(text: str) -> str:
    """Without what sets a text in pages: blanks, the kind of quotes, capitals."""
    text = re.sub("[’‘]", "'", re.sub("[“”«»]", '"', text)).replace("deve esserre", "deve essere")
    return re.sub(r"\s", "", text).lower()


@pytest.fixture(scope="module")
def official(shared_data: pathlib.Path) -> dict[str, str]:
    """Code -> everything that the official texts say after it, up to the next code."""
    found: dict[str, str] = {}
    for name in (*LISTS, *TABLES):
        text = (shared_data / "sdi" / "docs" / name).read_text("utf-8")
        if name in LISTS:
            text = re.sub(
                r"\n[^\n]*\[versione 1\.7\]\s*Pag\.[^\n]*\n[^\n]*\n|\f|\n\s*\d{1,3}\s*\n", "\n", text
            )
        marks = list(re.finditer(r"(?:Codice:?\s+|\b)(00\d{3})\b:?", text))
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            end = following.start() if following else mark.end() + 1000
            found[mark[1]] = found.get(mark[1], "") + "\n" + text[mark.end() : end]
    return {code: plain(text) for code, text in found.items()}


@pytest.mark.parametrize("code", sorted(CONTROLS.keys() - NOT_AT_HAND))
def test_the_text_of_a_control_is_the_official_one(official: dict[str, str], code: str) -> None:
    assert plain(CONTROLS[code].text) in official[code]


def test_what_is_said_not_to_be_at_hand_is_not(official: dict[str, str]) -> None:
    assert all(plain(CONTROLS[code].text) not in official.get(code, "") for code in NOT_AT_HAND)


def test_no_code_of_the_lists_is_missing(shared_data: pathlib.Path) -> None:
    for name in LISTS:
        text = (shared_data / "sdi" / "docs" / name).read_text("utf-8")
        codes = set(re.findall(r"-\s+Codice:?\s+(00\d{3})\b", text))
        assert codes - OF_DATI_FATTURE <= CONTROLS.keys(), name
