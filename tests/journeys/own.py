"""Companies of their own, for journeys that change a configuration, count notices or lock a door behind themselves.

All journeys share one product and may be walked in any order: what is the demo company's stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fattorino import clock
from fattorino.config import demo
from fattorino.documents import numbering
from fattorino.hub.flows.keys import save_key
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.flows import save_company, save_user, set_installation_admin
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow

PERSON = "Laura Conti"


@dataclass(frozen=True)
class Own:
    """A company, and its one person, who administers it."""

    number: str
    name: str
    email: str

    @property
    def party(self) -> dict[str, Any]:
        return {
            **demo.ORDINE,
            "id_codice": self.number,
            "codice_fiscale": self.number,
            "denominazione": self.name,
        }


COMPANIES = {
    "stati": Own("03123450128", "Ordine degli Architetti di Esempio", "stati@proprie.example"),
    "avvisi": Own("04234560128", "Ordine dei Farmacisti di Esempio", "avvisi@proprie.example"),
    "porta": Own("05345670128", "Ordine dei Medici di Esempio", "porta@proprie.example"),
}


def found(which: str) -> None:
    """Make it, inside the product's environment."""
    own, now = COMPANIES[which], clock.now()
    company = save_company(own.party, now=now, default_iban=demo.IBAN)
    with company_scope(company.pk):
        workflow.load_standard(company, now=now)
        numbering.load_standard(company.pk)
        key = issue(make_ca(at=now), Holder("Laura", "Conti", "VRDLCU82D25L219V"), "demo", at=now)
        save_key(company.pk, key, "demo", now=now)
    save_user(own.email, demo.PASSWORD, PERSON, {company.pk: "admin"}, now=now)
    set_installation_admin(own.email, True, now=now)
