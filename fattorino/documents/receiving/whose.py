"""To which company a received invoice belongs. Never by a name, and never to another company than was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fattorino.core.texts import say
from fattorino.core.values import UNKNOWN_RECIPIENT
from fattorino.documents import flows
from fattorino.documents.models import Reception
from fattorino.documents.receiving.take import BY_HAND
from fattorino.organisations.queries import companies_known_as, companies_receiving_at

if TYPE_CHECKING:
    from fattorino.core.fatturapa.draft import Party

OFFICE = 6  # characters of a PA's office code, which belongs to one body alone


@dataclass(frozen=True, slots=True)
class Owner:
    """`company_id` None: nobody's; then `note` says why. Of a company it may remark upon something odd."""

    company_id: int | None
    note: str = ""


def owner_of(row: Reception, cessionario: Party, code: str) -> Owner:
    """Find the company; call it in the system scope, for it looks among all.

    Args:
        code: CodiceDestinatario as SdI's MT says it, else as the invoice does.
    """
    meant = companies_known_as(cessionario.id_paese, cessionario.id_codice, cessionario.codice_fiscale)
    # Most files need no second question: the invoice means one company, or the one that brought it.
    if row.brought_for in meant:
        return Owner(row.brought_for)
    if not row.brought_for and len(meant) == 1:
        return Owner(meant[0])
    at_code = companies_receiving_at(code) if code and code != UNKNOWN_RECIPIENT else []
    if row.brought_for:
        return _brought(row, meant, at_code, cessionario)
    both = [company for company in meant if company in at_code]
    if len(both) == 1:
        return Owner(both[0])
    if len(at_code) == 1 and len(code) == OFFICE and not meant:
        return Owner(at_code[0], _other_name(cessionario))
    if len(meant) > 1:
        return Owner(
            None,
            say(
                "Più aziende di questa installazione hanno il codice fiscale o la partita IVA del cessionario «{name}»"
                " e il codice destinatario {code} non dice quale sia.",
                name=_name(cessionario),
                code=code,
            ),
        )
    return Owner(
        None,
        say("Nessuna azienda di questa installazione è il cessionario «{name}».", name=_name(cessionario)),
    )


def _brought(row: Reception, meant: list[int], at_code: list[int], cessionario: Party) -> Owner:
    """Of a file that was brought for a company which it does not mean."""
    if row.source in BY_HAND:
        return Owner(
            None,
            say(
                "Il cessionario della fattura è «{name}», non l'azienda: non viene registrata.",
                name=_name(cessionario),
            ),
        )
    # A channel shared by several companies: the other one has said that it receives at this code.
    others = [company for company in meant if company in at_code]
    if len(others) == 1:
        return Owner(others[0])
    if meant:
        return Owner(
            None,
            say(
                "È arrivata sul canale di un'azienda, ma il cessionario «{name}» è un'altra azienda di questa"
                " installazione.",
                name=_name(cessionario),
            ),
        )
    return Owner(row.brought_for, _other_name(cessionario))


def _name(party: Party) -> str:
    return flows.party_name(party) or say("(senza nome)")


def _other_name(party: Party) -> str:
    return say(
        "SdI l'ha consegnata all'azienda, ma il cessionario scritto nella fattura è «{name}», con altri codici.",
        name=_name(party),
    )
