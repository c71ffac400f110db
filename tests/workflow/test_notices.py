"""Who is told, what she sees of it, and what nobody may see."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from fattorino.core.errors import RefusedError
from fattorino.core.workflow import definition
from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations import groups
from fattorino.organisations.flows import revoke_user
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows, notices
from fattorino.workflow.flows import notices as notice_flows
from fattorino.workflow.models import Notice, StateChange
from tests.desk import Desk
from tests.workflow.postbox import CHOSEN, ENTERED, annul, browser_of, configure, person, reserve, tells

AZIENDA = "azienda"


def told(actor: Actor) -> list[tuple[str, str]]:
    return [(row.title, row.state.code if row.state else "") for row in notices.page(actor).rows]


def test_a_state_tells_the_people_of_its_organisational_group(desk: Desk) -> None:
    """ "Quando una fattura oppure una comunicazione passa ad uno specifico stato ci può essere la necessità di
    inviare una notifica ad un gruppo di utenti"."""
    ada, eva = person(desk, "ada@ordine.example"), person(desk, "eva@ordine.example", "Eva Neri")
    label = groups.save_group(desk.actor, "Contabili", [ada.user_id or 0], now=desk.now)
    tells(desk, CHOSEN, label)
    document = desk.save()
    assert told(ada) == []
    annul(desk, document)
    assert told(ada) == [("Fattura 1", CHOSEN)] and told(eva) == [] == told(desk.actor)


def test_only_the_dashboard_that_the_notice_names_tells(desk: Desk) -> None:
    """ "Abilitando il check di invio notifica per fattura emessa, [...] oppure fatture ricevute"."""

    def change(states: dict) -> None:  # type: ignore[type-arg]
        states[ENTERED]["notices"] = [
            {"dashboard": str(Dashboard.ACTIVE_PA), "group": "group:operator", "mail": False}
        ]

    configure(desk, change)
    desk.save()
    assert told(desk.actor) == []
    desk.save(desk.pa_draft())
    assert told(desk.actor) == [("Fattura 2", ENTERED)]


def test_in_several_groups_one_is_told_once_and_by_mail_if_any_says_so(desk: Desk, settings: object) -> None:
    settings.MAIL = True  # type: ignore[attr-defined]
    label = groups.save_group(desk.actor, "Contabili", [desk.actor.user_id or 0], now=desk.now)
    tells(desk, ENTERED)
    tells(desk, ENTERED, label, mail=True)
    desk.save()
    assert list(Notice.objects.values_list("user_id", "mail")) == [(desk.actor.user_id, "now")]


def test_one_change_tells_one_person_once_whatever_the_program_does(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    row = Notice.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="told_once"), transaction.atomic():
        row.save(force_insert=True)


def test_staying_in_a_state_tells_nobody(desk: Desk) -> None:
    tells(desk, ENTERED)
    document = desk.save()
    flows.record(document.pk, "Saved", desk.actor, now=desk.now, message="Salvato.")
    assert len(told(desk.actor)) == 1


def test_a_change_that_is_undone_has_told_nobody(desk: Desk) -> None:
    tells(desk, CHOSEN)
    document = desk.save()
    with transaction.atomic():
        annul(desk, document)
        transaction.set_rollback(True)
    assert told(desk.actor) == []


def test_many_that_move_together_are_told_in_the_same_few_questions(desk: Desk) -> None:
    from fattorino.core.workflow.decide import StateChosen
    from fattorino.workflow.flows.advance import advance_many
    from fattorino.workflow.flows.moves import Step

    tells(desk, CHOSEN)
    steps = [Step(desk.save().pk, StateChosen(CHOSEN), desk.actor) for _ in range(12)]
    counts = []
    for some in (steps[:2], steps[2:]):
        with CaptureQueriesContext(connection) as asked:
            advance_many(desk.company.pk, some, now=desk.now)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert len(told(desk.actor)) == 12


# ------------------------------------------------------------------------------------------- reserved


def test_who_may_not_see_a_reserved_state_is_not_told_of_it(desk: Desk) -> None:
    boss = person(desk, "capo@ordine.example", "Piera Capo", "admin")
    tells(desk, CHOSEN)
    tells(desk, CHOSEN, "group:admin")
    reserve(desk, CHOSEN, "group:admin")
    document = desk.save()
    flows.choose_state(document.pk, CHOSEN, boss, now=desk.now)
    assert not Notice.objects.filter(user_id=desk.actor.user_id).exists()
    assert told(boss) == [("Fattura 1", CHOSEN)]


def test_a_document_that_goes_where_others_only_may_look_takes_its_notices_out_of_sight(desk: Desk) -> None:
    boss = person(desk, "capo@ordine.example", "Piera Capo", "admin")
    tells(desk, ENTERED)
    reserve(desk, CHOSEN, "group:admin")
    document, other = desk.save(), desk.save()
    assert notices.unread(desk.actor) == 2
    flows.choose_state(document.pk, CHOSEN, boss, now=desk.now)
    assert notices.unread(desk.actor) == 1 and told(desk.actor) == [("Fattura 2", ENTERED)]
    hidden = Notice.objects.get(document=document)
    page = browser_of(desk.actor).get(f"/avvisi/{hidden.pk}/")
    assert page.status_code == 404
    assert notice_flows.mark_all_read(desk.actor, hidden.pk + 100, now=desk.now) == 1
    assert notice_flows.mark_document_read(desk.actor, document.pk, now=desk.now) == 0
    with pytest.raises(RefusedError):
        notice_flows.mark_read(desk.actor, hidden.pk, now=desk.now)
    assert Notice.objects.get(document=document).read_at is None
    # Back in sight, it is still to be read.
    reserve(desk, CHOSEN)
    assert notices.unread(desk.actor) == 1
    assert Notice.objects.filter(document=other, read_at=None).count() == 0


def test_who_left_the_company_is_told_nothing(desk: Desk) -> None:
    ada = person(desk, "ada@ordine.example")
    tells(desk, ENTERED)
    revoke_user(desk.company.pk, "ada@ordine.example", now=desk.now)
    desk.save()
    assert not Notice.objects.filter(user_id=ada.user_id).exists()


def test_another_company_sees_none_of_them(desk: Desk, other_desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    with company_scope(other_desk.company.pk):
        assert Notice.objects.count() == 0
        stranger = Actor("utente", "Laura", other_desk.company.pk, desk.actor.user_id, "operator")
        assert notices.unread(stranger) == 0 and told(stranger) == []


# ------------------------------------------------------------------------------------------- the pages


def test_the_bell_of_every_page_counts_what_is_unread(desk: Desk) -> None:
    browser = browser_of(desk.actor)
    assert "Avvisi: nessuno da leggere" in browser.get("/entrate/").content.decode()
    tells(desk, ENTERED)
    desk.save()
    page = browser.get("/entrate/").content.decode()
    assert (
        "Avvisi: 1 da leggere" in page and '<span class="ft-bell-count" aria-hidden="true">1</span>' in page
    )


def test_the_bell_asks_and_gets_an_answer_only_when_the_number_changed(desk: Desk) -> None:
    tells(desk, ENTERED)
    browser = browser_of(desk.actor)
    assert browser.get("/avvisi/campanella/?n=0").status_code == 204
    desk.save()
    news = browser.get("/avvisi/campanella/?n=0")
    assert news.status_code == 200 and 'hx-swap-oob="innerHTML">Avvisi: 1 da leggere' in news.content.decode()
    browser.logout()
    assert browser.get("/avvisi/campanella/?n=0").status_code == 204


def test_the_channel_counts_as_the_bell_does_also_without_what_is_reserved(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    user = desk.actor.user_id or 0
    assert notices.unread(desk.actor) == 1
    told = notices.unread_of(desk.company.pk, {user: [], user + 1: []})
    assert told == {user: 1, user + 1: 0}
    assert notices.unread_of(desk.company.pk, {user: ["ALTRO", ENTERED]}) == {user: 0}
    assert notices.unread_of(desk.company.pk, {user: ["ALTRO", "UN_ALTRO"]}) == {user: 1}
    assert notices.unread_of(desk.company.pk, {}) == {}


def test_the_bell_counts_to_99_and_says_when_there_are_more(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    first = Notice.objects.select_related("change").get()
    changes = [dict(model_to_dict(first.change, exclude=["id"])) for _ in range(120)]
    for each in changes:
        each |= {f"{name}_id": each.pop(name) for name in ("company", "document", "actor_user")}
    rows = StateChange.objects.bulk_create(StateChange(**each) for each in changes)
    notice_flows.tell(
        [(row, (definition.Notice(Dashboard.ACTIVE_PRIVATE, "group:operator"),)) for row in rows],
        now=desk.now,
    )
    page = browser_of(desk.actor).get("/avvisi/").content.decode()
    assert "più di 99 da leggere" in page and ">99+<" in page
    older = page.split("prima=")[1].split('"')[0]
    second = browser_of(desk.actor).get(f"/avvisi/?prima={older}").content.decode()
    assert second.count("Segna come letto<span") == notices.PAGE
    assert "inizio</a>" in second and "Segna tutti come letti" not in second


def test_the_list_shows_document_counterpart_state_and_time(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    page = browser_of(desk.actor).get("/avvisi/").content.decode()
    for words in ("Fattura 1", "Rossi", "Da processare", "21/11/2026 10:30", "Segna come letto"):
        assert words.lower() in page.lower(), words


def test_opening_a_notice_marks_it_read_and_leads_to_its_document(desk: Desk) -> None:
    tells(desk, ENTERED)
    document = desk.save()
    row = Notice.objects.get()
    answer = browser_of(desk.actor).get(f"/avvisi/{row.pk}/")
    assert answer.status_code == 302 and answer["Location"] == f"/entrate/{document.pk}/"
    assert notices.unread(desk.actor) == 0


def test_opening_the_document_marks_its_notices_read_and_no_others(desk: Desk) -> None:
    tells(desk, ENTERED)
    tells(desk, CHOSEN)
    document, other = desk.save(), desk.save()
    annul(desk, document)
    assert notices.unread(desk.actor) == 3
    browser_of(desk.actor).get(f"/entrate/{document.pk}/")
    assert [row.document_id for row in notices.page(desk.actor, unread_only=True).rows] == [other.pk]


def test_one_is_marked_read_by_its_button_and_the_filter_hides_it(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save(), desk.save()
    browser, row = browser_of(desk.actor), Notice.objects.order_by("pk").first()
    assert row is not None
    body = {AZIENDA: desk.company.pk, "mostra": "non-letti"}
    answer = browser.post(f"/avvisi/{row.pk}/letto/", body)
    assert answer["Location"] == "/avvisi/?mostra=non-letti"
    page = browser.get("/avvisi/?mostra=non-letti").content.decode()
    assert "Fattura 2" in page and "Fattura 1<" not in page
    assert "Fattura 1<" in browser.get("/avvisi/").content.decode()


def test_all_read_leaves_what_came_after_the_page_was_shown(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    shown = notices.page(desk.actor).newest
    desk.save()
    body = {AZIENDA: desk.company.pk, "fino": shown}
    browser_of(desk.actor).post("/avvisi/letti/", body)
    assert [row.title for row in notices.page(desk.actor, unread_only=True).rows] == ["Fattura 2"]


def test_nobody_reads_or_marks_the_notices_of_a_colleague(desk: Desk) -> None:
    ada = person(desk, "ada@ordine.example")
    label = groups.save_group(desk.actor, "Sola", [ada.user_id or 0], now=desk.now)
    tells(desk, ENTERED, label)
    desk.save()
    row, browser = Notice.objects.get(), browser_of(desk.actor)
    assert browser.get(f"/avvisi/{row.pk}/").status_code == 404
    assert browser.post(f"/avvisi/{row.pk}/letto/", {AZIENDA: desk.company.pk}).status_code == 404
    browser.post("/avvisi/letti/", {AZIENDA: desk.company.pk, "fino": row.pk})
    assert notices.unread(ada) == 1


def test_the_list_is_exported(desk: Desk) -> None:
    tells(desk, ENTERED)
    desk.save()
    text = browser_of(desk.actor).get("/avvisi/elenco.csv").content.decode("utf-8-sig")
    head, row = text.splitlines()
    assert head == "Documento;Data;Controparte;Stato;Avviso del;Letto"
    assert row.startswith("Fattura 1;21/11/2026;") and row.endswith(";21/11/2026;no")
    assert browser_of(desk.actor).get("/avvisi/elenco.xlsx").content.startswith(b"PK")


def test_a_link_to_a_notice_of_another_company_of_hers_offers_to_go_there(
    desk: Desk, other_desk: Desk
) -> None:
    from fattorino.organisations.flows import save_user

    tells(desk, ENTERED)
    document = desk.save()
    row = Notice.objects.get()
    save_user("laura@ordine.example", None, "Laura Conti", {other_desk.company.pk: "operator"}, now=desk.now)
    browser = browser_of(desk.actor)
    browser.post("/azienda/", {"company": other_desk.company.pk})
    page = browser.get(f"/avvisi/{row.pk}/")
    assert page.status_code == 200 and f"Passa a {desk.company.name}" in page.content.decode()
    assert "Fattura 1" not in page.content.decode()
    answer = browser.post(f"/avvisi/{row.pk}/", {AZIENDA: desk.company.pk, "riprendi": "1"})
    assert answer["Location"] == f"/entrate/{document.pk}/"
    assert desk.company.name in browser.get("/avvisi/").content.decode()


def test_the_preference_is_chosen_on_its_page_and_a_wrong_one_is_told_beside_it(desk: Desk) -> None:
    browser = browser_of(desk.actor)
    wrong = browser.post("/avvisi/preferenze/", {AZIENDA: desk.company.pk, "quando": "mai"})
    assert wrong.status_code == 422 and "indicare una delle due" in wrong.content.decode()
    browser.post("/avvisi/preferenze/", {AZIENDA: desk.company.pk, "quando": "riepilogo"})
    assert notices.wants_digest(desk.actor)
    browser.post("/avvisi/preferenze/", {AZIENDA: desk.company.pk, "quando": "subito"})
    assert not notices.wants_digest(desk.actor)


def test_without_a_mail_server_notices_are_in_the_pages_only_and_the_pages_say_so(desk: Desk) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    assert Notice.objects.get().mail == ""
    browser = browser_of(desk.actor)
    assert "non è impostato un server di posta" in browser.get("/avvisi/").content.decode()
    assert "non è impostato un server di posta" in browser.get("/avvisi/preferenze/").content.decode()


# ------------------------------------------------------------------------------------------- tidying


def test_only_what_was_read_is_forgotten_after_a_year(desk: Desk) -> None:
    tells(desk, ENTERED)
    documents = [desk.save() for _ in range(3)]
    old = desk.now - datetime.timedelta(days=366)
    Notice.objects.filter(document__in=documents[:2]).update(created_at=old)
    Notice.objects.filter(document__in=documents[1:]).update(read_at=desk.now)
    with system_scope():
        assert notice_flows.tidy(now=desk.now) == 1
    left = set(Notice.objects.values_list("document_id", flat=True))
    assert left == {documents[0].pk, documents[2].pk}  # the old one is unread, the read one is new
