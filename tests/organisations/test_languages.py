"""What was recorded in Italian is said again by the catalogues of all rooms."""

from __future__ import annotations

import pytest
from django.utils import translation

from fattorino.organisations import languages


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("Controlli superati.", "Checks passed."),
        ("Controlli superati, 1 avviso.", "Checks passed, 1 warning."),
        ("Controlli superati, 12 avvisi.", "Checks passed, 12 warnings."),
        (
            "Nel file un altro punto ha lo stesso difetto dei 3 elencati.",
            "In the file one other place has the same fault as the 3 listed.",
        ),
    ],
)
def test_a_recorded_sentence_that_counts_is_said_again(recorded: str, told: str) -> None:
    with translation.override("en"):
        assert languages.recorded(recorded) == (told, False)
    with translation.override("it"):
        assert languages.recorded(recorded) == (recorded, False)


def test_a_sentence_that_counts_wrongly_is_none_of_ours() -> None:
    with translation.override("en"):
        assert languages.recorded("Controlli superati, 1 avvisi.") == ("Controlli superati, 1 avvisi.", True)
