"""Nothing of one company is ever visible to another: every address is tried, with the other's own numbers.

The addresses come from the resolver and from the API's contract, so a new page or operation is tried as soon as it
exists. Where this test does not know what to put into an address, it fails and says what to add.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa.draft import Attachment, Draft, Line, draft_to_json
from fattorino.core.workflow.definition import Dashboard, Notice, State, StateType
from fattorino.documents import flows as documents
from fattorino.documents import importing, numbering
from fattorino.documents.forms.writer import write
from fattorino.documents.models import DocumentFile, ImportedFile, StoredFile
from fattorino.organisations import groups, tokens
from fattorino.organisations.flows import save_user, set_installation_admin
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import configuration, models
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import bulk, images
from fattorino.workflow.flows import notices as notice_flows
from fattorino.workflow.forms.state import digest
from fattorino.workflow.models import Document, NoticePreference, StateChange
from tests.addresses import arguments, fill, walk
from tests.desk import Desk, make_desk, run_jobs

# Stands in every text of the first company; what the others ask for contains only the word before it.
MARK = "QZX7"
WORD = "segreto"
# Pages of the sign-in, about nobody's documents; a wrong key may be told with 200.
ACCOUNT = "accesso/"
# Name a page that every company has, or what the installation shares, not a row of one.
OPEN = frozenset({"dashboard", "kind", "sha256"})
# Of the first company's configuration only. Addresses, which come back to who asks, do not hold the mark.
STATE, GROUP = "STATO_SUO", "gruppo-suo"
# What a reader may change: how she sees things, and her own sign-in.
HER_OWN = ("organisations_user", "workflow_gadgetpreference", "workflow_noticepreference")


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
            return [{"document_id": self.saved}, {"document_id": self.sent}]
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
            "azione": "GENERA_XML_INVIA_HUB",
            "stato": "ANNULLATO",
            "comando": "nascondi",
            "gruppo": "PR.DA_PROCESSARE",
            "documento": self.saved,
            "type": "Finale",
            "impronta": self.digest,
            "verso": "DA_PROCESSARE",
            "nome": "Nuovo",
            "fino": self.notice,
            "quando": "riepilogo",
            "persona": self.owner.pk,
            "company": str(self.ours.company.pk),
            "allegati_file": SimpleUploadedFile("a.txt", b"testo"),
            "files": SimpleUploadedFile("a.xml", b"<a/>"),
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
        f"lettore.{MARK}@ordine.example", None, f"Lettore {MARK}", {ours.company.pk: "reader"}, now=ours.now
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
        run_jobs(skip=frozenset({"hub.transmit"}))
        files = list(DocumentFile.objects.filter(document=sent).order_by("pk"))
        assert len(files) == 2
        taken = _import(ours, bytes(files[0].stored.content))
        shown = _configure(ours)
        picture = images.save_image(_PICTURE, now=ours.now)
        notice = _tell(ours, saved)
        order = bulk.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
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
    flow = replace(flow, states={**flow.states, STATE: secret})
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


def _import(desk: Desk, xml: bytes) -> int:
    number = f"2/{MARK}".encode()
    assert number in xml
    taken = importing.take_file(
        desk.actor, f"{MARK}.xml", xml.replace(number, f"900/{MARK}".encode()), now=desk.now
    )
    run_jobs(skip=frozenset({"hub.transmit"}))
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


def fingerprint(company_id: int, *, but: tuple[str, ...] = ()) -> str:
    """A digest of all rows of a company, of its people and of its waiting jobs."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " and n.nspname = 'public' join pg_attribute a on a.attrelid = c.oid"
            " and a.attname = 'company_id' where c.relkind = 'r' order by 1"
        )
        tables = [name for (name,) in cursor.fetchall() if name not in but]
        assert len(tables) > 10
        parts = [
            f"select '{name}', md5(string_agg(t::text, '|' order by t::text)) from {name} t"
            " where company_id = %(company)s"
            for name in tables
        ]
        parts.append(
            "select 'company', md5(t::text) from organisations_company t where id = %(company)s",
        )
        parts.append(
            "select 'jobs', md5(string_agg(id || args::text || status::text, '|' order by id))"
            " from procrastinate_jobs where args->>'company_id' = %(company)s::text"
        )
        if "organisations_user" not in but:
            parts.append(
                "select 'people', md5(string_agg(u::text, '|' order by u.id)) from organisations_user u"
                " join organisations_membership m on m.user_id = u.id where m.company_id = %(company)s"
            )
        cursor.execute(" union all ".join(parts), {"company": company_id})
        return str(sorted(cursor.fetchall(), key=str))


@dataclass(frozen=True)
class Answer:
    status: int
    shown: str
    location: str
    changed: bool


def ask(
    house: House,
    method: str,
    path: str,
    *,
    user: User | None = None,
    but: tuple[str, ...] = (),
    **options: Any,
) -> Answer:
    """One request, undone afterwards; what it showed and whether it changed the first company."""
    house.sign_in(user)
    key = (user and user.pk, but)
    with transaction.atomic():
        if key not in house.before:
            house.before[key] = fingerprint(house.ours.company.pk, but=but)
        response = getattr(house.client, method)(path, **options)
        changed = fingerprint(house.ours.company.pk, but=but) != house.before[key]
        transaction.set_rollback(True)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    shown = f"{_text(content)} {response.headers}"
    return Answer(response.status_code, shown, response.headers.get("Location", ""), changed)


def _text(content: bytes) -> str:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b" ".join(archive.read(name) for name in archive.namelist())
    return content.decode("utf-8", "replace")


def browse(house: House, address: Address, user: User | None, **options: Any) -> Iterator[tuple[str, Answer]]:
    """GET and POST, with everything a form could want."""
    query = "" if address.path.startswith("/api/") else f"?{house.query()}"
    yield "get", ask(house, "get", address.path + query, user=user, **options)
    yield "post", ask(house, "post", address.path, user=user, data=house.form(), **options)


def faults(address: Address, method: str, answer: Answer, *, allowed: frozenset[int]) -> Iterator[str]:
    here = f"{method.upper()} {address.path} ({answer.status})"
    if MARK.lower() in answer.shown.lower():
        yield f"{here} shows the first company"
    if answer.changed:
        yield f"{here} changed the first company"
    if answer.status >= 500:
        yield f"{here} failed"
    # 204 is what a page that asks for news gets when there are none: an empty answer tells nothing.
    quiet = answer.status == 204 and answer.shown.startswith(" ")
    if address.filled and not (quiet or address.route.startswith(ACCOUNT) or answer.status in allowed):
        yield f"{here} should be one of {sorted(allowed)}"


# --- the tests


def test_another_company_s_user_gets_nothing_by_any_address(house: House) -> None:
    found = [
        fault
        for address in addresses(house)
        for method, answer in browse(house, address, house.stranger)
        for fault in faults(address, method, answer, allowed=frozenset({401, 403, 404, 405}))
    ]
    assert not found, "\n".join(found)


def test_nobody_gets_anything_without_signing_in(house: House) -> None:
    found = []
    for address in addresses(house):
        for method, answer in browse(house, address, None):
            found += faults(address, method, answer, allowed=frozenset({302, 401, 403, 404, 405}))
            if address.filled and answer.status == 302 and "/login/" not in answer.location:
                found.append(f"{method} {address.path} leads to {answer.location}")
    assert not found, "\n".join(found)


def test_the_same_requests_work_for_the_owner(house: House) -> None:
    """Otherwise the tests above would prove nothing."""
    missing, changing, shown = [], set(), set()
    for address in addresses(house, mixed=False):
        if address.path.startswith("/api/") or address.route.startswith(ACCOUNT):
            continue
        answers = dict(browse(house, address, house.owner))
        if all(answer.status in (404, 405) for answer in answers.values()):
            missing.append(address.path)
        changing |= {address.name} if answers["post"].changed else set()
        shown |= {address.name} if MARK in answers["get"].shown else set()
    assert not missing
    assert {"new", "attach", "import", "edit", "run", "change_state", "arrange"} <= changing
    assert {"bulk", "pause", "cancel"} <= changing
    assert {"all_read", "preferences", "try_again"} <= changing
    assert {"state", "delete", "retire", "publish", "discard", "restore_version", "group"} <= changing
    assert {"list", "page", "edit", "import", "import_outcome", "export_csv", "export_xlsx"} <= shown
    assert {"news", "live", "counterparts", "file"} <= shown
    assert {"csv", "xlsx", "delivery"} <= shown
    assert {"bulk", "runs", "runs_csv", "outcomes", "items_csv", "items_xlsx"} <= shown


def test_a_reader_changes_nothing_by_any_address(house: House) -> None:
    found = [
        f"{method.upper()} {address.path} ({answer.status})"
        for address in addresses(house, mixed=False)
        if not address.path.startswith("/api/")  # a session opens nothing there; its tokens are tried below
        for method, answer in browse(house, address, house.reader, but=HER_OWN)
        if answer.changed or answer.status >= 500
    ]
    assert not found, "\n".join(found)


# --- the API, by its contract


def operations(house: House) -> Iterator[tuple[str, Address, dict[str, Any], str]]:
    """Method, address, body and name of every operation, each body such that only rights can stop it."""
    contract = Client().get("/api/v1/openapi.json").json()
    draft = draft_to_json(house.draft)
    stolen = draft | {"allegati": [{"nome": "a.txt", "sha256": house.stored_sha256}]}
    bodies: dict[str, Any] = {
        "createDocument": {"draft": stolen},
        "changeDocument": {"version": 1, "draft": draft},
        "pressButton": {},
        "changeState": {"state": "ANNULLATO"},
        "importFile": b"<a/>",
        "depositAttachment": f"allegato {WORD} nuovo".encode(),
    }
    queries = {"importFile": "name=a.xml", "listDocuments": f"text={WORD}&limit=200"}
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            needed = {p["name"] for p in operation["parameters"] if p["required"] and p["in"] == "query"}
            if ("requestBody" in operation and name not in bodies) or (needed and name not in queries):
                pytest.fail(f"The operation {name} is new: add a body or a query for it to this test.")
            names = frozenset(p["name"] for p in operation["parameters"] if p["in"] == "path")
            for values in house.fillings(names) if names else [{}]:
                query = f"?{queries[name]}" if name in queries else ""
                address = Address(name, path, path.format(**values) + query, bool(names))
                yield method, address, bodies.get(name), name


def call(house: House, who: str, method: str, address: Address, body: Any, **options: Any) -> Answer:
    if method != "get":
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        options |= {"data": body, "content_type": kind}
    bearer = {"Authorization": f"Bearer {house.tokens[who]}"}
    return ask(house, method, address.path, headers=bearer, **options)


def test_another_company_s_token_gets_nothing_by_any_operation(house: House) -> None:
    found = []
    for method, address, body, _ in operations(house):
        answer = call(house, "stranger", method, address, body)
        # What it may make is its own, with its own words in it.
        if not address.filled and method == "post":
            answer = replace(answer, shown="")
        found += faults(address, method, answer, allowed=frozenset({404}))
    assert not found, "\n".join(found)


def test_the_same_operations_work_for_the_owner_s_token(house: House) -> None:
    changing = set()
    for method, address, body, name in operations(house):
        if str(house.their_document) in address.path:
            continue
        answer = call(house, "owner", method, address, body, but=("organisations_apitoken",))
        assert answer.status not in (401, 403, 404), address.path
        changing |= {name} if answer.changed else set()
    writing = {
        "createDocument",
        "changeDocument",
        "pressButton",
        "changeState",
        "importFile",
        "depositAttachment",
    }
    assert changing == writing


def test_a_reader_s_token_writes_by_no_operation(house: House) -> None:
    for method, address, body, _ in operations(house):
        answer = call(house, "reader", method, address, body, but=("organisations_apitoken",))
        assert not answer.changed and answer.status < 500, address.path
        assert method == "get" or answer.status == 403, address.path


def test_the_digest_of_another_company_s_file_opens_nothing(house: House) -> None:
    """An attachment is named by its digest: who knows it must not get the bytes for it."""
    draft = replace(house.draft, cessionario=demo.ROSSI, causale=(), linee=house.theirs.draft().linee)
    draft = replace(draft, allegati=(Attachment(nome="a.txt", sha256=house.stored_sha256),))
    headers = {"Authorization": f"Bearer {house.tokens['stranger']}"}
    client = Client(raise_request_exception=False)
    made = client.post(
        "/api/v1/documents", {"draft": draft_to_json(draft)}, content_type="application/json", headers=headers
    )
    if made.status_code == 201:
        where = made.json()["id"]
        client.post(f"/api/v1/documents/{where}/send", {}, content_type="application/json", headers=headers)
        with company_scope(house.theirs.company.pk):
            run_jobs(skip=frozenset({"hub.transmit"}))
            assert not DocumentFile.objects.filter(document_id=where).exists()
            assert not StoredFile.objects.filter(sha256=house.stored_sha256).exists()
        assert client.get(f"/api/v1/documents/{where}/pdf", headers=headers).status_code == 422
    else:
        assert made.status_code == 422
