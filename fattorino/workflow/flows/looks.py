"""*Impostazioni comuni*: what a state is called and how it looks, the same for every company of the installation."""

from __future__ import annotations

import datetime
import re
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from fattorino.core.colours import TEXT, contrast, is_colour, readable
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations.flows import audit
from fattorino.organisations.scope import system_scope
from fattorino.workflow.models import Document, StateImage, StateLook, WorkflowDraft, WorkflowVersion

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class Look:
    """The common settings of a state. `icon` is a name of the sprite; `image_sha256` a picture that was uploaded."""

    code: str
    label: str
    tab: str
    order: int = 0
    gadget_label: str = ""
    icon: str = ""
    image_sha256: str = ""
    colour: str = "#5b7083"
    tooltip: str = ""


@transaction.atomic
def save_look(look: Look, *, user_id: int, new: bool, now: datetime.datetime) -> None:
    """Keep the common settings of a state. Whether the user administers the installation is asked at the door.

    Raises:
        RefusedError: with `fields`, for each setting that cannot stay so.
    """
    fields = _problems(look, new)
    if fields:
        raise RefusedError(say("Le impostazioni dello stato non si possono salvare."), fields=fields)
    old = StateLook.objects.select_for_update().filter(code=look.code).first()
    before = {name: getattr(old, name) for name in Look.__slots__} if old else {}
    StateLook.objects.update_or_create(code=look.code, defaults=asdict(look))
    changes = {
        name: [before.get(name), value] for name, value in asdict(look).items() if before.get(name) != value
    }
    if changes:
        audit(
            "stato creato" if new else "impostazioni comuni di uno stato",
            now=now,
            actor_id=user_id,
            codice=look.code,
            modifiche=changes,
        )


def _problems(look: Look, new: bool) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not _CODE.fullmatch(look.code):
        fields["code"] = say(
            "Il codice ha da 2 a 40 lettere maiuscole, cifre e «_», e comincia con una lettera."
        )
    elif new and StateLook.objects.filter(code=look.code).exists():
        fields["code"] = say("C'è già uno stato di codice {code}.", code=look.code)
    if not look.label.strip() or len(look.label) > 80:
        fields["label"] = say("Serve una descrizione di al massimo 80 caratteri.")
    elif StateLook.objects.filter(label__iexact=look.label.strip()).exclude(code=look.code).exists():
        fields["label"] = say("C'è già uno stato di nome «{name}».", name=look.label.strip())
    if not look.tab.strip() or len(look.tab) > 40:
        fields["tab"] = say("Serve il nome del tab, di al massimo 40 caratteri.")
    if not -10_000 <= look.order <= 10_000:
        fields["order"] = say("Serve un numero da -10000 a 10000.")
    if len(look.gadget_label) > 80:
        fields["gadget_label"] = say("Al massimo 80 caratteri.")
    if len(look.tooltip) > 200:
        fields["tooltip"] = say("Al massimo 200 caratteri.")
    if look.image_sha256 and not StateImage.objects.filter(sha256=look.image_sha256).exists():
        fields["immagine"] = say("Quest'immagine non c'è più: caricarla di nuovo.")
    if not is_colour(look.colour):
        fields["colour"] = say("Il colore si scrive come #1e7d32.")
    elif contrast(look.colour, "#ffffff") < TEXT:
        found, wanted = (
            f"{value:.1f}".replace(".", ",") for value in (contrast(look.colour, "#ffffff"), TEXT)
        )
        fields["colour"] = say(
            "Su questo colore il testo bianco non si legge (contrasto {found}, ne serve {wanted}): il più vicino che"
            " si legge è {nearest}.",
            found=found,
            wanted=wanted,
            nearest=readable(look.colour),
        )
    return fields


@transaction.atomic
def delete_look(code: str, *, user_id: int, now: datetime.datetime) -> None:
    """Take a state away from the installation.

    Raises:
        RefusedError: a company's configuration or draft still has it, or documents are in it.
    """
    with system_scope():
        look = StateLook.objects.select_for_update().filter(code=code).first()
        if look is None:
            raise RefusedError(say("Stato non trovato."))
        used = [
            company
            for company, definition in _latest()
            if any(state["code"] == code for state in definition["states"])
        ]
        if used:
            raise RefusedError(
                say(
                    "Lo stato «{state}» è usato da {companies}.",
                    state=look.label,
                    companies=", ".join(sorted(set(used))[:5]),
                ),
                say("Ritirarlo o eliminarlo prima dalla configurazione delle aziende."),
            )
        if Document.objects.filter(state=code).exists():
            raise RefusedError(
                say("Ci sono documenti nello stato «{state}».", state=look.label),
                say("Cambiarne prima lo stato."),
            )
        look.delete()
    audit("stato eliminato", now=now, actor_id=user_id, codice=code)


def _latest() -> list[tuple[str, dict[str, Any]]]:
    """Company and configuration: the published one of each company, and every draft."""
    published = WorkflowVersion.objects.order_by("company_id", "-number").distinct("company_id")
    rows: list[tuple[str, dict[str, Any]]] = list(published.values_list("company__name", "definition"))
    return rows + list(WorkflowDraft.objects.values_list("company__name", "definition"))
