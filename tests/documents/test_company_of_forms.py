"""A form is for the company it was shown for, whatever another tab has made of the session since."""

from __future__ import annotations

import json
import pathlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import fattorino.documents
from fattorino import clock
from fattorino.documents.forms.document import write
from fattorino.documents.models import ImportedFile, Invoice, StoredFile
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import Membership, User
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document, PendingAction
from tests.desk import NOW, Desk
from tests.documents.posted import posted

TEMPLATES = pathlib.Path(fattorino.documents.__file__).parent / "templates"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def client(desk: Desk, other_desk: Desk) -> Client:
    """Somebody who works for both companies, and now for the second."""
    user = User.objects.get(pk=desk.actor.user_id)
    save_user(user.email, None, "Laura Conti", {other_desk.company.pk: "operator"}, now=NOW)
    browser = Client()
    browser.force_login(user)
    browser.post("/azienda/", {"company": other_desk.company.pk})
    return browser


def first(desk: Desk) -> dict[str, str]:
    return {"azienda": str(desk.company.pk)}


def nothing_saved(desk: Desk, other_desk: Desk) -> bool:
    counts = []
    for each in (desk, other_desk):
        with company_scope(each.company.pk):
            counts += [kind.objects.count() for kind in (Invoice, ImportedFile, StoredFile, PendingAction)]
    return not any(counts)


def whole(template: str) -> str:
    """The template with what it includes."""
    return re.sub(
        r'\{% include "(documents/parts/bulk_fields\.html)" %\}',
        lambda found: (TEMPLATES / found[1]).read_text(),
        template,
    )


def test_every_form_that_writes_names_its_company() -> None:
    forms = [
        (path.name, form)
        for path in TEMPLATES.rglob("*.html")
        for form in re.findall(r'<form method="post".*?</form>', whole(path.read_text()), re.S)
        # The switch is no form of a company; what belongs to nobody is settled by who runs the installation.
        if "web:company_switch" not in form and path.name != "nobodys.html"
    ]
    assert len(forms) >= 4
    assert [name for name, form in forms if 'name="azienda" value="{{' not in form] == []


def test_a_new_document_is_not_saved_in_another_company_and_comes_back_as_typed(
    client: Client, desk: Desk, other_desk: Desk
) -> None:
    answer = client.post("/entrate/nuovo/", posted(causale="solo mia") | first(desk))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"aperto per {desk.company.name}" in page and other_desk.company.name in page
    assert "solo mia</textarea>" in page and f'name="azienda" value="{desk.company.pk}"' in page
    assert nothing_saved(desk, other_desk)


def test_the_way_back_leads_to_the_company_and_the_form_which_then_saves(
    client: Client, desk: Desk, other_desk: Desk
) -> None:
    typed = posted(causale="solo mia") | first(desk)
    answer = client.post("/entrate/nuovo/", typed | {"riprendi": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200 and "solo mia</textarea>" in page
    assert f"Ora lavori per {desk.company.name}. Il documento non è ancora salvato." in page
    assert nothing_saved(desk, other_desk)
    assert client.post("/entrate/nuovo/", typed).status_code == 302
    with company_scope(desk.company.pk):
        assert Document.objects.get().company_id == desk.company.pk


def test_a_correction_is_not_lost_either(client: Client, desk: Desk, other_desk: Desk) -> None:
    with company_scope(desk.company.pk):
        document = desk.save()
    typed = write(desk.draft(causale=("corretta",))) | {"versione": "1"} | first(desk)
    answer = client.post(f"/entrate/{document.pk}/modifica/", typed)
    assert answer.status_code == 409 and "corretta</textarea>" in answer.content.decode()
    client.post(f"/entrate/{document.pk}/modifica/", typed | {"riprendi": "1"})
    client.post(f"/entrate/{document.pk}/modifica/", typed)
    with company_scope(desk.company.pk):
        assert Invoice.objects.get().draft["causale"] == ["corretta"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/entrate/importa/", {"files": SimpleUploadedFile("a.xml", b"<a/>")}),
        ("/entrate/7/azione/", {"azione": "GENERA_XML_INVIA_HUB"}),
        ("/entrate/7/stato/", {"stato": "ANNULLATO"}),
    ],
)
def test_other_forms_do_nothing_and_show_the_way_back(
    client: Client, desk: Desk, other_desk: Desk, address: str, body: dict[str, object]
) -> None:
    answer = client.post(address, body | first(desk))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"Torna a lavorare per {desk.company.name}" in page
    assert nothing_saved(desk, other_desk)


def test_an_attachment_is_refused_by_a_notice_that_leaves_the_page_as_it_is(
    client: Client, desk: Desk, other_desk: Desk
) -> None:
    body = first(desk) | {"allegati_file": SimpleUploadedFile("a.txt", b"testo")}
    answer = client.post("/entrate/allegati/", body, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "non è stato salvato nulla" in json.loads(answer["HX-Trigger"])["notice"]["message"]
    assert nothing_saved(desk, other_desk)


@pytest.mark.parametrize("company", ["", "x", "999999", None])
def test_a_form_of_no_company_of_hers_saves_nothing(
    client: Client, desk: Desk, other_desk: Desk, company: str | None
) -> None:
    body = posted() | ({} if company is None else {"azienda": company})
    assert client.post("/entrate/nuovo/", body).status_code == 409
    assert client.post("/entrate/nuovo/", body | {"riprendi": "1"}).status_code == 409
    assert nothing_saved(desk, other_desk)


def test_who_was_taken_out_of_a_company_does_not_come_back_by_the_button(
    client: Client, desk: Desk, other_desk: Desk
) -> None:
    Membership.objects.filter(company=desk.company).delete()
    answer = client.post("/entrate/nuovo/", posted() | first(desk) | {"riprendi": "1"})
    assert answer.status_code == 409
    assert nothing_saved(desk, other_desk)
