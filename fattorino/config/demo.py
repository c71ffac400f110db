"""The demo: two companies, their people and keys, and documents on their way. Loaded once, never changed again."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fattorino.core.fatturapa.draft import Bollo, Cassa, Draft, Line, Party, Payment, Reference, Ritenuta
from fattorino.core.workflow.definition import DocumentKind
from fattorino.documents import flows as documents
from fattorino.documents import numbering
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.flows.channel_settings import choose_ways, save_channel
from fattorino.hub.flows.keys import save_key
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.flows import save_company, save_user, set_installation_admin
from fattorino.organisations.queries import Actor, find_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow

EMAIL, PASSWORD = "segreteria@ordine.example", "Fattorino-demo-2026"
OTHER_EMAIL = "anna@studio.example"
ORDINE: dict[str, Any] = {
    "id_paese": "IT",
    "id_codice": "02100450127",
    "codice_fiscale": "02100450127",
    "denominazione": "Ordine degli Ingegneri della Provincia di Esempio",
    "indirizzo": "Via dei Mille",
    "numero_civico": "12",
    "cap": "21100",
    "comune": "Varese",
    "provincia": "VA",
    "nazione": "IT",
    "regime_fiscale": "RF01",
    "telefono": "0332123456",
    "email": "segreteria@ordine.example",
}
STUDIO: dict[str, Any] = {
    "id_paese": "IT",
    "id_codice": "03456789019",
    "codice_fiscale": "BNCGLI80A41H501C",
    "nome": "Giulia",
    "cognome": "Bianchi",
    "titolo": "Ing.",
    "indirizzo": "Piazza Cavour",
    "numero_civico": "3",
    "cap": "20121",
    "comune": "Milano",
    "provincia": "MI",
    "nazione": "IT",
    "regime_fiscale": "RF01",
    "albo_professionale": "Ordine degli Ingegneri",
    "provincia_albo": "MI",
    "numero_iscrizione_albo": "A12345",
}
IBAN = "IT60X0542811101000000123456"

COMUNE = Party(
    codice_fiscale="80102300151",
    denominazione="Comune di Belvedere",
    indirizzo="Piazza del Municipio",
    numero_civico="1",
    cap="20100",
    comune="Milano",
    provincia="MI",
    nazione="IT",
)
ROSSI = Party(
    id_paese="IT",
    id_codice="01122334459",
    denominazione="Rossi Costruzioni S.r.l.",
    indirizzo="Via Garibaldi",
    numero_civico="40",
    cap="21013",
    comune="Gallarate",
    provincia="VA",
    nazione="IT",
)
MARIO = Party(
    codice_fiscale="RSSMRA75C12F205K",
    nome="Mario",
    cognome="Rossi",
    indirizzo="Via Verdi",
    numero_civico="5",
    cap="20121",
    comune="Milano",
    provincia="MI",
    nazione="IT",
)
WEBER = Party(
    id_paese="DE",
    id_codice="811907980",
    denominazione="Weber Ingenieure GmbH",
    indirizzo="Hauptstraße 7",
    cap="00000",
    comune="München",
    nazione="DE",
)


def load(*, now: datetime.datetime, today: datetime.date) -> bool:
    """Load the demo unless it is there; returns whether it was loaded."""
    if find_company(ORDINE["id_codice"]):
        return False
    ca = make_ca(at=now)
    ordine = _company(ORDINE, Holder("Laura", "Conti", "VRDLCU82D25L219V", ORDINE["denominazione"]), ca, now)
    studio = _company(STUDIO, Holder("Giulia", "Bianchi", "BNCGLI80A41H501C"), ca, now)
    user = save_user(EMAIL, PASSWORD, "Laura Conti", {ordine.pk: "admin", studio.pk: "operator"}, now=now)
    set_installation_admin(EMAIL, True, now=now)
    save_user(OTHER_EMAIL, PASSWORD, "Anna Verdi", {studio.pk: "admin"}, now=now)
    actor = Actor("utente", "Laura Conti", ordine.pk, user.pk, "admin")
    with company_scope(ordine.pk):
        _channels(actor, now)
        for draft, kind, send in _ordine_documents(today):
            _document(actor, draft, kind, send, now, today)
    actor = replace(actor, company_id=studio.pk, role="operator")
    with company_scope(studio.pk):
        _document(actor, _parcella(today), DocumentKind.FATTURA, True, now, today)
    return True


def _company(party: dict[str, Any], holder: Holder, ca: Any, now: datetime.datetime) -> Any:
    company = save_company(party, now=now, default_iban=IBAN)
    with company_scope(company.pk):
        workflow.load_standard(company, now=now)
        numbering.load_standard(company.pk)
        save_key(company.pk, issue(ca, holder, "demo", at=now), "demo", now=now)
    return company


def _channels(actor: Actor, now: datetime.datetime) -> None:
    """The simulator as the way of everything, and the portal for whoever wants to try that."""
    simulator = save_channel(actor, "sdicoop", Wanted("Simulatore di SdI", 0, 4), now=now)
    save_channel(actor, "by_hand", Wanted("Portale dell'Agenzia", 0, 1), now=now)
    choose_ways(actor, {"": (simulator.pk, None)}, now=now)


def _document(
    actor: Actor, draft: Draft, kind: str, send: bool, now: datetime.datetime, today: datetime.date
) -> None:
    series = "R" if kind == DocumentKind.RICEVUTA else ""
    document = documents.save_document(actor, draft, kind=kind, sezionale=series, now=now, today=today)
    if send:
        workflow.request_action(document.pk, actor, now=now)


def _ordine_documents(today: datetime.date) -> list[tuple[Draft, str, bool]]:
    euro, rate = Decimal, Decimal(22)
    transfer = (Payment(modalita_pagamento="MP05", iban=IBAN),)
    base = Draft(
        data=today,
        condizioni_pagamento="TP02",
        pagamenti=transfer,
        linee=(
            Line("Corso di aggiornamento sulla sicurezza", euro(1), None, euro("350.00"), aliquota_iva=rate),
        ),
    )
    cig = Reference(kind="DatiContratto", id_documento="CONV-2026/14", codice_cig="Z1A2B3C4D5")
    exempt = Line(
        "Quota di iscrizione al convegno",
        euro(1),
        None,
        euro("120.00"),
        aliquota_iva=euro(0),
        natura="N4",
        riferimento_normativo="Art. 10 DPR 633/72",
    )
    room = Line("Uso della sala riunioni", euro(2), "ore", euro("45.00"), aliquota_iva=rate)
    pa = replace(base, cessionario=COMUNE, riferimenti=(cig,), esigibilita_iva="S")
    return [
        (replace(pa, codice_destinatario="ABC123"), DocumentKind.FATTURA, True),
        (replace(base, cessionario=ROSSI, codice_destinatario="M5UXCR1"), DocumentKind.FATTURA, True),
        (
            replace(base, cessionario=MARIO, linee=(exempt,), bollo=Bollo(Decimal("2.00"))),
            DocumentKind.FATTURA,
            True,
        ),
        (
            replace(base, cessionario=ROSSI, codice_destinatario="IGNOTO0", linee=(room,)),
            DocumentKind.FATTURA,
            True,
        ),
        (replace(pa, codice_destinatario="RIFIUT"), DocumentKind.FATTURA, True),
        (replace(base, cessionario=WEBER, linee=(_abroad(),)), DocumentKind.FATTURA, False),
        (replace(base, cessionario=MARIO, linee=(_fee(),), pagamenti=()), DocumentKind.RICEVUTA, False),
    ]


def _abroad() -> Line:
    return Line(
        "Accesso alla banca dati tecnica",
        Decimal(1),
        None,
        Decimal("900.00"),
        aliquota_iva=Decimal(0),
        natura="N2.1",
        riferimento_normativo="Art. 7-ter DPR 633/72",
    )


def _fee() -> Line:
    return Line(
        "Quota annuale di iscrizione all'Albo",
        Decimal(1),
        None,
        Decimal("180.00"),
        aliquota_iva=Decimal(0),
        natura="N2.2",
        riferimento_normativo="Attività istituzionale",
    )


def _parcella(today: datetime.date) -> Draft:
    return Draft(
        tipo_documento="TD01",
        data=today,
        cessionario=ROSSI,
        codice_destinatario="M5UXCR1",
        linee=(
            Line(
                "Direzione lavori, acconto",
                Decimal(1),
                None,
                Decimal("2500.00"),
                aliquota_iva=Decimal(22),
                ritenuta=True,
            ),
        ),
        casse=(Cassa(tipo_cassa="TC04", al_cassa=Decimal(4), aliquota_iva=Decimal(22)),),
        ritenute=(Ritenuta(tipo_ritenuta="RT01", aliquota_ritenuta=Decimal(20), causale_pagamento="A"),),
        condizioni_pagamento="TP02",
        pagamenti=(Payment(modalita_pagamento="MP05", iban=IBAN),),
    )
