"""The form of what is asked for of a document that will be preserved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from fattorino.documents.preserving import Answers, Asked


class PreservationForm:
    """Attributes: `values`, `errors` and `warnings` by name, as the tag `field` wants them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        names = [field.name for field in fields(Answers)]
        self.values = {name: values.get(name, "") for name in [*names, "versione"]}
        self.errors: dict[str, str] = {}
        self.warnings: dict[str, str] = {}

    @classmethod
    def of(cls, asked: Asked) -> PreservationForm:
        answers = asked.answers
        values = {field.name: str(getattr(answers, field.name)) for field in fields(answers)}
        return cls(
            values
            | {
                "riservato": "1" if answers.riservato else "",
                "parole_chiave": ", ".join(answers.parole_chiave),
                "versione": str(asked.version),
            }
        )

    @property
    def seen(self) -> int:
        """The version of the answers this form was made from; of a form that was tampered with, none there is."""
        text = self.values["versione"]
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    def read(self) -> Answers:
        """What was typed; blanks drawn together, as a field of one line holds no other."""
        text = {name: " ".join(value.split()) for name, value in self.values.items()}
        years = text["tempo_di_conservazione"]
        words = (" ".join(word.split()) for word in self.values["parole_chiave"].split(","))
        return Answers(
            riservato=bool(text["riservato"]),
            tempo_di_conservazione=int(years)
            if years.isascii() and years.isdecimal() and len(years) < 6
            else 0,
            indice_di_classificazione=text["indice_di_classificazione"],
            descrizione_classificazione=text["descrizione_classificazione"],
            id_aggregazione=text["id_aggregazione"],
            parole_chiave=tuple(dict.fromkeys(filter(None, words))),
            note=text["note"],
        )
