"""What a filter finds, on every way the search may take, compared with reading all documents one by one."""

from __future__ import annotations

import datetime
import random
import re
from typing import Any

import pytest
from django.db import connection

from fattorino.core.workflow.standard import standard_json
from fattorino.documents import finding, queries, question, search
from fattorino.documents.models import Counterpart, SearchEntry, SearchWord
from fattorino.documents.queries import Cursor, DocumentFilters
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows.counts import roll_up
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk

NAMES = [
    "Rossi Costruzioni S.r.l.",
    "Anna Rossi",
    "Comune di Cantù",
    "Società Dell'Acqua S.p.A.",
    "ROSSINI d.lgs.",
]
REASONS = ["corso di aggiornamento", "parere di congruità", "CIG Z1234567AB", "rossetti e bianchi", ""]
STATES = {
    "PA": ["ACCETTATO", "DA_PROCESSARE"],
    "PR": ["CONSEGNATO", "ANNULLATO", "DA_PROCESSARE"],
    "": [""],
    "PS": ["RICEVUTO"],
}
ALL = ("searched", "glanced", "month by month", "read in order")


def fill(desk: Desk, number: int, seed: int = 1) -> list[Document]:
    chance = random.Random(seed)
    known = {
        name: Counterpart.objects.create(
            company=desk.company, identity=f"IT:{place:011}", name=name, party={}, used_at=NOW
        )
        for place, name in enumerate(NAMES, 700)
    }
    rows = []
    for place in range(number):
        name, dashboard = chance.choice(NAMES), chance.choice(["PA", "PR", "PR", "", "PS"])
        rows.append(
            Document(
                company=desk.company,
                kind=chance.choice(["fattura", "nota_credito"]) if dashboard else "ricevuta",
                dashboard=dashboard,
                state=chance.choice(STATES[dashboard]),
                number=chance.choice([str(place), f"{place}/a", f"2026/{place:05}"]),
                date=datetime.date(2026, 6, 30) - datetime.timedelta(days=chance.randrange(150)),
                counterpart_id=known[name].pk,
                counterpart_name=name,
                total_cents=chance.randrange(-500, 2000),
                taxable_cents=chance.randrange(2000),
                currency=chance.choice(["EUR", "EUR", "USD"]),
                search_text=f"{name} {chance.choice(REASONS)}".lower(),
                created_at=NOW,
            )
        )
    return Document.objects.bulk_create(rows)


def plain(text: str) -> str:
    text = text.lower().translate(str.maketrans("àèéìòùú", "aeeiouu"))
    return re.sub(r"\b([a-z])\.(?!\d)", r"\1", text)


def tokens(text: str) -> set[str]:
    return set(re.findall(r"\w+", plain(text)))


def has(words: set[str], typed: str) -> bool:
    """Every part of what was typed is a word, or from three letters on the beginning of one."""
    return all(
        any(word == part or (len(part) >= 3 and word.startswith(part)) for word in words)
        for part in tokens(typed)
    )


def meant(document: Document, filters: DocumentFilters) -> bool:
    identity = f"{NAMES.index(document.counterpart_name) + 700:011}"
    name = tokens(f"{document.counterpart_name} {identity}")
    everywhere = name | tokens(document.search_text)
    number = document.number.upper()
    return (
        document.dashboard in ((filters.dashboard,) if filters.dashboard else ("PA", "PR", ""))
        and filters.state in ("", document.state)
        and filters.kind in ("", document.kind)
        and (filters.date_from or document.date) <= document.date <= (filters.date_to or document.date)
        and number.startswith(filters.number.upper())
        and has(name, filters.counterpart)
        and all(has(everywhere, word) or number.startswith(word.upper()) for word in filters.text.split())
        and (filters.amount_from is None or document.total_cents >= filters.amount_from)
        and (filters.amount_to is None or document.total_cents <= filters.amount_to)
    )


def pages(actor: Actor, filters: DocumentFilters, limit: int) -> list[int]:
    """All pages from the top to the end; on the way back each page must be the one that was seen."""
    seen: list[list[int]] = []
    page = queries.list_documents(actor, filters, None, limit)
    while True:
        seen.append([row.id for row in page.rows])
        if page.next is None:
            break
        page = queries.list_documents(actor, filters, page.next, limit)
    for earlier in reversed(seen[:-1]):
        assert page.previous is not None
        page = queries.list_documents(actor, filters, page.previous, limit)
        assert [row.id for row in page.rows] == earlier
    return [document_id for ids in seen for document_id in ids]


def some_filters(chance: random.Random) -> DocumentFilters:
    choose: dict[str, list[Any]] = {
        "state": ["CONSEGNATO", "DA_PROCESSARE", "RICEVUTO", "NIENTE"],
        "kind": ["fattura", "nota_credito", "ricevuta"],
        "dashboard": ["PA", "PR", "PS"],
        "date_from": [datetime.date(2026, 2, 1), datetime.date(2026, 4, 17)],
        "date_to": [datetime.date(2026, 5, 31), datetime.date(2026, 4, 20)],
        "counterpart": ["rossi", "ross costr", "S.R.L.", "srl", "di", "00000000702", "cantu"],
        "number": ["1", "2026/", "2026/0001", "7/A", "zz"],
        "text": ["rossi", "ross", "srl congr", "z1234", "acqua spa", "dlgs", "2026/0001", "rossi 2026/", "ssi", "1",
                 "2 rossi", "1 2", "1 2026/ corso", "1 rossi 12", "spa 7", "2 srl 2026/"],
        "amount_from": [0, 1500],
        "amount_to": [1000, -1],
    }  # fmt: skip
    often = {"text": 0.5, "counterpart": 0.3}
    return DocumentFilters(
        **{
            name: chance.choice(values)
            for name, values in choose.items()
            if chance.random() < often.get(name, 0.17)
        }
    )


def go(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """So narrow that 150 documents make the search take this way."""
    few, glance, small, known, many, looks = {
        "searched": (2000, 0, 0, 12, 50_000, (1000, 4000)),
        "glanced": (2000, 200, 0, 1, 20, (1, 5)),
        "month by month": (40, 0, 0, 2, 9, (0, 2)),
        "read in order": (1, 0, 0, -1, 9, (0,)),  # each beginning goes on to too many words
    }[way]
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "GLANCE", glance)
    monkeypatch.setattr(search, "SMALL", small)
    monkeypatch.setattr(search, "LARGEST_WINDOW", 3)
    monkeypatch.setattr(search, "MANY", many)
    monkeypatch.setattr(search, "LOOKS", looks)
    monkeypatch.setattr(question, "KNOWN", known)


@pytest.mark.parametrize("way", ALL)
def test_every_way_finds_what_reading_all_documents_finds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    go(monkeypatch, way)
    check(desk, way)


@pytest.mark.parametrize("way", ALL)
def test_a_digit_beside_words_may_begin_a_number_or_be_a_word(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Words of which one begins the other, in capitals and small letters, before numbers that begin with both."""
    go(monkeypatch, way)
    documents, chance = fill(desk, 120, seed=7), random.Random(way)
    for document in documents:
        document.number = chance.choice(["2", "20/a", "201", "12", "A2/1", "a20", "3", "2026/00020", "é2"])
        document.search_text = f"{document.search_text} {chance.choice(['2', '20', 'a', '12 rate', '', ''])}"
        Document.objects.filter(pk=document.pk).update(
            number=document.number, search_text=document.search_text
        )
    documents.sort(key=lambda d: (d.date, d.pk), reverse=True)
    words = ["2", "20", "201", "12", "a", "A", "a2", "3", "2026/", "é", "rossi", "srl", "corso", "d", "zzzz"]
    for _ in range(40):
        filters = DocumentFilters(
            text=" ".join(chance.choices(words, k=chance.choice([2, 2, 3]))),
            number=chance.choice(["", "", "", "2", "a"]),
            counterpart=chance.choice(["", "", "rossi"]),
            dashboard=chance.choice(["", "", "PR", "PS"]),
            date_to=chance.choice([None, None, datetime.date(2026, 5, 10)]),
        )
        expected = [d for d in documents if meant(d, filters)]
        assert pages(desk.actor, filters, chance.choice([4, 50])) == [d.pk for d in expected], filters
        total = queries.totals(desk.actor, filters)
        assert total.count == len(expected) or not total.exact, filters


def test_a_small_company_is_read_whole(desk: Desk) -> None:
    check(desk, "small")


def check(desk: Desk, seed: str) -> None:
    documents = fill(desk, 150)
    roll_up(desk.company.pk, 30)  # some are rolled up, some wait
    documents.sort(key=lambda d: (d.date, d.pk), reverse=True)
    chance = random.Random(seed)
    for _ in range(30):
        filters = some_filters(chance)
        expected = [d for d in documents if meant(d, filters)]
        assert pages(desk.actor, filters, chance.choice([7, 50])) == [d.pk for d in expected], filters
        total = queries.totals(desk.actor, filters)
        euro = [d for d in expected if d.currency == "EUR"]
        if total.exact:
            assert total == queries.Totals(
                len(expected),
                sum(d.taxable_cents for d in euro),
                0,
                sum(d.total_cents for d in euro),
                len(expected) - len(euro),
            ), filters
        else:
            assert search.FEW < 2000 and filters.searches


def test_totals_beyond_a_thousand_say_so_and_have_no_sums(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNTED", 20)
    monkeypatch.setattr(search, "SMALL", 0)
    fill(desk, 200)
    many = queries.totals(desk.actor, DocumentFilters(text="rossi"))
    assert (many.count, many.exact, many.total_cents) == (20, False, 0)
    assert queries.totals(desk.actor, DocumentFilters(number="2026/0001")).exact


def test_totals_that_take_long_say_how_many_there_are_at_least_unless_they_are_few(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SMALL", 0)
    monkeypatch.setattr(search, "LARGEST_WINDOW", 1)
    fill(desk, 200)
    filters = DocumentFilters(text="rossi corso", dashboard="PR")
    exact = queries.totals(desk.actor, filters)
    assert exact.exact and exact.count > 6
    # All documents twice, for each has two words, whose beginnings are known: the last of five months is not looked at.
    monkeypatch.setattr(search, "WORK", 1.5 * 200 * 0.4)
    monkeypatch.setattr(search, "ENOUGH", 5)
    bounded = queries.totals(desk.actor, filters)
    assert 5 <= bounded.count < exact.count and not bounded.exact and bounded.total_cents == 0
    monkeypatch.setattr(search, "ENOUGH", exact.count + 1)
    assert queries.totals(desk.actor, filters) == exact


def test_reserved_states_are_neither_listed_nor_found_nor_counted(desk: Desk) -> None:
    documents = fill(desk, 60)
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "CONSEGNATO":
            state |= {"reserved": True, "reserved_groups": ["group:admin"]}
    workflow.publish_workflow(desk.company, definition, now=NOW)
    hidden = {d.pk for d in documents if d.state == "CONSEGNATO"}
    for filters in (DocumentFilters(), DocumentFilters(text="rossi"), DocumentFilters(state="CONSEGNATO")):
        expected = {d.pk for d in documents if meant(d, filters)}
        assert set(pages(desk.actor, filters, 50)) == expected - hidden
        assert queries.totals(desk.actor, filters).count == len(expected - hidden)
        chief = Actor("utente", "Anna", desk.company.pk, desk.actor.user_id, "admin")
        assert set(pages(chief, filters, 50)) == expected


def test_a_search_finds_nothing_of_another_company(desk: Desk, other_desk: Desk) -> None:
    desk.save()
    with company_scope(other_desk.company.pk):
        other_desk.save()
        found = queries.list_documents(other_desk.actor, DocumentFilters(text="rossi"))
        assert len(found.rows) == 1
        with connection.cursor() as cursor:
            # Even asked for the other's words, the wall shows only the own company.
            cursor.execute("select set_config('app.words', %s, true)", [f"'{desk.company.pk}.':*"])
            cursor.execute("select count(*) from documents_searchentry")
            assert cursor.fetchone() == (0,)
    with company_scope(desk.company.pk), connection.cursor() as cursor:
        cursor.execute("select set_config('app.words', %s, true)", [f"'{desk.company.pk}.':*"])
        cursor.execute("select count(*) from documents_searchentry")
        assert cursor.fetchone() == (1,)
        cursor.execute("select set_config('app.words', '', true)")


def test_words_are_known_from_the_moment_they_are_written_and_of_the_own_company_only(
    desk: Desk, other_desk: Desk
) -> None:
    document = desk.save()
    Document.objects.filter(pk=document.pk).update(
        search_text="straordinariamente", counterpart_name="Bianchi"
    )
    known = set(SearchWord.objects.values_list("word", flat=True))
    assert {"straordinariamente", "bianchi"} <= known
    fill(desk, 20)
    assert SearchWord.objects.filter(word="cantu").count() == 1
    with company_scope(other_desk.company.pk):
        assert not SearchWord.objects.exists()
        other_desk.save()
        assert "straordinariamente" not in set(SearchWord.objects.values_list("word", flat=True))


def test_a_number_is_found_wherever_it_lies_in_the_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that begin alike lie close together, far from where the page begins."""
    monkeypatch.setattr(search, "SMALL", 0)
    documents = fill(desk, 150)
    documents.sort(key=lambda d: (d.date, d.pk))
    for place, document in enumerate(documents):
        alike = f"4{place}" if 20 <= place < 60 else f"9{place}"
        Document.objects.filter(pk=document.pk).update(number=alike, dashboard="PR", state="CONSEGNATO")
    wanted = [d.pk for d in documents[20:60]]
    last, first = documents[140], documents[3]
    down = queries.list_documents(desk.actor, DocumentFilters(number="4"), Cursor(last.date, last.pk), 10)
    assert [row.id for row in down.rows] == wanted[:-11:-1]
    up = queries.list_documents(
        desk.actor, DocumentFilters(number="4"), Cursor(first.date, first.pk, False), 10
    )
    assert [row.id for row in up.rows] == wanted[9::-1]
    typed = queries.list_documents(desk.actor, DocumentFilters(text="4"), None, 100)
    assert [row.id for row in typed.rows] == wanted[::-1]


def test_each_entry_stands_on_the_dashboard_of_its_document(desk: Desk) -> None:
    """It is read out of the entry's words, whatever else they say."""
    documents = fill(desk, 60)
    Document.objects.filter(pk=documents[0].pk).update(
        dashboard="PS",
        kind="nota_credito",
        search_text="k/PA kpr/fattura 7.5f4k 'k' \\ // k",
        number="k/PA/k",
    )
    Document.objects.filter(pk=documents[1].pk).update(dashboard="", counterpart_name="K/k", search_text="")
    standing = dict(Document.objects.values_list("pk", "dashboard"))
    assert set(standing.values()) == {"PA", "PR", "PS", ""}
    assert dict(SearchEntry.objects.values_list("pk", "dashboard")) == standing


def test_a_word_is_a_number_only_where_the_dashboards_that_are_listed_bear_one(desk: Desk) -> None:
    """Else the list of Entrate would look through all that suppliers have numbered so."""
    documents = fill(desk, 30)
    theirs = [d.pk for d in documents if d.dashboard == "PS"]
    Document.objects.exclude(pk__in=theirs).update(number="77")
    Document.objects.filter(pk__in=theirs).update(number="2025/4")
    for dashboard, expected in (("PS", theirs), ("", []), ("PR", [])):
        filters = DocumentFilters(dashboard=dashboard, text="2025/")
        scope = finding.scope_of(desk.actor, filters)
        assert question.question_of(scope).as_number.keys() == ({"2025/"} if expected else set())
        assert sorted(pages(desk.actor, filters, 7)) == sorted(expected)
        assert sorted(pages(desk.actor, DocumentFilters(dashboard=dashboard, number="2025/"), 7)) == sorted(
            expected
        )


def test_the_search_does_not_outlive_its_question(desk: Desk) -> None:
    desk.save()
    queries.list_documents(desk.actor, DocumentFilters(text="zzz"))
    assert SearchEntry.objects.count() == 1


def test_what_is_corrected_is_found_under_its_new_words_only(desk: Desk) -> None:
    document = desk.save()
    with connection.cursor() as cursor:
        # Even while a search narrows what the table shows.
        cursor.execute("select set_config('app.words', '''1nothing''', true)")
        Document.objects.filter(pk=document.pk).update(search_text="tutt'altro", counterpart_name="Bianchi")
        cursor.execute("select current_setting('app.words')")
        assert cursor.fetchone() == ("'1nothing'",)
        cursor.execute("select set_config('app.words', '', true)")
    for text, number in (("rossi", 0), ("bianchi altro", 1)):
        assert len(queries.list_documents(desk.actor, DocumentFilters(text=text)).rows) == number


def test_a_move_leaves_the_words_alone(desk: Desk) -> None:
    document = desk.save()
    before = _place(document)
    desk.press(document)
    assert _place(document) == before


def test_a_deleted_document_leaves_no_words(desk: Desk) -> None:
    documents = fill(desk, 3)
    with connection.cursor() as cursor:
        cursor.execute("delete from workflow_document where id = %s", [documents[0].pk])
    assert set(SearchEntry.objects.values_list("pk", flat=True)) == {d.pk for d in documents[1:]}


def _place(document: Document) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("select ctid::text from documents_searchentry where document_id = %s", [document.pk])
        return cursor.fetchone()


@pytest.mark.parametrize(
    "typed", ["'", "\\", "rossi' | 'x", "a:*", "!", "(", "\u2019", "’s", "%", "_", "è" * 200]
)
def test_signs_are_no_orders_to_the_index(desk: Desk, typed: str) -> None:
    desk.save()
    for filters in (
        DocumentFilters(text=typed),
        DocumentFilters(counterpart=typed),
        DocumentFilters(number=typed),
    ):
        queries.list_documents(desk.actor, filters, Cursor.parse("n2026-01-01.5"))
        queries.totals(desk.actor, filters)
