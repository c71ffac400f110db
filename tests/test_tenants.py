"""Nothing of one company is ever visible to another: every address is tried, with the other's own numbers.

The addresses come from the resolver and from the API's contract, so a new page or operation is tried as soon as it
exists. Where this test does not know what to put into an address, it fails and says what to add.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from fattorino.config import demo
from fattorino.core.fatturapa.draft import Attachment, draft_to_json
from fattorino.documents.models import DocumentFile, StoredFile
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope, system_scope
from tests.desk import run_jobs
from tests.house import MARK, WORD, Address, House, addresses

# Pages of the sign-in, about nobody's documents; a wrong key may be told with 200.
ACCOUNT = "accesso/"
# What a reader may change: how she sees things, and her own sign-in.
HER_OWN = ("organisations_user", "workflow_gadgetpreference", "workflow_noticepreference")


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


def written() -> int:
    """How many rows this transaction has written so far, undone ones too: much less to ask than all rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_xact_user_tables"
        )
        return int(cursor.fetchone()[0])


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
        before = written()
        response = getattr(house.client, method)(path, **options)
        changed = written() != before and fingerprint(house.ours.company.pk, but=but) != house.before[key]
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
        if house.elsewhere(address.path):
            continue
        answers = dict(browse(house, address, house.owner))
        if all(answer.status in (404, 405) for answer in answers.values()):
            missing.append(address.path)
        changing |= {address.name} if answers["post"].changed else set()
        shown |= {address.name} if MARK in answers["get"].shown else set()
    assert not missing
    assert {"new", "attach", "import", "edit", "run", "change_state", "arrange"} <= changing
    assert {"bulk", "pause", "cancel"} <= changing
    assert {"all_read", "preferences", "try_again", "unexpected_seen"} <= changing
    assert {"state", "delete", "retire", "publish", "discard", "restore_version", "group"} <= changing
    assert {"list", "page", "edit", "import", "import_outcome", "export_csv", "export_xlsx"} <= shown
    assert {"news", "live", "counterparts", "file"} <= shown
    assert {"csv", "xlsx", "delivery"} <= shown
    assert {"unexpected", "unexpected_csv", "company"} <= shown
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
    contracts = [Client().get(f"/api/{name}/openapi.json").json() for name in ("v1", "hub/v1")]
    draft = draft_to_json(house.draft)
    stolen = draft | {"allegati": [{"nome": "a.txt", "sha256": house.stored_sha256}]}
    bodies: dict[str, Any] = {
        "createDocument": {"draft": stolen},
        "changeDocument": {"version": 1, "draft": draft},
        "pressButton": {},
        "changeState": {"state": "ANNULLATO"},
        "changePreservation": {"version": 1, "riservato": True},
        "importFile": b"<a/>",
        "depositAttachment": f"allegato {WORD} nuovo".encode(),
        "acknowledgeReceivedInvoice": {"reference": "12"},
        "postReceivedInvoice": {"date": house.draft.data, "protocol": "12"},
        "answerReceivedInvoice": {"esito": "EC01"},
        "pushFile": b"<a/>",
        "pushOutcome": b"<a/>",
    }
    queries = {"importFile": "name=a.xml", "listDocuments": f"text={WORD}&limit=200"}
    queries["pushOutcome"] = "identificativo_sdi=4711"
    for path, methods in (pair for contract in contracts for pair in contract["paths"].items()):
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
        if method == "put":
            # Whoever pushes chooses the name, and names are one series for all: that it is taken, and the name itself,
            # is all she learns.
            asked = address.path.partition("?")[0].rpartition("/")[2]
            told = replace(answer, shown=answer.shown.replace(asked, ""))
            found += faults(address, method, told, allowed=frozenset({404, 409, 422}))
            continue
        # What it may make is its own, with its own words in it.
        if not address.filled and method == "post":
            answer = replace(answer, shown="")
        found += faults(address, method, answer, allowed=frozenset({404}))
    assert not found, "\n".join(found)


def test_the_same_operations_work_for_the_owner_s_token(house: House) -> None:
    changing = set()
    for method, address, body, name in operations(house):
        if str(house.their_document) in address.path or house.elsewhere(address.path):
            continue
        answer = call(house, "owner", method, address, body, but=("organisations_apitoken",))
        assert answer.status not in (401, 403, 404), address.path
        changing |= {name} if answer.changed else set()
    writing = {
        "createDocument",
        "changeDocument",
        "pressButton",
        "changeState",
        "changePreservation",
        "importFile",
        "depositAttachment",
        "acknowledgeReceivedInvoice",
        "postReceivedInvoice",
        "answerReceivedInvoice",
        "acquireFile",
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
            run_jobs(skip=frozenset({"hub.turn"}))
            assert not DocumentFile.objects.filter(document_id=where).exists()
            assert not StoredFile.objects.filter(sha256=house.stored_sha256).exists()
        assert client.get(f"/api/v1/documents/{where}/pdf", headers=headers).status_code == 422
    else:
        assert made.status_code == 422
