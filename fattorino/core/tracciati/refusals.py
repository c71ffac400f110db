"""Why a text is not admitted by its value type, in words that follow the element's name."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.texts import quoted, say


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is not admitted and what to write instead, in Italian, to follow the element's name."""

    message: str
    hint: str = ""


def shown(text: str) -> str:
    """A value as a message quotes it: short and on one line."""
    text = " ".join(text.split()) if text.strip() else text
    return quoted(text if len(text) <= 60 else f"{text[:57]}...")


def empty(hint: str = "") -> Refusal:
    return Refusal(say("è vuoto"), hint)


def too_long(text: str, longest: int, hint: str = "") -> Refusal:
    return Refusal(say("è lungo {length} caratteri: al massimo {most}", length=len(text), most=longest), hint)


def too_short(text: str, shortest: int) -> Refusal:
    return Refusal(say("è lungo {length} caratteri: almeno {least}", length=len(text), least=shortest))


_REPLACEMENTS = {
    "€": "EUR",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "•": "-",
    "\u2009": " ",
    "\u202f": " ",
}


def bad_character(char: str, *, accents: bool) -> Refusal:
    """`accents`: letters with accents are admitted."""
    if instead := _REPLACEMENTS.get(char):
        hint = say("Scrivere «{instead}» al posto di «{character}».", instead=instead, character=char)
    elif accents:
        hint = say("Sono ammessi: lettere anche accentate, cifre e punteggiatura semplice.")
    else:
        hint = say("Sono ammessi: lettere senza accento, cifre e punteggiatura semplice.")
    code = f"{ord(char):04X}"
    message = say("contiene il carattere «{character}» (U+{code}), non ammesso", character=char, code=code)
    return Refusal(message, hint)


def other_shape(text: str, shape: str) -> Refusal:
    """`shape`: what is wanted."""
    hint = say("Serve: {shape}.", shape=shape)
    return Refusal(say("vale {value}, che non è ammesso", value=shown(text)), hint) if text else empty(hint)


def blanks_around(text: str, *, code: bool = False) -> Refusal:
    if code:
        message = say("ha spazi attorno al codice {value}", value=shown(text))
    else:
        message = say("ha spazi attorno al valore {value}", value=shown(text))
    return Refusal(message, say("Togliere gli spazi."))


def no_code(text: str, codes: tuple[str, ...]) -> Refusal:
    hint = say("Valori ammessi: {codes}.", codes=", ".join(codes))
    if not text:
        return empty(hint)
    return Refusal(say("vale {value}, che non è un codice ammesso", value=shown(text)), hint)


def no_number(text: str, *, digits: int, fewest: int, most: int, signed: bool) -> Refusal:
    if not text:
        return empty(say("Indicare il numero, oppure togliere l'elemento se non è obbligatorio."))
    if "," in text:
        message = say("vale {value}: il separatore dei decimali è il punto", value=shown(text))
    else:
        message = say("vale {value}, che non è un numero ammesso", value=shown(text))
    decimals = str(most)
    if fewest != most:
        decimals = say("da {fewest} a {most}", fewest=fewest, most=most)
    if signed:
        shape = say(
            "un numero anche negativo con {decimals} decimali dopo il punto e al massimo {digits} cifre intere",
            decimals=decimals,
            digits=digits,
        )
    else:
        shape = say(
            "un numero non negativo con {decimals} decimali dopo il punto e al massimo {digits} cifre intere",
            decimals=decimals,
            digits=digits,
        )
    return Refusal(message, say("Serve: {shape}.", shape=shape))


def no_moment(text: str, problem: str, hint: str) -> Refusal:
    if not text:
        return empty(hint)
    return Refusal(say("vale {value}: {problem}", value=shown(text), problem=problem), hint)
