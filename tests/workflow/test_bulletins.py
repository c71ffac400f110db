"""What concerns no document: told to administrators, once, in the pages and by e-mail."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fattorino import clock
from fattorino.core.texts import say
from fattorino.organisations.flows import revoke_user, save_user
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows, notices, tasks_notices
from fattorino.workflow.flows import notices as notice_flows
from fattorino.workflow.models import Bulletin, Notice
from tests.desk import NOW, Desk
from tests.workflow.postbox import ENTERED, PostBox, browser_of, person, postbox, subject_of, tells, text_of

__all__ = ["postbox"]  # a fixture
TITLE = say("Certificati e chiavi")
TEXT = say("Il certificato con cui si firmano le fatture scade il {day}.", day="22/11/2027")
PAGE = "/impostazioni/firma/"


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return person(desk, "ada@ordine.example", role="admin")


def announce(desk: Desk, event: str = "key:1:60") -> bool:
    return flows.announce(desk.company.pk, event, TITLE, TEXT, PAGE, now=desk.now)


def test_administrators_are_told_once_and_nobody_else(desk: Desk, other_desk: Desk, ada: Actor) -> None:
    assert announce(desk) and not announce(desk) and announce(desk, "key:1:30")
    rows = notices.page(ada).rows
    assert [(row.title, row.text, row.page) for row in rows] == [(TITLE, TEXT, PAGE)] * 2
    assert notices.page(desk.actor).rows == [] and notices.unread(desk.actor) == 0
    with company_scope(other_desk.company.pk):
        assert not Notice.objects.exists() and not Bulletin.objects.exists()


def test_it_is_counted_listed_opened_and_read_like_any_other(desk: Desk, ada: Actor) -> None:
    announce(desk)
    tells(desk, ENTERED, "group:admin")
    desk.save()
    user = ada.user_id or 0
    assert notices.unread(ada) == 2
    assert notices.unread_of(desk.company.pk, {user: []}, [user]) == {user: 2}
    browser = browser_of(ada)
    page = browser.get("/avvisi/").content.decode()
    assert "Certificati e chiavi" in page and "scade il 22/11/2027" in page and "Fattura 1" in page
    assert "22/11/2027" in browser.get("/avvisi/elenco.csv").content.decode("utf-8-sig")
    notice = Notice.objects.get(document=None)
    assert browser.get(f"/avvisi/{notice.pk}/")["Location"] == PAGE
    assert Notice.objects.get(pk=notice.pk).read_at and notices.unread(ada) == 1


def test_who_administers_no_more_is_shown_it_no_more(desk: Desk, ada: Actor) -> None:
    announce(desk)
    save_user("ada@ordine.example", None, "Ada Rossi", {desk.company.pk: "operator"}, now=desk.now)
    now_operator = Actor("utente", "Ada Rossi", desk.company.pk, ada.user_id, "operator")
    user = ada.user_id or 0
    assert notices.page(now_operator).rows == [] and notices.unread(now_operator) == 0
    assert notices.unread_of(desk.company.pk, {user: []}) == {user: 0}
    notice = Notice.objects.get()
    assert browser_of(now_operator).get(f"/avvisi/{notice.pk}/").status_code == 404
    assert Notice.objects.get().read_at is None


def test_it_goes_by_mail_in_the_language_of_the_reader(
    desk: Desk, ada: Actor, postbox: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(desk)
    monkeypatch.setattr(clock, "now", lambda: NOW + datetime.timedelta(seconds=1))
    tasks_notices.mail_notices.func(timestamp=0)
    (mail,) = postbox.mails
    assert postbox.to == ["ada@ordine.example"]
    assert subject_of(mail) == f"Certificati e chiavi · {desk.company.name}"
    told = text_of(mail)
    assert TEXT in told and "/avvisi/" in told and "None" not in told + text_of(mail, "html")


def test_who_wants_one_mail_a_day_finds_it_in_there(desk: Desk, ada: Actor, settings: Any) -> None:
    settings.MAIL = True
    notice_flows.choose_mail(ada, digest=True)
    announce(desk)
    assert Notice.objects.get().mail == "digest"


def test_an_old_one_that_was_read_goes_and_is_not_told_again(desk: Desk, ada: Actor) -> None:
    announce(desk)
    notice_flows.mark_all_read(ada, Notice.objects.get().pk, now=desk.now)
    assert notice_flows.tidy(now=desk.now + datetime.timedelta(days=366)) == 1
    assert not announce(desk) and not Notice.objects.exists()


def test_a_notice_is_of_a_change_or_of_a_bulletin(desk: Desk, ada: Actor) -> None:
    announce(desk)
    with pytest.raises(IntegrityError, match="notice_of_one_thing"), transaction.atomic():
        Notice.objects.create(company=desk.company, user_id=ada.user_id, created_at=desk.now)
    row = Notice.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="bulletin_told_once"), transaction.atomic():
        row.save(force_insert=True)


def test_a_company_without_administrators_keeps_it_for_nobody(desk: Desk, ada: Actor) -> None:
    revoke_user(desk.company.pk, "ada@ordine.example", now=desk.now)
    assert announce(desk) and not Notice.objects.exists()
