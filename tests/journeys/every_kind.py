"""A company with something of every kind, for journeys that look at every page; run inside the product's environment.

A company of its own: the other journeys count the documents, versions and notices of the demo's.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa.draft import Draft, Line, Payment
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import NotificaDecorrenzaTermini
from fattorino.core.workflow.definition import (
    Action,
    ActionRule,
    Dashboard,
    Notice,
    State,
    StateType,
    Workflow,
)
from fattorino.documents import flows as documents
from fattorino.documents import importing, numbering
from fattorino.documents.models import (
    DocumentFile,
    ImportedFile,
    PassiveInvoice,
    Reception,
    WatchedFolder,
)
from fattorino.documents.receiving import bring, bring_files, read, take_invoice
from fattorino.hub.flows import receive, terms, to_match, webhooks
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.flows.channel_settings import save_channel, set_active
from fattorino.hub.flows.keys import save_key
from fattorino.hub.models import (
    Channel,
    Collected,
    DailyReport,
    OutcomeSent,
    RemoteFile,
    ReportGap,
    Submission,
    WebhookDelivery,
)
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations import groups, tokens
from fattorino.organisations.flows import save_company, save_user, set_installation_admin
from fattorino.organisations.models import Company, User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, flows, models
from fattorino.workflow.flows import bulk, images
from tests.desk import Desk
from tests.documents.received import CODE, OFFICE, SUPPLIER, invoice, mt
from tests.journeys.samples import PNG, invoice_file

PATIENCE = 90.0
INSTALLATION, ADMIN, OPERATOR = "capo@accesso.example", "ada@accesso.example", "olga@accesso.example"
TWO_STEPS, NOWHERE, NEWBORN = "due@accesso.example", "nessuna@accesso.example", "nuova@accesso.example"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FULL: dict[str, Any] = {
    **demo.ORDINE,
    "id_codice": "12345678903",
    "codice_fiscale": "12345678903",
    "denominazione": "Ordine dei Dottori Agronomi e Forestali delle Province di Como, Lecco, Sondrio",
}
EMPTY: dict[str, Any] = {
    **demo.ORDINE,
    "id_codice": "00743110157",
    "codice_fiscale": "00743110157",
    "denominazione": "Ordine appena nato",
}
LONG = replace(
    demo.ROSSI,
    denominazione="Associazione Intercomunale per la Valorizzazione del Territorio Montano S.r.l.",
    # Of its own: two names of one partita IVA are one customer, called as the last time.
    id_codice="01234567897",
)


@dataclass
class House:
    full: Company
    actor: Actor
    now: datetime.datetime

    def save(self, **changes: Any) -> models.Document:
        draft = Draft(
            data=clock.day(self.now),
            cessionario=demo.ROSSI,
            codice_destinatario="M5UXCR1",
            linee=(
                Line("Corso di aggiornamento", Decimal(1), None, Decimal("350.00"), aliquota_iva=Decimal(22)),
            ),
            condizioni_pagamento="TP02",
            pagamenti=(Payment(modalita_pagamento="MP05", iban=demo.IBAN),),
        )
        kind = changes.pop("kind", "fattura")
        series = "R" if kind == "ricevuta" else ""
        return documents.save_document(
            self.actor,
            replace(draft, **changes),
            kind=kind,
            sezionale=series,
            now=self.now,
            today=clock.day(self.now),
        )

    def send(self, **changes: Any) -> models.Document:
        document = self.save(**changes)
        flows.request_action(document.pk, self.actor, now=self.now)
        return document

    def report(self, document: int, status: str) -> None:
        """SdI tells something at once, whatever the document's state expects."""
        sdi = flows.system_actor(self.full.pk, "sdi")
        flows.report_status(document, status, sdi, now=self.now, message="Comunicato da SdI.")


def furnish() -> None:
    """Make it all, wait until the worker has done its part, and print what addresses are filled with."""
    now = clock.now()
    ca = make_ca(at=now)
    full, empty = (_company(party, ca, now) for party in (FULL, EMPTY))
    user = _people(full.pk, empty.pk, now)
    house = House(full, Actor("utente", "Ada Amministratrice", full.pk, user.pk, "admin"), now)
    with company_scope(full.pk):
        made = _begin(house)
    _wait(house, made)
    received = _received(house)
    with company_scope(full.pk):
        print(json.dumps(_finish(house, made) | received | _ways(house) | _programs(house)))


def _company(party: dict[str, Any], ca: Any, now: datetime.datetime) -> Company:
    company = save_company(party, now=now, default_iban=demo.IBAN)
    with company_scope(company.pk):
        flows.load_standard(company, now=now)
        numbering.load_standard(company.pk)
        key = issue(ca, Holder("Laura", "Conti", "VRDLCU82D25L219V"), "demo", at=now)
        save_key(company.pk, key, "demo", now=now)
    return company


def _people(full: int, empty: int, now: datetime.datetime) -> User:
    for email, name, roles in (
        (INSTALLATION, "Capo dell'Installazione", {full: "admin"}),
        (OPERATOR, "Olga Operatrice", {full: "operator"}),
        (NOWHERE, "Nessuna Azienda", {}),
        (NEWBORN, "Nuova Arrivata", {empty: "admin"}),
        (TWO_STEPS, "Due Passaggi", {full: "operator"}),
        (ADMIN, "Ada Amministratrice dal Nome Lungo", {full: "admin", empty: "admin"}),
    ):
        user = save_user(email, demo.PASSWORD, name, roles, now=now)
        if email == TWO_STEPS:
            TOTP.activate(user, SECRET)
            RecoveryCodes.activate(user)
    set_installation_admin(INSTALLATION, True, now=now)
    return user


@dataclass
class Made:
    """What the worker has to do with, and what the documents come to in the end."""

    group: str
    resting: list[int]
    on_the_way: dict[int, str]
    runs: list[int]
    imports: list[int]


def _begin(house: House) -> Made:
    group = _states(house)
    pa = {"cessionario": demo.COMUNE, "esigibilita_iva": "S"}
    on_the_way = {
        house.send(): "CONSEGNATO",
        house.send(codice_destinatario="IGNOTO0"): "SCARTATO_SDI",
        house.send(codice_destinatario="RIFIUT", **pa): "RIFIUTATO",
        house.send(codice_destinatario="ABC123", **pa): "ACCETTATO",
    }
    draft, early, paused, *stopped = (house.save(cessionario=LONG).pk for _ in range(5))
    receipt = house.save(kind="ricevuta").pk
    house.report(early, "RC")  # of a document that was never sent: it waits
    return Made(
        group=group,
        resting=[draft, receipt],
        on_the_way={document.pk: state for document, state in on_the_way.items()},
        runs=[_run(house, stopped, bulk.cancel_run), _run(house, [paused, draft], bulk.pause_run)],
        imports=[
            importing.take_file(house.actor, name, content, now=house.now).pk
            for name, content in (
                ("fattura di un altro programma.xml", invoice_file("900/A", seller=FULL)),
                ("rotto.xml", b"<a>"),
            )
        ],
    )


def _wait(house: House, made: Made) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with company_scope(house.full.pk):
            rows = models.Document.objects.filter(pk__in=made.on_the_way)
            late = [str(row) for row in rows if row.state != made.on_the_way[row.pk]]
            late += map(str, ImportedFile.objects.filter(pk__in=made.imports, status="waiting"))
        if not late:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker has not done with {late}")
        time.sleep(0.3)


def _finish(house: House, made: Made) -> dict[str, Any]:
    sent = next(iter(made.on_the_way))
    house.report(sent, "NS")  # of a document at its end: it is only kept
    models.NoticePreference.objects.create(
        company=house.full,
        user_id=house.actor.user_id,
        refused_address=ADMIN,
        refused_why="550 5.1.1 User unknown",
        refused_at=house.now,
    )
    _flawed_draft(house)
    notices = models.Notice.objects.filter(user_id=house.actor.user_id).order_by("-pk")
    return {
        "documents": [*made.resting, *made.on_the_way],
        "sent": sent,
        "file_id": DocumentFile.objects.filter(document=sent).order_by("pk")[0].pk,
        "imports": made.imports,
        "runs": made.runs,
        "notice_id": notices[0].pk,
        "messages": _messages(house),
        "group": made.group.removeprefix("group:"),
        "sha256": images.save_image(PNG, now=house.now),
    }


def _messages(house: House) -> list[int]:
    """Messages of SdI: one to be matched, one that cannot be read, one filed away, one that belongs to nobody."""
    made = []
    for number, company_id in enumerate((house.full.pk, house.full.pk, house.full.pk, None)):
        content = write_message(
            NotificaDecorrenzaTermini(
                identificativo_sdi=str(990_000 + number), nome_file=f"IT99999999999_{number}.xml",
                message_id="1", descrizione="Decorsi 15 giorni",
            )
        )  # fmt: skip
        name = f"IT99999999999_con_un_nome_molto_lungo_{number}_DT_001.xml"
        content = b"<a>" if number == 1 else content
        made.append(receive.take_message(name, content, "", now=house.now, company_id=company_id))
        receive.apply_message(made[-1], now=house.now)
    with company_scope(house.full.pk):
        to_match.file_away(made[2], "Doppione di una ricevuta del portale", house.actor, now=house.now)
    terms.look(now=house.now)
    return made


def _received(house: House) -> dict[str, Any]:
    """Invoices of a supplier with a long name: one to a PA with an attachment, one to a private recipient, one whose
    answer did not leave."""
    made = []
    desk = Desk(house.full, house.actor, house.now)
    seller = replace(SUPPLIER, denominazione=LONG.denominazione)
    for number, code in ((1, OFFICE), (2, CODE), (3, OFFICE)):
        sdi, name = str(880_000 + number), f"IT01234567897_KIND{number}.xml"
        content = invoice(
            desk,
            f"F/{number}",
            code=code,
            seller=seller,
            attached={"contratto.txt": f"Prova {number}".encode()},
        )
        metadata = mt(name, sdi=sdi, code=code, pa=code == OFFICE)
        taken = take_invoice(
            "sdicoop", sdi, name, content, f"MT_{name}", metadata, company_id=house.full.pk, now=house.now
        )
        read(taken, now=house.now)
        with company_scope(house.full.pk):
            made.append(PassiveInvoice.objects.get(identificativo_sdi=sdi).document_id)
    with company_scope(house.full.pk):
        stored = documents.store(house.full.pk, b"<EC/>", now=house.now)
        outcome = OutcomeSent.objects.create(
            company=house.full, document_id=made[2], run=uuid.uuid4(), identificativo_sdi="880003",
            esito="EC02", file_name="IT01234567897_KIND3_EC_001.xml", content=stored, status="failed",
            last_error="Il canale non risponde.", created_at=house.now,
        )  # fmt: skip
    return {"received": made, "outcome_id": outcome.pk} | _handed_in(house)


def _ways(house: House) -> dict[str, Any]:
    """Ways to SdI in every condition, and a file that waits for a person."""
    admin = replace(house.actor, role="admin")
    values = {"address": "fatture@pec.example", "smtp_host": "smtp.example", "imap_host": "imap.example"}
    label = "Casella di posta certificata della segreteria per le fatture elettroniche"
    box = save_channel(admin, "pec", Wanted(label, 0, 1, values, {"password": "x"}), now=house.now)
    portal = save_channel(admin, "by_hand", Wanted("Portale", 0, 1), now=house.now)
    off = save_channel(admin, "sdicoop", Wanted("Spento", 0, 4), now=house.now)
    set_active(admin, off.pk, False, now=house.now)
    Channel.objects.filter(pk=box.pk).update(
        closed_until=house.now + datetime.timedelta(days=1),
        failures=5,
        last_failed_at=house.now,
        last_error="Il server di invio della PEC (smtp.example) non risponde.",
        tested_at=house.now,
        test_result=[
            {"step": "Indirizzo", "ok": True, "text": "Da fatture@pec.example a sdi01@pec.fatturapa.it."},
            {"step": "Invio (SMTP)", "ok": False, "text": "Il server di invio della PEC non risponde."},
        ],
        certificates_until=house.now + datetime.timedelta(days=5),
    )
    document = house.save(cessionario=LONG)
    carried = Submission.objects.create(
        company_id=house.full.pk,
        document=document,
        run=uuid.uuid4(),
        status="by_hand",
        channel=portal,
        base_name="IT12345678903_ZZZZ1",
        file_name="IT12345678903_ZZZZ1.xml",
        outgoing=documents.store(house.full.pk, b"<a/>", now=house.now),
        created_at=house.now,
    )
    return {"channels": [box.pk, portal.pk, off.pk], "carried": carried.pk} | _report(house)


def _report(house: House) -> dict[str, int]:
    """What came on a node of SdIFtp, and a daily report of which one thing agrees, one not, one was settled."""
    node = Channel.objects.create(
        company=house.full, kind="sdiftp", label="Nodo", settings={"node": "01234567890"}
    )
    for number, name in enumerate(("FO.01234567890.2026320.1000.001.zip.p7m.enc", "EO.01234567890.xml.run")):
        Collected.objects.create(
            company=house.full, channel=node, name=name, sha256=f"{number:064}", content=b"x", received_at=house.now,
            read_at=house.now, set_aside=bool(number), note="Non si può leggere." if number else "", arrivals=2,
            invoices=3,
        )  # fmt: skip
    came = Collected.objects.create(
        company=house.full, channel=node, name="ST.01234567890.EO.20261116.0100.csv.run", sha256="f" * 64,
        content=b"x", received_at=house.now, read_at=house.now, note="Rapporto giornaliero dello SdI: nessun supporto.",
    )  # fmt: skip
    report = DailyReport.objects.create(
        company=house.full,
        channel=node,
        collected=came,
        name=came.name,
        kind="EO",
        named=3,
        received_at=house.now,
    )
    for kind, closed in (("fetched", None), ("answered", house.now)):
        ReportGap.objects.create(
            company=house.full, channel=node, report=report, kind=kind, support="FI.01234567890.2026320.1000.001",
            row="FI.01234567890.2026320.1000.001.zip;16/11/2026 10:20", found_at=house.now, closed_at=closed,
            closed_by="Laura Conti" if closed else "", closed_why="Chiarito al telefono" if closed else "",
        )  # fmt: skip
    return {"channel_id": node.pk, "report_id": report.pk}


def _programs(house: House) -> dict[str, Any]:
    """Programs that use this Hub: tokens, a file given back, one webhook that answers and one suspended."""
    now = house.now
    tokens.create_token(house.full.pk, "Gestionale dell'Ordine dal nome piuttosto lungo", "operator", now=now)
    _, old = tokens.create_token(house.full.pk, "Vecchio programma", "reader", now=now)
    tokens.revoke_token(house.full.pk, old.split("_")[1], now=now)
    names = (("sending", ""), ("returned", "Il cedente del documento è «Altri S.r.l.», non l'azienda."))
    for number, (state, text) in enumerate(names):
        RemoteFile.objects.create(
            company=house.full,
            name=f"IT01111111117_0000{number}.xml.p7m",
            base_name=f"IT01111111117_0000{number}",
            stored=documents.store(house.full.pk, b"<a/>", now=now),
            token_label="Gestionale",
            state=state,
            text=text,
            received_at=now,
            changed_at=now,
        )
    admin = replace(house.actor, role="admin")
    good, _ = webhooks.add(admin, "https://gestionale.example/sveglia", now=now)
    bad, _ = webhooks.add(admin, f"https://gestionale.example/{'indirizzo-lungo/' * 8}", now=now)
    webhooks.rotate(admin, good, now=now)
    webhooks.switch(admin, bad, False, now=now)
    for hook, state, status in ((good, "delivered", 204), (good, "waiting", 500), (bad, "given_up", None)):
        WebhookDelivery.objects.create(
            company=house.full,
            webhook_id=hook,
            state=state,
            created_at=now,
            attempts=1,
            next_attempt_at=now + datetime.timedelta(hours=1) if state == "waiting" else None,
            status_code=status,
            error="" if status == 204 else "Il collegamento non è riuscito.",
        )
    return {"hooks": [good, bad], "handed": "IT01111111117_00000.xml.p7m"}


def _handed_in(house: House) -> dict[str, Any]:
    """Files of received invoices: two handed in together, one that is nobody's; a watched folder that is not there."""
    desk = Desk(house.full, house.actor, house.now)
    long = "fattura_del_fornitore_con_un_nome_di_file_molto_lungo_" * 3
    stranger = replace(SUPPLIER, id_codice="00488410010")
    take_invoice(
        "sdicoop", "880099", "IT01234567897_NIENT.xml", invoice(desk, "N/1", buyer=stranger), "", b"",
        company_id=None, now=house.now,
    )  # fmt: skip
    with company_scope(house.full.pk):
        loose = [(f"{long}.xml", b"<a>"), ("IT01234567897_HAND1.xml", invoice(desk, "H/1"))]
        (row,) = bring_files(house.actor, loose, now=house.now)
        WatchedFolder.objects.create(
            company=house.full, path=f"/srv/fatture/{house.full.id_codice}/entrata", created_at=house.now,
            looked_at=house.now, last_error="La cartella non esiste o non si può leggere.",
        )  # fmt: skip
    bring(house.full.pk, row.pk, now=house.now)
    with company_scope(house.full.pk):
        unread = Reception.objects.get(company=house.full, name=f"{long}.xml")
    return {"brought_id": row.pk, "reception_id": unread.pk}


def _states(house: House) -> str:
    """A second version of the states, in which everything that arrives is told; a group; a state out of use."""
    group = groups.save_group(
        house.actor, "Segreteria amministrativa", [house.actor.user_id or 0], now=house.now
    )
    groups.save_group(house.actor, "Gruppo ancora vuoto", [], now=house.now)
    flow = configuration.proposal(house.full.pk).workflow
    told = tuple(
        Notice(each, "group:admin", mail=True) for each in (Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE)
    )
    states = {
        code: replace(state, notices=told) if state.code in ("CONSEGNATO", "SCARTATO_SDI") else state
        for code, state in flow.states.items()
    }
    _save(house, replace(flow, states=states))
    flows.publish_draft(
        house.actor,
        configuration.proposal(house.full.pk).version,
        now=house.now,
        note="Avvisi alla consegna e allo scarto",
    )
    return group


def _flawed_draft(house: House) -> None:
    flow = configuration.proposal(house.full.pk).workflow
    lost = State(
        "ORFANO",
        "Uno stato dove non si arriva",
        StateType.INTERMEDIATE,
        dashboards=frozenset({Dashboard.ACTIVE_PRIVATE}),
        active=ActionRule(Action.GENERATE_AND_SEND),
        reserved=True,
    )
    retired = replace(flow.states["ANNULLATO"], deadline="Entro l'anno")
    _save(house, replace(flow, states={**flow.states, "ORFANO": lost, "ANNULLATO": retired}))


def _save(house: House, flow: Workflow) -> None:
    seen = configuration.proposal(house.full.pk).version
    flows.save_draft(house.actor, flow, seen, now=house.now)


def _run(house: House, ids: list[int], stop: Callable[..., None]) -> int:
    """A bulk run that stops before the worker sees it."""
    with transaction.atomic():
        order = bulk.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
        run, _ = bulk.start_run(house.actor, order, [ids], now=house.now)
        stop(house.actor, run, now=house.now)
    return run
