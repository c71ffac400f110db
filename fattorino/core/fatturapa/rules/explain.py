"""Every code of SdI in the words of an office: what happened, what to do, which field to correct."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.fatturapa.rules import explain_content, explain_file
from fattorino.core.fatturapa.rules.table import CONTROLS
from fattorino.core.texts import say


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained.

    Attributes:
        official_text: as SdI's documents have it; "" for a code that we do not know.
        plain: what it means, in plain Italian.
        remedy: what to do.
        field: the field of Draft or Party to correct, without row index ("linee.aliquota_iva",
            "cessionario.id_codice"); "cedente..." is in the settings of the company; "" when there is none.
    """

    code: str
    official_text: str
    plain: str
    remedy: str
    field: str


_WORDS = explain_file.WORDS | explain_content.WORDS


def explain(code: str) -> Explanation:
    """A code in plain Italian. A code that is not in our list comes back with a word on what to do all the same."""
    control, words = CONTROLS.get(code), _WORDS.get(code)
    if control is None or words is None:
        return Explanation(
            code,
            "",
            say(
                "Il Sistema di Interscambio ha risposto con il codice {code}, che qui non è descritto.",
                code=code,
            ),
            say("Leggere la descrizione che accompagna lo scarto; se non basta, chiedere assistenza."),
            "",
        )
    return Explanation(code, control.text, *words)


EXPLAINED = frozenset(_WORDS)
