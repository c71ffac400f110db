"""The pages by which received invoices come: what arrived, files handed in, watched folders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.documents.models import PassiveInvoice, Reception, WatchedFolder
from fattorino.organisations.flows import save_company, save_user, set_installation_admin
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope, system_scope
from tests.desk import NOW, Desk, run_jobs
from tests.documents.received import SUPPLIER, bring, invoice
from tests.documents.test_receiving_bringing import zipped

NAME = "IT01234567897_B0001.xml"
POLL = 'hx-get="/passive/importa/'


@pytest.fixture
def clerk(desk: Desk) -> Client:
    return signed_in(desk.actor.user_id)


def signed_in(user_id: int | None) -> Client:
    client = Client()
    client.force_login(
        User.objects.get(pk=user_id), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def admin(desk: Desk) -> Client:
    user = save_user("capo@ordine.example", demo.PASSWORD, "Il Capo", {desk.company.pk: "admin"}, now=NOW)
    return signed_in(user.pk)


def link_in(page: str) -> str:
    found = re.search(r"/passive/importa/\d+/", page)
    assert found
    return found[0]


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_files_handed_in_are_shown_with_what_became_of_each(desk: Desk, clerk: Client) -> None:
    files = [SimpleUploadedFile(NAME, invoice(desk)), SimpleUploadedFile("rotto.xml", b"<a>")]
    answer = clerk.post("/passive/importa/", {"files": files, "azienda": desk.company.pk}, follow=True)
    assert "Ricevuti 2 file" in text(answer) and "In lettura" in text(answer) and POLL in text(answer)
    with company_scope(desk.company.pk):
        run_jobs()
    page = text(clerk.get("/passive/importa/"))
    assert "Letta: <strong>1</strong>" in page and "Non leggibile: <strong>1</strong>" in page
    assert POLL not in page
    with company_scope(desk.company.pk):
        document = PassiveInvoice.objects.get().document_id
        brought = Reception.objects.get(name=NAME)
    one = text(clerk.get(link_in(page)))
    assert f'href="/passive/{document}/"' in one and "rotto.xml" in one and brought.name in one


def test_nothing_chosen_is_said_in_words(desk: Desk, clerk: Client) -> None:
    answer = clerk.post("/passive/importa/", {"azienda": desk.company.pk})
    assert answer.status_code == 409 and "Nessun file scelto" in text(answer)


@pytest.mark.parametrize("page", ["/passive/importa/", "/entrate/importa/"])
def test_who_chose_no_file_is_told_the_name_of_the_button_that_is_there(
    desk: Desk, clerk: Client, page: str
) -> None:
    assert "«Importa i file»" in text(clerk.post(page, {"azienda": desk.company.pk}))
    assert "Importa i file</button>" in text(clerk.get(page))


def test_what_could_not_be_read_can_be_taken_away_and_read_again(desk: Desk, clerk: Client) -> None:
    reception = bring(b"<a>", source="import", company_id=desk.company.pk)
    run_jobs()
    page = text(clerk.get("/passive/arrivi/?esito=unreadable"))
    assert "Non leggibile" in page and "Rileggi" in page
    assert clerk.get(f"/passive/arrivi/{reception}/file").content == b"<a>"
    posted = {"arrivo": reception, "azienda": desk.company.pk}
    assert "viene letto di nuovo" in text(clerk.post("/passive/arrivi/", posted, follow=True))
    assert "già stato letto" in text(clerk.post("/passive/arrivi/", posted, follow=True))


def test_an_arrival_leads_to_its_invoice_and_tells_how_often_it_came(desk: Desk, clerk: Client) -> None:
    for _ in range(2):
        bring(invoice(desk))
    run_jobs()
    document = PassiveInvoice.objects.get().document_id
    page = text(clerk.get("/passive/arrivi/"))
    assert f'href="/passive/{document}/"' in page and "consegnato 2 volte" in page
    assert "Rileggi" not in page
    csv = clerk.get("/passive/arrivi/?file=csv").content.decode()
    assert "1234567" in csv and "Letta" in csv
    assert clerk.get("/passive/arrivi/?file=xlsx").content.startswith(b"PK")


def test_another_companys_files_are_not_there(desk: Desk, other_desk: Desk) -> None:
    reception = bring(b"<segreto>", source="import", company_id=desk.company.pk)
    run_jobs()
    stranger = signed_in(other_desk.actor.user_id)
    assert NAME not in text(stranger.get("/passive/arrivi/"))
    assert stranger.get(f"/passive/arrivi/{reception}/file").status_code == 404
    assert stranger.get("/passive/importa/999999/").status_code == 404


def test_nobodys_files_are_for_who_administers_the_installation_and_can_be_given(desk: Desk) -> None:
    stranger = bring(invoice(desk, buyer=SUPPLIER))
    run_jobs()
    operator = signed_in(desk.actor.user_id)
    assert operator.get("/passive/arrivi/di-nessuno/").status_code == 403
    assert operator.get(f"/passive/arrivi/di-nessuno/{stranger}/file").status_code == 403
    assert "Di nessuna azienda" not in text(operator.get("/passive/arrivi/"))
    set_installation_admin("laura@ordine.example", True, now=NOW)
    page = text(operator.get("/passive/arrivi/di-nessuno/"))
    assert "Nessuna azienda di questa installazione" in page
    assert operator.get(f"/passive/arrivi/di-nessuno/{stranger}/file").status_code == 200
    refused = operator.post("/passive/arrivi/di-nessuno/", {"arrivo": stranger, "destinataria": ""})
    assert refused.status_code == 422 and "Scegliere l&#x27;azienda" in text(refused)
    given = {"arrivo": stranger, "destinataria": desk.company.pk}
    assert "Fattura assegnata" in text(operator.post("/passive/arrivi/di-nessuno/", given, follow=True))
    run_jobs()
    with system_scope():
        row = Reception.objects.get(pk=stranger)
    assert (row.state, row.company_id) == ("done", desk.company.pk)
    assert operator.post("/passive/arrivi/di-nessuno/", given).status_code == 422


def test_folders_are_for_administrators_and_say_what_is_wrong_beside_the_field(
    desk: Desk, clerk: Client, tmp_path: Path, settings: Any
) -> None:
    assert clerk.get("/passive/cartelle/").status_code == 403
    boss = admin(desk)
    assert "FATTORINO_WATCH_ROOTS" in text(boss.get("/passive/cartelle/"))
    settings.WATCH_ROOTS = [str(tmp_path)]
    folder = tmp_path / desk.company.id_codice
    folder.mkdir()
    wrong = boss.post("/passive/cartelle/", {"path": "/etc", "moves": "si", "azienda": desk.company.pk})
    assert wrong.status_code == 422 and "non è tra quelle ammesse" in text(wrong)
    good = {"path": str(folder), "moves": "no", "azienda": desk.company.pk}
    page = text(boss.post("/passive/cartelle/", good, follow=True))
    assert str(folder) in page and "non ancora" in page
    with company_scope(desk.company.pk):
        row = WatchedFolder.objects.get()
    assert (row.active, row.moves) == (True, False)
    stop = {"cartella": row.pk, "azienda": desk.company.pk}
    assert "Non più sorvegliata" in text(boss.post("/passive/cartelle/", stop, follow=True))


def folder_poll(page: str) -> list[str]:
    return re.findall(r'hx-get="(/passive/cartelle/[^"]*)"', page)


def test_the_page_of_the_folders_shows_by_itself_what_was_taken_meanwhile(desk: Desk) -> None:
    boss = admin(desk)
    assert not folder_poll(text(boss.get("/passive/cartelle/")))
    with company_scope(desk.company.pk):
        row = WatchedFolder.objects.create(
            company=desk.company, path="/mnt/fatture", looked_at=NOW, created_at=NOW
        )
    (address,) = folder_poll(text(boss.get("/passive/cartelle/")))
    asked = {"HX-Request": "true"}
    assert boss.get(address, headers=asked).status_code == 204
    with company_scope(desk.company.pk):
        WatchedFolder.objects.filter(pk=row.pk).update(taken=431)
    part = text(boss.get(address, headers=asked))
    assert ">431<" in part and "<html" not in part
    (again,) = folder_poll(part)
    assert again != address and boss.get(again, headers=asked).status_code == 204
    with company_scope(desk.company.pk):
        WatchedFolder.objects.filter(pk=row.pk).update(active=False)
    assert not folder_poll(text(boss.get(again, headers=asked)))


def test_the_codes_at_which_the_company_receives_are_set_on_the_page(desk: Desk, clerk: Client) -> None:
    posted = {"codes": "ufabc1, ABCDE12", "azienda": desk.company.pk}
    assert clerk.post("/passive/cartelle/", posted).status_code == 403
    boss = admin(desk)
    # They decide to whom an invoice is shown: a company's own administrator could claim another's.
    assert "I codici li imposta un amministratore" in text(boss.post("/passive/cartelle/", posted))
    set_installation_admin("capo@ordine.example", True, now=NOW)
    page = text(boss.post("/passive/cartelle/", posted, follow=True))
    assert 'value="ABCDE12 UFABC1"' in page
    wrong = boss.post("/passive/cartelle/", {**posted, "codes": "0000000"})
    assert wrong.status_code == 422 and "non è un codice presso cui l&#x27;azienda riceve" in text(wrong)


def test_recipient_codes_are_checked(desk: Desk) -> None:
    company = save_company(demo.ORDINE, now=NOW, recipient_codes=[" abc1234 ", "UFABC1", ""])
    assert company.recipient_codes == ["ABC1234", "UFABC1"]
    for wrong in ("0000000", "XXXXXXX", "troppo-lungo", "AB"):
        with pytest.raises(RefusedError):
            save_company(demo.ORDINE, now=NOW, recipient_codes=[wrong])


def test_an_import_of_many_files_is_shown_some_at_a_time(desk: Desk, clerk: Client) -> None:
    bundle = zipped({f"foglio{n}.txt": b"x" for n in range(60)})
    answer = clerk.post(
        "/passive/importa/",
        {"files": [SimpleUploadedFile("tanti.zip", bundle)], "azienda": desk.company.pk},
        follow=True,
    )
    link = link_in(text(answer))
    with company_scope(desk.company.pk):
        run_jobs()
    page = text(clerk.get(link))
    assert "Non sono fatture: <strong>60</strong>" in page
    assert "foglio49.txt" in page
    assert "foglio50.txt" not in page
    assert "foglio59.txt" in text(clerk.get(f"{link}?dopo=50"))
