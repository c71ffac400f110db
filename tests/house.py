"""A company full of secrets beside another, and what the product's addresses are filled with, for tests that walk."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa.draft import Attachment, Draft, Line
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import NotificaDecorrenzaTermini
from fattorino.core.workflow.definition import Dashboard, Notice, State, StateType
from fattorino.documents import flows as documents
from fattorino.documents import importing, numbering, preserving, receiving
from fattorino.documents.forms.writer import write
from fattorino.documents.models import DocumentFile, ImportedFile, Reception
from fattorino.documents.passive import answering
from fattorino.hub.flows import receive, remote_files, webhooks
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.flows.channel_settings import save_channel
from fattorino.hub.models import (
    Channel,
    Collected,
    CustomerLetter,
    DailyReport,
    OutcomeSent,
    RemoteFile,
    ReportGap,
    Submission,
    WebhookDelivery,
)
from fattorino.organisations import groups, tokens
from fattorino.organisations.flows import save_user, set_installation_admin
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, models
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import bulk, images
from fattorino.workflow.flows import notices as notice_flows
from fattorino.workflow.forms.state import digest
from fattorino.workflow.models import Document, NoticePreference, StateChange
from tests.addresses import arguments, fill, walk
from tests.desk import Desk, make_desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.documents.received import SUPPLIER

# Stands in every text of the first company; what the others ask for contains only the word before it.
MARK = "QZX7"
WORD = "segreto"
# Name a page that every company has, or what the installation shares, not a row of one.
OPEN = frozenset({"dashboard", "kind", "sha256", "way"})
# Of the first company's configuration only. Addresses, which come back to who asks, do not hold the mark.
STATE, GROUP = "STATO_SUO", "gruppo-suo"


# The smallest PNG there is: one grey point.
_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@dataclass
class House:
    """Two companies, the first full of secrets, and what its addresses are made of."""

    ours: Desk
    theirs: Desk
    owner: User
    reader: User
    stranger: User
    draft: Draft
    saved: int
    sent: int
    their_document: int
    files: list[int]
    notice: int
    imported: int
    run: int
    outcome: int
    received: int
    answered: int
    answer: int
    message: int
    nobodys: int
    brought: int
    reception: int
    channels: list[int]
    carried: int
    report: dict[str, int]
    hook: int
    handed: str
    stored_sha256: str
    picture: str
    digest: str
    tokens: dict[str, str] = field(default_factory=dict)
    # One client for all: making it reads the middleware and the static files anew.
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    sessions: dict[int, str] = field(default_factory=dict)
    # What the first company's rows were at the start, by what was left out; every request is undone.
    before: dict[object, str] = field(default_factory=dict)

    def sign_in(self, user: User | None) -> None:
        """The client comes as this user from now on, or as nobody."""
        self.client.cookies.clear()
        if user is None:
            return
        if user.pk not in self.sessions:
            self.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            self.sessions[user.pk] = self.client.cookies["sessionid"].value
        self.client.cookies["sessionid"] = self.sessions[user.pk]

    def fillings(self, names: frozenset[str], *, mixed: bool = True) -> list[dict[str, Any]]:
        """Values for the arguments of an address: numbers that exist in the first company."""
        if names == {"document_id"}:
            return [{"document_id": each} for each in (self.saved, self.sent, self.received, self.answered)]
        if names == {"document_id", "number"}:
            return [{"document_id": self.received, "number": 1}]
        if names == {"channel_id"}:
            return [{"channel_id": each} for each in self.channels]
        if names == {"channel_id", "report_id"}:
            return [self.report]
        if names == {"webhook_id"}:
            return [{"webhook_id": self.hook}]
        if names == {"name"}:
            return [{"name": self.handed}]
        if names == {"submission_id"}:
            return [{"submission_id": self.carried}]
        if names == {"way"}:
            return [{"way": each} for each in ("sdicoop", "sdiftp", "pec", "intermediary", "by-hand")]
        if names == {"outcome_id"}:
            return [{"outcome_id": self.answer}]
        if names == {"brought_id"}:
            return [{"brought_id": self.brought}]
        if names == {"reception_id"}:
            return [{"reception_id": self.reception}]
        if names == {"message_id"}:
            return [{"message_id": self.message}, {"message_id": self.nobodys}]
        if names == {"document_id", "file_id"}:
            # Also a file of the first company under a document of the second.
            other = [{"document_id": self.their_document, "file_id": self.files[0]}] if mixed else []
            return [{"document_id": self.sent, "file_id": each} for each in self.files] + other
        if names <= OPEN:
            shared = {"dashboard": "privati", "kind": "csv", "sha256": self.picture}
            return [{name: shared[name] for name in names}]
        if names <= {"code", "number", "group"}:
            return [{name: {"code": STATE, "number": 2, "group": GROUP}[name] for name in names}]
        if names == {"look"}:
            return [{"look": "CONSEGNATO"}]
        if names == {"notice_id"}:
            return [{"notice_id": self.notice}]
        if names == {"run_id"}:
            return [{"run_id": self.run}]
        if names == {"import_id"}:
            return [{"import_id": self.imported}]
        if names <= {"key", "uidb36"}:
            return [{"key": "abc-def", "uidb36": "1"}]
        pytest.fail(
            f"An address has the arguments {sorted(names)}, and this test does not know what to put there: "
            "add them to House.fillings, with numbers that exist in the first company."
        )

    def elsewhere(self, path: str) -> bool:
        """Whether the address asks one desk for a document of the other: received invoices are not under Entrate, and
        what belongs to nobody is not among a company's."""
        received, written = {self.received, self.answered}, {self.saved, self.sent}
        numbers = {int(part) for part in path.partition("?")[0].split("/") if part.isdecimal()}
        if "/di-nessuno/" in path:
            return bool(numbers & {self.message, self.reception})
        if path.startswith("/messaggi/"):
            return self.nobodys in numbers
        if "/passive/" in path:
            return bool(numbers & written)
        ours = path.startswith(("/entrate/", "/api/v1/documents/", "/impostazioni/firma/", "/a-mano/"))
        return ours and bool(numbers & received)

    def query(self) -> str:
        """What lists and forms may be asked for, pointing at the first company."""
        ids = f"{self.saved}.{self.sent}"
        names = {"da": self.saved, "righe": ids, "dopo": 0, "q": WORD, "prima": self.imported + 1}
        return urlencode(names | {"cliente": WORD, "testo": WORD, "documento": self.saved})

    def form(self) -> dict[str, Any]:
        """One body that satisfies every form: only its rights may stop the sender."""
        return {
            **write(self.draft),
            "versione": "1",
            "tempo_di_conservazione": "10",
            "azione": "GENERA_XML_INVIA_HUB",
            "stato": "ANNULLATO",
            "comando": "nascondi",
            "gruppo": "PR.DA_PROCESSARE",
            "documento": self.saved,
            "type": "Finale",
            "impronta": self.digest,
            "verso": "DA_PROCESSARE",
            "nome": "Nome di prova",
            "fino": self.notice,
            "quando": "riepilogo",
            "esito": self.outcome,
            "persona": self.owner.pk,
            "company": str(self.ours.company.pk),
            "allegati_file": SimpleUploadedFile("a.txt", b"testo"),
            "files": SimpleUploadedFile("a.xml", b"<a/>"),
            "lingua": "en",
        }


@pytest.fixture
def house(db: None) -> House:
    ours = make_desk(
        {**demo.ORDINE, "denominazione": f"Ordine {MARK}"}, f"laura.{MARK}@ordine.example", "admin"
    )
    theirs = make_desk(demo.STUDIO, "giulia@studio.example", "admin")
    set_installation_admin(f"laura.{MARK}@ordine.example", True, now=ours.now)
    today = clock.day(clock.now())
    reader = save_user(
        f"lettore.{MARK}@ordine.example",
        demo.PASSWORD,
        f"Lettore {MARK}",
        {ours.company.pk: "reader"},
        now=ours.now,
    )
    with company_scope(theirs.company.pk):
        mine = theirs.save(theirs.draft(data=today), today=today).pk
    with company_scope(ours.company.pk):
        numbering.add_sezionale(ours.company.pk, MARK, f"Sezionale {MARK}")
        attachment = documents.store(ours.company.pk, f"allegato {WORD} {MARK}".encode(), now=ours.now)
        draft = _secret_draft(ours, attachment.sha256)
        draft = replace(draft, data=today)
        saved = ours.save(draft, today=today, sezionale=MARK)
        sent = ours.save(replace(draft, codice_destinatario="ABC123"), today=today, sezionale=MARK)
        ours.save(draft, today=today, kind="ricevuta", sezionale="R")
        ours.press(sent)
        run_jobs(skip=frozenset({"hub.turn"}))
        files = list(DocumentFile.objects.filter(document=sent).order_by("pk"))
        assert len(files) == 2
        taken = _import(ours, bytes(files[0].stored.content))
        shown = _configure(ours)
        preserving.save(ours.actor, saved.pk, preserving.Answers(note=f"Nota {MARK}"), seen=0, now=ours.now)
        picture = images.save_image(_PICTURE, now=ours.now)
        notice = _tell(ours, saved)
        outcome = _unexpected(ours, sent)
        order = bulk.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
        received = _received(ours, "1").pk
        answered, answer = _answered(ours)
        message, nobodys = _messages(ours)
        brought, reception = _handed_in(ours)
        channels, carried = _ways(ours, saved)
        report = _report(ours)
        hook, handed = _programs(ours)
        run, _ = bulk.start_run(replace(ours.actor, label=f"Capo {MARK}"), order, [[saved.pk]], now=ours.now)
    house = House(
        ours=ours,
        theirs=theirs,
        owner=User.objects.get(pk=ours.actor.user_id),
        reader=reader,
        stranger=User.objects.get(pk=theirs.actor.user_id),
        draft=replace(draft, allegati=()),
        saved=saved.pk,
        sent=sent.pk,
        their_document=mine,
        files=[each.pk for each in files],
        notice=notice,
        imported=taken,
        run=run,
        outcome=outcome,
        received=received,
        answered=answered,
        answer=answer,
        message=message,
        nobodys=nobodys,
        brought=brought,
        reception=reception,
        channels=channels,
        carried=carried,
        report=report,
        hook=hook,
        handed=handed,
        stored_sha256=attachment.sha256,
        picture=picture,
        digest=shown,
    )
    for name, desk, role in (
        ("owner", ours, "operator"),
        ("reader", ours, "reader"),
        ("stranger", theirs, "operator"),
    ):
        house.tokens[name] = tokens.create_token(desk.company.pk, "Prova", role, now=clock.now())[1]
    return house


def _secret_draft(desk: Desk, sha256: str) -> Draft:
    name = f"{WORD.title()} {MARK} S.r.l."
    lines = (Line(f"Lavoro {WORD} {MARK}", None, None, Decimal("350.00"), aliquota_iva=Decimal(22)),)
    return desk.draft(
        cessionario=replace(demo.ROSSI, denominazione=name, indirizzo=f"Via {MARK}"),
        linee=lines,
        causale=(f"{WORD} {MARK}",),
        allegati=(Attachment(nome=f"{MARK}.txt", formato="TXT", sha256=sha256),),
    )


def _configure(desk: Desk) -> str:
    """A second version with a state and a group of this company only, and a draft; what the state's form shows."""
    label = groups.save_group(desk.actor, "Gruppo suo", [], now=desk.now)
    groups.save_group(desk.actor, f"Gruppo {MARK}", [], now=desk.now, label=label)
    flow = configuration.proposal(desk.company.pk).workflow
    secret = State(STATE, f"Stato {MARK}", StateType.INTERMEDIATE, notices=())
    asking = {"DA_PROCESSARE": replace(flow.states["DA_PROCESSARE"], preserved=True), STATE: secret}
    flow = replace(flow, states={**flow.states, **asking})
    seen = workflow.save_draft(desk.actor, flow, 0, now=desk.now)
    workflow.publish_draft(desk.actor, seen, now=desk.now)
    flow = replace(flow, states={**flow.states, STATE: replace(secret, deadline=MARK)})
    workflow.save_draft(desk.actor, flow, 0, now=desk.now)
    return digest(flow, STATE)


def _tell(desk: Desk, document: Document) -> int:
    """A notice to the first company's administrator, whose address the mail server refuses."""
    change = StateChange.objects.filter(document=document).first()
    assert change is not None
    told_of = (Notice(Dashboard.ACTIVE_PRIVATE, "group:admin"),)
    notice_flows.tell([(change, told_of)], now=desk.now)
    NoticePreference.objects.create(
        company=desk.company, user_id=desk.actor.user_id, refused_address=f"{MARK}@ordine.example"
    )
    return models.Notice.objects.get().pk


def _unexpected(desk: Desk, document: Document) -> int:
    """An outcome that the document's state did not expect, kept without effect."""
    return StateChange.objects.create(
        company=desk.company,
        document=document,
        at=desk.now,
        event="DT",
        outcome="unexpected",
        actor_kind="sdi",
        actor_label="SdI",
        message=f"Esito {MARK}",
    ).pk


def _handed_in(desk: Desk) -> tuple[int, int]:
    """Received invoices handed in by a person, one of which cannot be read."""
    name = f"{MARK}.xml"
    (row,) = receiving.bring_files(desk.actor, [(name, f"<a>{WORD} {MARK}".encode())], now=desk.now)
    receiving.bring(desk.company.pk, row.pk, now=desk.now)
    reception = Reception.objects.get(company=desk.company, name=name)
    receiving.read(reception.pk, now=desk.now)
    return row.pk, reception.pk


def _ways(desk: Desk, document: Document) -> tuple[list[int], int]:
    """Ways to SdI with secrets, one of which waits for a person with a file."""
    admin, made = desk.actor, []
    values = {
        "address": f"{MARK.lower()}@pec.example",
        "smtp_host": "smtp.example",
        "imap_host": "imap.example",
    }
    wanted = Wanted(f"Casella {MARK}", 0, 1, values, {"password": f"{WORD} {MARK}"})
    made.append(save_channel(admin, "pec", wanted, now=desk.now).pk)
    made.append(save_channel(admin, "by_hand", Wanted(f"Portale {MARK}", 0, 1), now=desk.now).pk)
    Channel.objects.filter(pk=made[0]).update(
        last_error=f"Errore {MARK}",
        last_failed_at=desk.now,
        failures=1,
        tested_at=desk.now,
        test_result=[{"step": f"Passo {MARK}", "ok": False, "text": f"Prova {MARK}"}],
        certificates_until=desk.now,
    )
    carried = Submission.objects.create(
        company_id=desk.company.pk,
        document=document,
        run=uuid.uuid4(),
        status="by_hand",
        channel_id=made[1],
        base_name=f"IT{MARK}_00001",
        file_name=f"IT{MARK}_00001.xml",
        outgoing=documents.store(desk.company.pk, f"<a>{WORD} {MARK}</a>".encode(), now=desk.now),
        created_at=desk.now,
    )
    CustomerLetter.objects.create(
        company_id=desk.company.pk,
        document=document,
        run=uuid.uuid4(),
        address=f"{MARK.lower()}@cliente.example",
        subject=f"Oggetto {MARK}",
        body=f"{WORD} {MARK}",
        told_by=f"A voce {MARK}",
        error=f"Errore {MARK}",
        created_at=desk.now,
        created_by=MARK,
    )
    return made, carried.pk


def _report(desk: Desk) -> dict[str, int]:
    """A daily report of SdI that does not agree."""
    node = Channel.objects.create(company=desk.company, kind="sdiftp", label=f"Nodo {MARK}")
    came = Collected.objects.create(
        company=desk.company, channel=node, name=f"ST.{MARK}.EO", sha256="0" * 64, content=MARK.encode(),
        received_at=desk.now, read_at=desk.now, note=f"Nota {MARK}",
    )  # fmt: skip
    report = DailyReport.objects.create(
        company=desk.company, channel=node, collected=came, name=came.name, kind="EO", named=1,
        received_at=desk.now,
    )  # fmt: skip
    ReportGap.objects.create(
        company=desk.company, channel=node, report=report, kind="fetched", support=f"FI.{MARK}",
        row=f"riga {MARK}", found_at=desk.now,
    )  # fmt: skip
    return {"channel_id": node.pk, "report_id": report.pk}


def _programs(desk: Desk) -> tuple[int, str]:
    """A program that handed a file in, and an address that is called in vain."""
    program = Actor("gestionale", f"Programma {MARK}", desk.company.pk, None, "operator")
    view, _ = remote_files.push(
        program, f"IT{MARK:0>11}_0000P.xml", f"<a>{WORD} {MARK}</a>".encode(), now=desk.now
    )
    RemoteFile.objects.filter(pk=view.id).update(state="returned", text=f"Motivo {MARK}")
    hook, _ = webhooks.add(desk.actor, f"https://{MARK.lower()}.example.it/sveglia", now=desk.now)
    WebhookDelivery.objects.create(
        company_id=desk.company.pk,
        webhook_id=hook,
        created_at=desk.now,
        next_attempt_at=desk.now,
        attempts=1,
        status_code=500,
        error=f"Errore {MARK}",
    )
    return hook, view.name


def _received(desk: Desk, number: str) -> Document:
    """An invoice to the company, to be accepted or refused."""
    seller = replace(SUPPLIER, denominazione=f"Fornitore {WORD} {MARK}", indirizzo=f"Via {MARK}")
    attached = {f"{MARK}.txt": f"allegato {WORD} {MARK}".encode()}
    return arrive(desk, f"{number}/{MARK}", seller=seller, attached=attached, causale=(f"{WORD} {MARK}",))


def _answered(desk: Desk) -> tuple[int, int]:
    """Another one, refused, whose answer did not leave."""
    document = _received(desk, "2")
    answering.decide(
        desk.actor, document.pk, "EC02", cause="cig_cup", detail=f"CIG {WORD} {MARK}", now=desk.now
    )
    run_jobs(skip=frozenset({"hub.turn", "hub.send_outcome"}))
    OutcomeSent.objects.update(status="failed", last_error=f"Errore {MARK}")
    return document.pk, OutcomeSent.objects.get().pk


def _messages(desk: Desk) -> tuple[int, int]:
    """A message of SdI to be matched by the company, and one that belongs to nobody."""
    taken = []
    for company_id, name in ((desk.company.pk, MARK), (None, "NESSUNO")):
        content = write_message(
            NotificaDecorrenzaTermini(
                identificativo_sdi="4711",
                nome_file=f"{name}_1.xml",
                message_id="5",
                descrizione=f"Scaduti {name}",
            )
        )
        pk = receive.take_message(f"{name}_DT_001.xml", content, "4711", now=desk.now, company_id=company_id)
        receive.apply_message(pk, now=desk.now)
        taken.append(pk)
    return taken[0], taken[1]


def _import(desk: Desk, xml: bytes) -> int:
    number = f"2/{MARK}".encode()
    assert number in xml
    taken = importing.take_file(
        desk.actor, f"{MARK}.xml", xml.replace(number, f"900/{MARK}".encode()), now=desk.now
    )
    run_jobs(skip=frozenset({"hub.turn"}))
    assert ImportedFile.objects.get(pk=taken.pk).status == "done"
    return taken.pk


# --- the addresses


@dataclass(frozen=True)
class Address:
    name: str
    route: str
    path: str
    filled: bool


def addresses(house: House, *, mixed: bool = True) -> Iterator[Address]:
    """Every address of the product, filled."""
    for route, pattern in walk(get_resolver().url_patterns):
        names = arguments(pattern)
        for values in house.fillings(names, mixed=mixed) if names else [{}]:
            yield Address(pattern.name or route, route, "/" + fill(route, values), bool(names - OPEN))
