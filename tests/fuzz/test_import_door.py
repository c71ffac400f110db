"""What people hand in at the import: every file of an archive gets an outcome in words, whatever is in it."""

from __future__ import annotations

import os
import random

import pytest

from fattorino.documents import importing
from fattorino.documents.models import ImportedFile
from tests.desk import Desk, run_jobs
from tests.documents.test_importing import xml_of
from tests.fuzz import corpus, mutate_xml
from tests.fuzz.mutate_zip import packed

SEED = int(os.environ.get("FATTORINO_SEED") or 2026)
# A text longer than any column, one that no pattern knows, characters of every kind.
ODD = ("A" * 300, "x", "è" * 21, "😀", "9999-12-31", "0001-01-01", "-99999999999.99", "\x85", "&lt;b&gt;", "")


def outcomes(desk: Desk, files: list[bytes]) -> list[dict[str, object]]:
    """One archive with all of them, taken as the worker takes it."""
    content = packed([(f"IT01234567890_{number:05}.xml", data) for number, data in enumerate(files)])
    row = importing.take_file(desk.actor, "fatture.zip", content, now=desk.now)
    run_jobs(skip=frozenset({"hub.turn"}))
    taken = ImportedFile.objects.get(pk=row.pk)
    assert taken.status in ("done", "partly", "refused"), taken.status
    assert len(taken.outcomes) == len(files)
    for outcome in taken.outcomes:
        assert outcome["message"]
    return list(taken.outcomes)


def leaves_changed(data: bytes, rng: random.Random) -> list[bytes]:
    """The file once for each of its values, with an odd one in its place."""
    tokens = mutate_xml.tokens_of(data)
    leaves = [span for span in mutate_xml.spans_of(tokens) if span.last - span.first == 2]
    return [
        b"".join([*tokens[: leaf.first + 1], text.encode(), *tokens[leaf.last :]])
        for leaf in leaves
        for text in rng.sample(ODD, 3)
    ]


@pytest.mark.parametrize("round_", range(2))
def test_every_file_of_an_archive_gets_an_outcome(desk: Desk, round_: int) -> None:
    rng = random.Random(SEED + round_)
    ours = xml_of(desk, numero=f"7{round_}")
    mutants = [mutate_xml.mutate(ours, rng, corpus.invoices()) for _ in range(60)]
    told = outcomes(desk, [*leaves_changed(ours, rng), *mutants])
    assert any(outcome["ok"] for outcome in told) and not all(outcome["ok"] for outcome in told)


def test_samples_of_other_programs_get_an_outcome(desk: Desk) -> None:
    outcomes(
        desk, [*corpus.samples("invoices"), *corpus.samples("signed"), *corpus.samples("notifications"), b"x"]
    )


def test_a_value_longer_than_its_column_is_refused_in_words_and_takes_no_other_file_with_it(
    desk: Desk,
) -> None:
    """Found here: the database's refusal ended the job, and the archive stayed without outcomes."""
    broken = xml_of(desk, numero="81").replace(b"<CodiceDestinatario>", b"<CodiceDestinatario>00000000")
    first, second = outcomes(desk, [broken, xml_of(desk, numero="82")])
    assert (first["ok"], first["code"], second["ok"]) == (False, "00200", True)
    assert "CodiceDestinatario" in str(first["message"])
