"""What may be wrong with the format of a document, in words: `walk` finds it and says where."""

from __future__ import annotations

import functools
from typing import NamedTuple

from fattorino.core.texts import say
from fattorino.core.tracciati.declaration import Field
from fattorino.core.tracciati.refusals import Refusal, shown


class Fault(NamedTuple):
    message: str
    hint: str = ""


def not_signed(root: str) -> Fault:
    return Fault(
        say("Manca la firma <ds:Signature> in <{element}>.", element=root), say("Firmare il documento.")
    )


def other_root(found: str, root: str) -> Fault:
    return Fault(say("L'elemento radice è <{found}>: serve <{element}>.", found=found, element=root))


def other_namespace(found: str, root: str, wanted: str) -> Fault:
    if found:
        message = say("Il namespace di <{element}> è «{namespace}».", element=root, namespace=found)
    else:
        message = say("Il namespace di <{element}> è assente.", element=root)
    return Fault(message, say("Serve il namespace «{namespace}».", namespace=wanted))


def attribute_missing(line: Field, versions: tuple[str, ...]) -> Fault:
    message = say(
        "Manca l'attributo obbligatorio {attribute} ({description}).",
        attribute=line.name,
        description=line.description,
    )
    admitted = functools.reduce(lambda one, other: say("{one} o {other}", one=one, other=other), versions)
    return Fault(message, say('Scrivere {attribute}="{versions}".', attribute=line.name, versions=admitted))


def attribute_refused(line: Field, refusal: Refusal) -> Fault:
    message = say("L'attributo {attribute} {refusal}.", attribute=line.name, refusal=refusal.message)
    return Fault(message, refusal.hint)


def attribute_unknown(attribute: str, element: str) -> Fault:
    message = say(
        "L'attributo {attribute} non è previsto in <{element}>.", attribute=attribute, element=element
    )
    return Fault(message, say("Togliere {attribute}.", attribute=attribute))


def odd_schema_location() -> Fault:
    return Fault(
        say("L'attributo xsi:schemaLocation deve contenere coppie di URI."),
        say("Togliere l'attributo xsi:schemaLocation."),
    )


def missing(line: Field, parent: str) -> Fault:
    message = say(
        "Manca l'elemento obbligatorio <{element}> ({description}) in <{parent}>.",
        element=line.name,
        description=line.description,
        parent=parent,
    )
    return Fault(message, say("Aggiungere <{element}>.", element=line.name))


def choice_not_met(groups: tuple[tuple[str, ...], ...], seen: set[str], parent: str) -> Fault:
    """Of `groups` exactly one must be there, whole; `seen`: the names that are."""
    touched = [group for group in groups if any(name in seen for name in group)]
    ways = _ways(groups)
    if not touched:
        message = say("Mancano {elements} in <{parent}>.", elements=ways, parent=parent)
    elif len(touched) == 1:
        absent = next(name for name in touched[0] if name not in seen)
        message = say("Manca l'elemento <{element}> in <{parent}>.", element=absent, parent=parent)
    else:
        names = ", ".join(f"<{name}>" for group in touched for name in group if name in seen)
        message = say("{elements} non possono stare insieme in <{parent}>.", elements=names, parent=parent)
    return Fault(message, say("Indicare soltanto {elements}.", elements=ways))


def _ways(groups: tuple[tuple[str, ...], ...]) -> str:
    ways: list[str] = []
    for group in groups:
        names: list[str] = [f"<{name}>" for name in group]
        ways.append(functools.reduce(lambda one, other: say("{one} e {other}", one=one, other=other), names))
    return functools.reduce(lambda one, other: say("{one} oppure {other}", one=one, other=other), ways)


def elements_inside(line: Field) -> Fault:
    return Fault(
        say(
            "<{element}> ({description}) non può contenere altri elementi.",
            element=line.name,
            description=line.description,
        )
    )


def refused(line: Field, refusal: Refusal) -> Fault:
    message = say(
        "<{element}> ({description}) {refusal}.",
        element=line.name,
        description=line.description,
        refusal=refusal.message,
    )
    return Fault(message, refusal.hint)


def beyond_us(line: Field, text: str) -> Fault:
    return Fault(
        say(
            "<{element}> ({description}) vale {value}, che non si può trattare.",
            element=line.name,
            description=line.description,
            value=shown(text),
        )
    )


def stray_text(element: str) -> Fault:
    return Fault(
        say("In <{element}> c'è testo fuori dagli elementi.", element=element), say("Togliere il testo.")
    )


def in_a_namespace(element: str) -> Fault:
    return Fault(
        say("<{element}> è in un namespace: soltanto la radice deve averne uno.", element=element),
        say("Togliere il prefisso, oppure l'attributo xmlns senza prefisso dalla radice."),
    )


def unexpected(element: str, parent: str, perhaps: str) -> Fault:
    """`perhaps`: the name that was meant, "" where none comes near."""
    message = say("<{element}> non è previsto in <{parent}>.", element=element, parent=parent)
    if perhaps:
        return Fault(message, say("Forse si intende <{element}>.", element=perhaps))
    return Fault(message, say("Togliere <{element}>.", element=element))


def repeated(line: Field) -> Fault:
    if line.most == 1:
        message = say(
            "<{element}> ({description}) è ripetuto: è ammesso una sola volta.",
            element=line.name,
            description=line.description,
        )
    else:
        message = say(
            "<{element}> ({description}) è ripetuto: è ammesso al massimo {most} volte.",
            element=line.name,
            description=line.description,
            most=line.most,
        )
    return Fault(message, say("Togliere le ripetizioni."))


def out_of_place(line: Field, following: Field) -> Fault:
    message = say(
        "<{element}> ({description}) è fuori posto: deve stare prima di <{following}>.",
        element=line.name,
        description=line.description,
        following=following.name,
    )
    hint = say("Spostare <{element}> prima di <{following}>.", element=line.name, following=following.name)
    return Fault(message, hint)
