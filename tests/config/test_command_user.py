from __future__ import annotations

import io

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from fattorino.organisations.flows import save_user
from fattorino.organisations.models import AuditEntry, Membership, User
from tests.desk import NOW, Desk

PIVA = "02100450127"


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    assert browser.get("/entrate/").status_code == 200
    return browser


def test_a_person_is_taken_out_of_one_company_at_once_and_it_is_written_down(
    desk: Desk, other_desk: Desk
) -> None:
    laura = User.objects.get(pk=desk.actor.user_id)
    save_user(laura.email, None, "Laura Conti", {other_desk.company.pk: "reader"}, now=NOW)
    hers = [signed_in(laura), signed_in(laura)]
    giulia = signed_in(User.objects.get(pk=other_desk.actor.user_id))
    out = io.StringIO()
    call_command("user", laura.email.upper(), "--revoca", PIVA, stdout=out)
    assert "non fa più parte" in out.getvalue()
    assert [m.company_id for m in Membership.objects.filter(user=laura)] == [other_desk.company.pk]
    assert all(browser.get("/entrate/").status_code == 302 for browser in hers)
    assert giulia.get("/entrate/").status_code == 200
    assert Session.objects.count() == 1
    entry = AuditEntry.objects.get(what="utente revocato")
    assert entry.company_id == desk.company.pk
    assert entry.detail == {"email": laura.email, "role": "operator", "sessions": 2}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nessuno@x.example", "--revoca", PIVA], "Nessuno con questo indirizzo"),
        (["giulia@studio.example", "--revoca", PIVA], "Nessuno con questo indirizzo"),
        (["laura@ordine.example", "--revoca", "00000000000"], "Nessuna azienda"),
        (["laura@ordine.example", "Laura", "--revoca", PIVA], "bastano"),
        (["laura@ordine.example", "Laura Conti"], "quattro valori"),
    ],
)
def test_what_cannot_be_revoked_is_told_and_nothing_changes(
    desk: Desk, other_desk: Desk, given: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("user", *given)
    assert Membership.objects.count() == 2


def test_an_administrator_of_the_installation_is_made_and_unmade_and_it_is_written_down(desk: Desk) -> None:
    laura = User.objects.get(pk=desk.actor.user_id)
    out = io.StringIO()
    call_command("user", laura.email, "--installazione", "si", stdout=out)
    assert "amministratore dell'installazione" in out.getvalue()
    assert User.objects.get(pk=laura.pk).is_staff
    call_command("user", laura.email, "--installazione", "no", stdout=out)
    assert not User.objects.get(pk=laura.pk).is_staff
    told = AuditEntry.objects.filter(what__startswith="amministratore dell'installazione")
    assert [entry.detail for entry in told] == [{"email": laura.email}] * 2
    with pytest.raises(CommandError, match="Nessuno"):
        call_command("user", "nessuno@esempio.it", "--installazione", "si")


def test_the_language_of_a_person_is_chosen_for_her(desk: Desk) -> None:
    laura = User.objects.get(pk=desk.actor.user_id)
    out = io.StringIO()
    call_command("user", laura.email, "--lingua", "en", stdout=out)
    assert "lingua English" in out.getvalue()
    laura.refresh_from_db()
    assert laura.language == "en"
    with pytest.raises(CommandError, match="Nessuno con questo indirizzo"):
        call_command("user", "nessuno@esempio.it", "--lingua", "en")
    with pytest.raises(CommandError):
        call_command("user", laura.email, "--lingua", "fr")


def test_the_role_is_told_by_its_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("una frase assai lunga\n"))
    call_command("user", "mara@ordine.example", "Mara Neri", PIVA, "reader", stdout=out)
    assert out.getvalue().startswith("Utente mara@ordine.example: Consultazione di ")
