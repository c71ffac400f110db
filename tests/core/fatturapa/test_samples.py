"""Every collected sample gives the codes noted with it, or the difference is explained here with its source.

The notes are in `PROVENANCE.tsv` beside the samples. "oracle: 00422" there is what an independent program (libxml2 on
the official schemas, and the formulas of the controls written a second time) found in the invoice; it read each
tolerance the lenient way, and of signatures it looked only at their integrity.
"""

from __future__ import annotations

import csv
import datetime
import pathlib
import re

import pytest

from fattorino.core.fatturapa import check
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.core.fatturapa.file_check import Question, Result, check_file
from tests.conftest import SHARED

AT = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
FOLDERS = ("invoices", "signed")
SAMPLES = sorted(
    f"{folder}/{path.name}" for folder in FOLDERS for path in (SHARED / "sdi" / folder).glob("*")
)

EDGE = (
    "Tax one cent off. Elenco dei controlli 2.0, 00421: passed where the difference is below 0,01; Allegato A 1.6.1: "
    "one cent is admitted. Whoever sends is judged by the stricter text."
)
EXPIRED = (
    "The holder's certificate ended years ago. Whether SdI looks at the day of signing or of reception is not "
    "published (Elenco dei controlli 1.7, 00100); the stricter reading is taken. The note is on integrity only."
)
# file -> codes that we find beyond the noted ones, and why.
EXPLAINED: dict[str, tuple[set[str], str]] = {
    "invoices/OCA__IT06363391001_00008.xml": ({"00421"}, EDGE),
    "invoices/devcode-it__IT01234567890_FPR02.xml": ({"00421"}, EDGE),
    "invoices/devcode-it__IT01234567890_FPR03.xml": ({"00421"}, EDGE),
    "invoices/phax__IT01234567890_FPR02~3.xml": ({"00421"}, EDGE),
    "invoices/phax__IT01234567890_FPR03.xml": ({"00421"}, EDGE),
    "invoices/devcode-it__ST_Fatturazione_elettronica_-_ITHVQWPH73P42H501Y_X0024_ITHVQWPH73P42H501Y_X0024.xml": (
        {"00100"},
        EXPIRED,
    ),
    "signed/FatturaElett__IT02182030391_31.Base64.xml.p7m": ({"00100"}, EXPIRED),
    "signed/FatturaElett__IT02182030391_31.xml.p7m": ({"00100"}, EXPIRED),
    "signed/OCA__IT01234567890_FPR03.xml.p7m": ({"00100"}, EXPIRED),
}

SELF = (
    "FPA12 with TD01 from a company to itself. The Elenco dei controlli 2.0 (PA) lists for 00471 only TD16-TD20 and "
    "TD29; the tabular description 1.8 also TD01. A receiver refuses only what breaks both."
)
# file -> codes noted that a lenient receiver does not find, and why.
PARDONED: dict[str, tuple[set[str], str]] = {
    "invoices/OCA__IT03297040366_00019.xml": ({"00471"}, SELF),
    "invoices/OCA__IT06363391001_00002.xml": ({"00471"}, SELF),
    "invoices/OCA__IT06363391001_00003~2.xml": ({"00471"}, SELF),
}


@pytest.fixture(scope="module")
def notes(shared_data: pathlib.Path) -> dict[str, str]:
    with (shared_data / "sdi" / "PROVENANCE.tsv").open(encoding="utf-8", newline="") as file:
        return {
            row["file"]: row["note"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        }


def noted(note: str) -> list[set[str]]:
    """The sets of codes that a note admits; mostly one.

    Raises ValueError for a note of another kind, so that no sample passes unread."""
    if note.startswith(("valid (oracle: no locally checkable error)", "integrity OK")):
        return [set()]
    if found := re.match(r"invalid \(oracle: (\d{5}(?: \d{5})*)\)", note):
        return [set(found[1].split())]
    if found := re.match(r"INVALID/unverifiable \(expect (\d{5}) or (\d{5})\)", note):
        return [{found[1]}, {found[2]}]
    raise ValueError(note)


def judged(name: str, shared_data: pathlib.Path, at: datetime.datetime = AT) -> Result:
    data = (shared_data / "sdi" / name).read_bytes()
    (result,) = check_file(name, data, Question(AT.date(), at))
    return result


def errors(result: Result) -> set[str]:
    return {finding.code for finding in result.findings if finding.is_error}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_the_codes_noted_or_explained(
    name: str, notes: dict[str, str], shared_data: pathlib.Path
) -> None:
    more, _why = EXPLAINED.get(name, (set(), ""))
    wanted = noted(notes[name])
    assert all(not more & codes for codes in wanted), "what is noted needs no explanation"
    assert errors(judged(name, shared_data)) in [codes | more for codes in wanted]


@pytest.mark.parametrize(
    "name", [name for name in SAMPLES if "_tampered" not in name]
)  # that one cannot be opened
def test_a_lenient_receiver_finds_what_is_noted_of_the_content_or_pardons_it(
    name: str, notes: dict[str, str], shared_data: pathlib.Path
) -> None:
    content = unwrap((shared_data / "sdi" / name).read_bytes()).content
    found = {one.code for one in check(content, on=AT.date(), side="receiver") if one.is_error}
    pardoned, _why = PARDONED.get(name, (set(), ""))
    assert all(pardoned <= codes for codes in noted(notes[name])), "nothing noted is pardoned"
    assert found in [codes - pardoned for codes in noted(notes[name])]


EXPIRED_SAMPLES = sorted(name for name, (codes, _why) in EXPLAINED.items() if codes == {"00100"})


@pytest.mark.parametrize("name", EXPIRED_SAMPLES)
def test_on_its_own_day_an_expired_signature_was_fine(name: str, shared_data: pathlib.Path) -> None:
    at = datetime.datetime(2018, 12, 31, tzinfo=datetime.UTC)  # after all signatures, before the first end
    assert errors(judged(name, shared_data, at)) == set()


def test_nothing_is_explained_that_is_not_there(shared_data: pathlib.Path) -> None:
    assert set(EXPLAINED) | set(PARDONED) <= set(SAMPLES)


def test_every_file_noted_as_an_invoice_is_there_and_the_other_way_round(notes: dict[str, str]) -> None:
    listed = {name for name in notes if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    assert listed == set(SAMPLES)
