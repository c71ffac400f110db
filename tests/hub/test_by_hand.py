"""What a person carries to SdI's portal: she says that it went, takes it back, brings the receipt."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import ConflictError, InputError, RefusedError
from fattorino.documents.models import DocumentFile
from fattorino.hub import queries_by_hand as queries
from fattorino.hub.flows import brought_receipts, to_match
from fattorino.hub.flows import by_hand as flows
from fattorino.hub.models import Channel, ChannelUse, FileNameSeries, Message, Submission, Transmission
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document, PendingAction, StateChange
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.arrived import sdi
from tests.hub.letters import again, letter, queued, state

Status = Submission.Status
PAGE = "/a-mano/"


@pytest.fixture
def by_hand(desk: Desk) -> Channel:
    channel = Channel.objects.create(company_id=desk.company.pk, kind="by_hand")
    ChannelUse.objects.create(company_id=desk.company.pk, dashboard="", channel=channel)
    return channel


@pytest.fixture
def browser(desk: Desk) -> Client:
    client = Client()
    assert client.login(email="laura@ordine.example", password=demo.PASSWORD)
    return client


def post(client: Client, desk: Desk, path: str, **values: Any) -> Any:
    return client.post(PAGE + path, {"azienda": str(desk.company.pk), **values})


def receipt(row: Submission, tipo: str = "RC", **changes: Any) -> SimpleUploadedFile:
    name, content = letter(row, tipo, **changes)
    return SimpleUploadedFile(name, content)


# What waits -----------------------------------------------------------------------------------------------


def test_a_document_of_this_way_waits_for_a_person_and_nothing_is_sent(
    desk: Desk, by_hand: Channel, browser: Client
) -> None:
    row = queued(desk)
    assert (row.status, row.channel) == (Status.BY_HAND, by_hand)
    assert not jobs("hub.turn") and not Transmission.objects.exists()
    page = browser.get(PAGE).content.decode()
    assert row.file_name in page
    answer = browser.get(f"{PAGE}file/{row.pk}/")
    assert row.outgoing is not None
    assert answer.content == bytes(row.outgoing.content)
    assert row.file_name in answer["Content-Disposition"]
    document = browser.get(f"/entrate/{row.document_id}/").content.decode()
    assert f"{PAGE}trasmesso/{row.pk}/" in document


@pytest.mark.parametrize(
    ("tipo", "kind", "name"),
    [
        ("TD01", "fattura", "Fattura"),
        ("TD04", "nota_credito", "Nota di credito"),
        ("TD06", "fattura", "Parcella"),
    ],
)
def test_a_document_is_called_what_it_is_on_the_pages_and_in_the_exports(
    desk: Desk, by_hand: Channel, browser: Client, tipo: str, kind: str, name: str
) -> None:
    document = desk.save(replace(desk.draft(), tipo_documento=tipo), kind=kind)
    desk.press(document)
    run_jobs()
    row = Submission.objects.get(document=document)
    called = f"{name} {document.number}"
    assert f">{called}</a>" in browser.get(PAGE).content.decode()
    page = browser.get(f"{PAGE}trasmesso/{row.pk}/").content.decode()
    assert f"<h1>Trasmesso a mano: {called}</h1>" in page
    assert f";{called};" in browser.get(f"{PAGE}?file=csv").content.decode("utf-8-sig")
    flows.tell_sent(desk.actor, row.pk, now=NOW)
    assert f">{called}</a>" in browser.get(f"{PAGE}?mostra=trasmessi").content.decode()
    page = browser.get(f"{PAGE}ricevuta/{document.pk}/").content.decode()
    assert f"<h1>Carica ricevuta: {called}</h1>" in page


def test_many_files_come_as_one_zip_with_their_list(desk: Desk, by_hand: Channel, browser: Client) -> None:
    rows = [queued(desk), queued(desk)]
    answer = post(browser, desk, "file.zip", invio=[str(row.pk) for row in rows])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"elenco.csv", *(row.file_name for row in rows)}
        assert all(
            row.outgoing and archive.read(row.file_name) == bytes(row.outgoing.content) for row in rows
        )
        listed = archive.read("elenco.csv").decode("utf-8-sig")
    assert all(row.file_name in listed for row in rows)
    assert post(browser, desk, "file.zip").status_code == 409


def test_another_companys_files_are_not_there(
    desk: Desk, other_desk: Desk, by_hand: Channel, browser: Client
) -> None:
    with company_scope(other_desk.company.pk):
        channel = Channel.objects.create(company_id=other_desk.company.pk, kind="by_hand")
        ChannelUse.objects.create(company_id=other_desk.company.pk, dashboard="", channel=channel)
        theirs = queued(other_desk)
    assert theirs.file_name not in browser.get(PAGE).content.decode()
    assert browser.get(f"{PAGE}file/{theirs.pk}/").status_code == 404
    assert post(browser, desk, f"trasmesso/{theirs.pk}/", data="2026-11-21").status_code == 404
    assert post(browser, desk, f"riprendi/{theirs.pk}/", canale="1").status_code == 404
    answer = post(browser, desk, "file.zip", invio=str(theirs.pk))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["elenco.csv"]
    with company_scope(desk.company.pk), pytest.raises(RefusedError):
        flows.tell_sent(desk.actor, theirs.pk, now=NOW)


# Sent -----------------------------------------------------------------------------------------------------


def test_who_has_carried_it_says_so_and_the_receipt_is_waited_for(
    desk: Desk, by_hand: Channel, browser: Client
) -> None:
    row = queued(desk)
    answer = post(browser, desk, f"trasmesso/{row.pk}/", data="2026-11-21", identificativo="123456789")
    assert answer.status_code == 302
    row = again(row)
    assert (row.status, row.identificativo_sdi, state(row)) == (
        Status.ACCEPTED,
        "123456789",
        "IN_ATTESA_ESITO",
    )
    change = StateChange.objects.filter(document_id=row.document_id, event="SDI_PRESO_IN_CARICO").get()
    assert change.actor_user_id == desk.actor.user_id
    assert change.message == "Trasmessa a mano dal portale il 21/11/2026. IdentificativoSdI 123456789."
    assert [each.id for each in queries.carried(desk.actor)] == [row.pk]
    assert not queries.to_carry(desk.actor)


def test_it_is_said_once(desk: Desk, by_hand: Channel) -> None:
    row = queued(desk)
    flows.tell_sent(desk.actor, row.pk, now=NOW)
    with pytest.raises(ConflictError):
        flows.tell_sent(desk.actor, row.pk, now=NOW)
    with pytest.raises(ConflictError):
        flows.take_back(desk.actor, row.pk, by_hand.pk, now=NOW)
    assert Transmission.objects.filter(submission=row).count() == 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"data": "2026-12-31"}, "futuro"),
        ({"data": "ieri"}, "Non è una data"),
        ({"data": "2026-11-21", "identificativo": "12 34!"}, "solo cifre"),
    ],
)
def test_what_cannot_be_so_is_told_beside_its_field(
    desk: Desk, by_hand: Channel, browser: Client, values: dict[str, str], told: str
) -> None:
    row = queued(desk)
    answer = post(browser, desk, f"trasmesso/{row.pk}/", **values)
    assert answer.status_code == 422 and told in answer.content.decode()
    assert again(row).status == Status.BY_HAND


def test_who_only_reads_settles_nothing(desk: Desk, by_hand: Channel) -> None:
    row = queued(desk)
    reader = replace(desk.actor, role="reader")
    for attempt in (
        lambda: flows.tell_sent(reader, row.pk, now=NOW),
        lambda: flows.take_back(reader, row.pk, by_hand.pk, now=NOW),
        lambda: brought_receipts.load_receipts(reader, [letter(row, "RC")], now=NOW),
        lambda: brought_receipts.load_receipt(reader, row.document_id, *letter(row, "RC"), now=NOW),
    ):
        with pytest.raises(RefusedError):
            attempt()
    assert again(row).status == Status.BY_HAND


def test_taken_back_it_goes_another_way_under_the_same_name(
    desk: Desk, by_hand: Channel, browser: Client
) -> None:
    row = queued(desk)
    other = Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", label="Diretto")
    answer = post(browser, desk, f"riprendi/{row.pk}/", canale=str(other.pk))
    assert answer.status_code == 302
    after = again(row)
    assert (after.status, after.channel, after.file_name) == (Status.QUEUED, other, row.file_name)
    assert [job["args"]["channel_id"] for job in jobs("hub.turn")] == [other.pk]


def test_it_is_not_taken_back_to_a_way_that_is_off_or_by_hand(desk: Desk, by_hand: Channel) -> None:
    row = queued(desk)
    off = Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", active=False)
    for wrong in (off.pk, by_hand.pk, 999_999):
        with pytest.raises(RefusedError):
            flows.take_back(desk.actor, row.pk, wrong, now=NOW)
    assert again(row).status == Status.BY_HAND


# Receipts -------------------------------------------------------------------------------------------------


def test_receipts_find_their_documents_by_the_file_they_name(
    desk: Desk, by_hand: Channel, browser: Client
) -> None:
    first, second = queued(desk), queued(desk)
    for row in (first, second):
        flows.tell_sent(desk.actor, row.pk, now=NOW)
    stranger = SimpleUploadedFile("appunti.xml", b"<appunti/>")
    answer = post(
        browser, desk, "ricevute/", ricevute=[receipt(first), receipt(second, "NS", number=2), stranger]
    )
    assert answer.status_code == 302
    run_jobs()
    assert (state(first), state(second)) == ("CONSEGNATO", "SCARTATO_SDI")
    assert "appunti.xml" in browser.get(PAGE).content.decode()
    assert not queries.carried(desk.actor)


def test_many_receipts_may_come_in_one_zip(desk: Desk, by_hand: Channel, browser: Client) -> None:
    first, second = queued(desk), queued(desk)
    for row in (first, second):
        flows.tell_sent(desk.actor, row.pk, now=NOW)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for each in (letter(first, "RC"), letter(second, "NS", number=2)):
            archive.writestr(*each)
    file = SimpleUploadedFile("ricevute.zip", packed.getvalue())
    assert post(browser, desk, "ricevute/", ricevute=[file]).status_code == 302
    assert "Prese 2 ricevute" in browser.get(PAGE).content.decode()
    run_jobs()
    assert (state(first), state(second)) == ("CONSEGNATO", "SCARTATO_SDI")


def test_a_pa_that_has_the_invoice_still_has_to_answer_and_the_page_asks_for_that_too(
    desk: Desk, by_hand: Channel, browser: Client
) -> None:
    row = queued(desk, pa=True)
    flows.tell_sent(desk.actor, row.pk, now=NOW)
    address = f"{PAGE}ricevuta/{row.document_id}/"
    for tipo, number, open_still in (("RC", 1, True), ("NE", 2, False)):
        assert address in browser.get(f"/entrate/{row.document_id}/").content.decode()
        answer = browser.post(
            address, {"azienda": desk.company.pk, "ricevute": receipt(row, tipo, number=number)}
        )
        assert answer.status_code == 302
        run_jobs()
        assert bool(queries.carried(desk.actor)) is open_still
    assert state(row) == "ACCETTATO"
    assert address not in browser.get(f"/entrate/{row.document_id}/").content.decode()


@pytest.mark.parametrize("path", ["ricevute/", "ricevuta/{document}/"])
def test_a_receipt_that_proves_nothing_is_kept_and_not_told_as_one_that_counts(
    desk: Desk, by_hand: Channel, browser: Client, path: str
) -> None:
    row = queued(desk)
    flows.tell_sent(desk.actor, row.pk, now=NOW)
    name, content = letter(row, "RC")
    forged = sdi().sign(content, NOW).replace(b"<Codice>M5UXCR1<", b"<Codice>XXXXXXX<")
    file = SimpleUploadedFile(name, forged)
    assert post(browser, desk, path.format(document=row.document_id), ricevute=file).status_code == 302
    run_jobs()
    page = browser.get(f"/entrate/{row.document_id}/").content.decode()
    assert "attende in «Messaggi SdI», «Da abbinare»" in page and "si aggiorna da solo" not in page
    assert state(row) == "IN_ATTESA_ESITO"
    # The true one is still asked for.
    assert f"{PAGE}ricevuta/{row.document_id}/" in page and queries.carried(desk.actor)


def outside(desk: Desk) -> Document:
    """A document that was sent with another program."""
    from fattorino.workflow import flows as workflow

    document = desk.save()
    workflow.choose_state(document.pk, "TRASMESSO_MANUALE", desk.actor, now=NOW)
    return document


def named(desk: Desk, name: str) -> Submission:
    return Submission(file_name=name, formato="FPR12", company_id=desk.company.pk)


def test_the_button_of_the_state_leads_to_the_page_that_asks_for_the_file(
    desk: Desk, browser: Client
) -> None:
    document = outside(desk)
    for page in (f"/entrate/{document.pk}/", "/entrate/"):
        assert f"{PAGE}ricevuta/{document.pk}/" in browser.get(page).content.decode()
    assert browser.get(f"{PAGE}ricevuta/{document.pk}/").status_code == 200


def test_a_document_sent_outside_the_procedure_takes_the_name_that_its_receipt_tells(
    desk: Desk, browser: Client
) -> None:
    document = outside(desk)
    theirs = named(desk, "IT09876543210_00A7Z.xml")
    answer = post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(theirs))
    assert answer.status_code == 302, answer.content.decode()
    run_jobs()
    assert desk.state(document) == "CONSEGNATO"
    row = Submission.objects.get(document=document)
    assert (row.base_name, row.current, row.outgoing) == ("IT09876543210_00A7Z", True, None)
    message = Message.objects.get(submission=row)
    assert message.company_id == desk.company.pk and message.state == Message.State.APPLIED
    events = [c.event for c in StateChange.objects.filter(document=document).order_by("pk")]
    # The action first, then what the receipt says.
    assert events.index("ActionSucceeded") < events.index("RC")


def unproven(name: str) -> SimpleUploadedFile:
    """A receipt of somebody who cannot be SdI."""
    letter_name, content = letter(Submission(file_name=name, formato="FPR12"), "RC")
    forged = sdi().sign(content, NOW).replace(b"<Codice>M5UXCR1<", b"<Codice>XXXXXXX<")
    return SimpleUploadedFile(letter_name, forged)


def test_a_receipt_that_proves_nothing_gives_no_name_and_no_state(desk: Desk, browser: Client) -> None:
    document = outside(desk)
    theirs = "IT09876543210_00A7Z.xml"
    answer = post(browser, desk, f"ricevuta/{document.pk}/", ricevute=unproven(theirs))
    assert answer.status_code == 302
    run_jobs()
    assert Message.objects.get().state == Message.State.TO_MATCH
    assert desk.state(document) == "TRASMESSO_MANUALE"
    assert not Submission.objects.filter(document=document).exists()
    assert not PendingAction.objects.filter(document=document).exists()
    assert not DocumentFile.objects.filter(document=document, kind=DocumentFile.Kind.RECEIPT).exists()
    # The true one, of whatever file it is.
    post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(named(desk, "IT09876543210_00B8Z.xml")))
    run_jobs()
    assert desk.state(document) == "CONSEGNATO"
    assert Submission.objects.get(document=document).base_name == "IT09876543210_00B8Z"


def test_who_matches_by_hand_a_receipt_of_what_went_outside_gives_the_document_its_name(
    desk: Desk, browser: Client
) -> None:
    document = outside(desk)
    post(browser, desk, f"ricevuta/{document.pk}/", ricevute=unproven("IT09876543210_00A7Z.xml"))
    run_jobs()
    boss = replace(desk.actor, role="admin")
    to_match.match(Message.objects.get().pk, document.pk, boss, now=NOW)
    assert desk.state(document) == "CONSEGNATO"
    row = Submission.objects.get(document=document)
    assert (row.base_name, row.current) == ("IT09876543210_00A7Z", True)
    assert Message.objects.get().submission_id == row.pk


def test_a_receipt_that_comes_twice_changes_nothing_more(desk: Desk, browser: Client) -> None:
    document = outside(desk)
    theirs = named(desk, "IT09876543210_00A7Z.xml")
    for _ in range(2):
        post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(theirs))
        run_jobs()
    assert desk.state(document) == "CONSEGNATO"
    assert Submission.objects.filter(document=document).count() == 1
    assert Message.objects.get().arrivals == 2


def test_the_name_of_our_own_series_is_never_given_again(desk: Desk, browser: Client) -> None:
    """Another program has used IT02100450127_00005 meanwhile: ours goes on behind it."""
    document = outside(desk)
    theirs = named(desk, f"IT{desk.company.trasmittente_codice}_00005.xml")
    post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(theirs))
    rows = [queued(desk) for _ in range(2)]
    assert [row.base_name[-5:] for row in rows] == ["00006", "00007"]


def test_a_name_far_ahead_does_not_end_our_series(desk: Desk, browser: Client) -> None:
    document = outside(desk)
    theirs = named(desk, f"IT{desk.company.trasmittente_codice}_ZZZZZ.xml")
    post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(theirs))
    assert queued(desk).base_name.endswith("_00001")
    assert FileNameSeries.objects.get().last == 1


def test_a_receipt_of_another_document_is_refused(desk: Desk, by_hand: Channel, browser: Client) -> None:
    other, document = queued(desk), outside(desk)
    answer = post(browser, desk, f"ricevuta/{document.pk}/", ricevute=receipt(other))
    assert answer.status_code == 422
    assert "inviato con un altro documento" in answer.content.decode()
    assert not Message.objects.exists() and not PendingAction.objects.filter(finished_at=None).exists()


def test_a_file_of_another_company_is_refused_without_telling_of_it(
    desk: Desk, other_desk: Desk, browser: Client
) -> None:
    with company_scope(other_desk.company.pk):
        channel = Channel.objects.create(company_id=other_desk.company.pk, kind="by_hand")
        ChannelUse.objects.create(company_id=other_desk.company.pk, dashboard="", channel=channel)
        theirs = queued(other_desk)
        theirs_told = receipt(theirs)
    document = outside(desk)
    answer = post(browser, desk, f"ricevuta/{document.pk}/", ricevute=theirs_told)
    assert answer.status_code == 422
    assert "non può essere di questo documento" in answer.content.decode()
    run_jobs()
    assert desk.state(document) == "TRASMESSO_MANUALE"
    with company_scope(other_desk.company.pk):
        assert again(theirs).status == Status.BY_HAND


def test_a_document_that_sdi_has_under_our_name_takes_no_other(desk: Desk, by_hand: Channel) -> None:
    row = queued(desk)
    flows.tell_sent(desk.actor, row.pk, now=NOW)
    theirs = named(desk, "IT09876543210_00A7Z.xml")
    with pytest.raises(RefusedError) as refused:
        brought_receipts.load_receipt(desk.actor, row.document_id, *letter(theirs, "RC"), now=NOW)
    assert row.file_name in refused.value.text


def test_a_document_that_was_never_sent_takes_no_receipt(desk: Desk) -> None:
    document = desk.save()
    theirs = named(desk, "IT09876543210_00A7Z.xml")
    with pytest.raises(RefusedError):
        brought_receipts.load_receipt(desk.actor, document.pk, *letter(theirs, "RC"), now=NOW)
    assert desk.state(document) == "DA_PROCESSARE" and not Submission.objects.exists()


@pytest.mark.parametrize("content", [b"", b"ciao", b"<a/>", b"PK\x03\x04 rotto"])
def test_what_is_no_receipt_is_refused_beside_the_field(desk: Desk, browser: Client, content: bytes) -> None:
    document = outside(desk)
    file = SimpleUploadedFile("ricevuta.xml", content)
    answer = post(browser, desk, f"ricevuta/{document.pk}/", ricevute=file)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "err-ricevute" in page and "non è una ricevuta di SdI" in page
    assert "file XML della fattura" not in page, "what to choose for an invoice is not what is wanted here"
    assert not Message.objects.exists()


def test_the_action_without_a_file_says_what_to_do(desk: Desk) -> None:
    """A program may press it too."""
    document = outside(desk)
    desk.press(document)
    run_jobs()
    pending = PendingAction.objects.get(document=document)
    assert pending.succeeded is False and "Carica ricevuta" in pending.message
    assert desk.state(document) == "TRASMESSO_MANUALE"


def test_a_file_too_large_is_no_receipt(desk: Desk) -> None:
    with pytest.raises(InputError):
        brought_receipts.load_receipt(
            desk.actor, outside(desk).pk, "x.xml", b" " * (brought_receipts.LIMIT + 1), now=NOW
        )
