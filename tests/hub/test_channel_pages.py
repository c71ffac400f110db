"""The channel pages: who sees them, what is saved, that no secret ever comes back, the test, the ways."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fattorino import clock
from fattorino.config import demo
from fattorino.core.errors import InputError, RefusedError
from fattorino.hub.flows import channel_settings as flows
from fattorino.hub.flows import channels
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.models import Channel, ChannelUse
from fattorino.hub.signing import certificates
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import AuditEntry
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from tests.desk import NOW, Desk, jobs, run_jobs

CANALI = "/impostazioni/canali/"
PEC = {
    "label": "Casella PEC",
    "address": "fatture@pec.ordine.example",
    "smtp_host": "smtp.gestore.example",
    "imap_host": "imap.gestore.example",
    "pace": "0",
    "concurrency": "1",
}
SECRET = "segretissima-42"


@pytest.fixture
def admin(desk: Desk) -> Actor:
    user = save_user("capo@ordine.example", demo.PASSWORD, "Rita Capo", {desk.company.pk: "admin"}, now=NOW)
    return Actor("utente", str(user), desk.company.pk, user.pk, "admin")


@pytest.fixture
def browser(desk: Desk, admin: Actor) -> Client:
    client = Client()
    assert client.login(email="capo@ordine.example", password=demo.PASSWORD)
    return client


@pytest.fixture(scope="module")
def p12() -> bytes:
    ca = make_ca(at=NOW)
    return issue(ca, Holder("Laura", "Conti", "VRDLCU82D25L219V"), "prova", at=NOW)


def post(client: Client, path: str, company: int, **values: Any) -> Any:
    return client.post(path, {"azienda": str(company), **values})


def pec(desk: Desk, browser: Client, **more: Any) -> Channel:
    answer = post(browser, CANALI + "nuovo/pec/", desk.company.pk, **{**PEC, "password": SECRET, **more})
    assert answer.status_code == 302, answer.content.decode()
    return Channel.objects.get(company_id=desk.company.pk, kind="pec")


# Who ------------------------------------------------------------------------------------------------------


def test_only_who_administers_sees_the_channels(desk: Desk, browser: Client) -> None:
    operator = Client()
    assert operator.login(email="laura@ordine.example", password=demo.PASSWORD)
    assert operator.get(CANALI).status_code == 403
    assert operator.post(CANALI + "nuovo/pec/", {"azienda": desk.company.pk, **PEC}).status_code == 403
    assert browser.get(CANALI).status_code == 200
    assert not Channel.objects.filter(company_id=desk.company.pk, kind="pec").exists()


def test_a_channel_of_another_company_is_not_there(desk: Desk, other_desk: Desk, browser: Client) -> None:
    with company_scope(other_desk.company.pk):
        theirs = Channel.objects.create(company_id=other_desk.company.pk, kind="pec", label="Altrui")
    path = f"{CANALI}{theirs.pk}/"
    assert browser.get(path).status_code == 404
    for action in ("", "prova/", "attiva/", "elimina/"):
        assert post(browser, path + action, desk.company.pk, attivo="0").status_code == 404
    assert "Altrui" not in browser.get(CANALI).content.decode()


def test_documents_cannot_be_sent_the_way_of_another_company(
    desk: Desk, other_desk: Desk, admin: Actor
) -> None:
    with company_scope(other_desk.company.pk):
        theirs = Channel.objects.create(company_id=other_desk.company.pk, kind="pec")
    with company_scope(desk.company.pk), pytest.raises(RefusedError) as refused:
        flows.choose_ways(admin, {"": (theirs.pk, None)}, now=NOW)
    assert "non c'è più" in refused.value.fields[""]


# Secrets --------------------------------------------------------------------------------------------------


def test_a_secret_is_kept_encrypted_and_never_shown_exported_or_audited(desk: Desk, browser: Client) -> None:
    row = pec(desk, browser)
    assert channels.secrets_of(row) == {"password": SECRET}
    assert SECRET.encode() not in bytes(row.secrets or b"")
    pages = [
        browser.get(f"{CANALI}{row.pk}/").content,
        browser.get(CANALI).content,
        browser.get(CANALI + "?file=csv").content,
        browser.get("/impostazioni/modifiche/").content,
    ]
    assert not any(SECRET.encode() in page for page in pages)
    entry = AuditEntry.objects.filter(company_id=desk.company.pk, what="canale impostato").get()
    assert entry.detail["segreti"] == "password"
    assert SECRET not in str(entry.detail)


def test_a_secret_typed_into_a_form_that_is_refused_does_not_come_back(desk: Desk, browser: Client) -> None:
    values = {**PEC, "smtp_host": "non un server!", "password": SECRET}
    answer = post(browser, CANALI + "nuovo/pec/", desk.company.pk, **values)
    assert answer.status_code == 422
    assert "Non è il nome di un server" in answer.content.decode()
    assert SECRET not in answer.content.decode()


def test_an_empty_secret_keeps_what_is_there(desk: Desk, browser: Client) -> None:
    row = pec(desk, browser)
    answer = post(browser, f"{CANALI}{row.pk}/", desk.company.pk, **{**PEC, "label": "Nuovo nome"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.label, channels.secrets_of(row)) == ("Nuovo nome", {"password": SECRET})


def test_a_password_does_not_follow_to_another_server(desk: Desk, browser: Client) -> None:
    row = pec(desk, browser)
    moved = {**PEC, "smtp_host": "smtp.altrove.example"}
    answer = post(browser, f"{CANALI}{row.pk}/", desk.company.pk, **moved)
    assert answer.status_code == 422
    assert "scrivere di nuovo il segreto" in answer.content.decode()
    row.refresh_from_db()
    assert row.settings["smtp_host"] == PEC["smtp_host"]
    answer = post(browser, f"{CANALI}{row.pk}/", desk.company.pk, **moved, password="un'altra")
    assert answer.status_code == 302


def test_what_is_missing_is_told_beside_the_field(desk: Desk, browser: Client) -> None:
    answer = post(browser, CANALI + "nuovo/pec/", desk.company.pk, pace="0", concurrency="1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("Manca: senza, il canale non può funzionare.") == 4
    assert not Channel.objects.filter(company_id=desk.company.pk, kind="pec").exists()


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://servizi.fatturapa.it/ricevi_file", True),
        ("http://127.0.0.1:8001/ricevi_file", True),
        ("http://servizi.fatturapa.it/ricevi_file", False),
        ("http://127.0.0.1.example.org/", False),
        ("https://utente:parola@servizi.fatturapa.it/", False),
        ("ftp://servizi.fatturapa.it/", False),
        ("https://", False),
        ("https://[::1", False),
    ],
)
def test_sdi_is_called_with_tls_only(desk: Desk, admin: Actor, url: str, good: bool) -> None:
    wanted = Wanted("", 0, 4, {"url": url})
    if good:
        assert flows.save_channel(admin, "sdicoop", wanted, now=NOW).settings == {"url": url}
        return
    with pytest.raises(RefusedError) as refused:
        flows.save_channel(admin, "sdicoop", wanted, now=NOW)
    assert "url" in refused.value.fields


def test_the_exchange_folder_is_chosen_by_who_keeps_the_machine(
    desk: Desk, browser: Client, p12: bytes, settings: Any
) -> None:
    """Whoever could name any folder could read the supports of another company."""
    values = sdiftp_values(p12) | {"root": "/srv/sdiftp/altra-azienda"}
    answer = post(browser, CANALI + "nuovo/sdiftp/", desk.company.pk, **values)
    assert answer.status_code == 302, answer.content.decode()
    row = Channel.objects.get(company_id=desk.company.pk, kind="sdiftp")
    assert row.settings["root"] == f"{settings.SDIFTP_HOME}/02100450127"


def test_a_node_belongs_to_one_company(
    desk: Desk,
    other_desk: Desk,
    admin: Actor,
    browser: Client,
    p12: bytes,
    settings: Any,
    tmp_path: pathlib.Path,
) -> None:
    """Whoever shares a folder, a node or SdI's account with another company would get what SdI leaves for her."""
    settings.SDIFTP_HOME = tmp_path / "nodi"
    answer = post(
        browser, CANALI + "nuovo/sdiftp/", desk.company.pk, **sdiftp_values(p12), sftp_user="sdi-ordine"
    )
    assert answer.status_code == 302, answer.content.decode()
    first = Channel.objects.get(company_id=desk.company.pk, kind="sdiftp")
    mine = pathlib.Path(first.settings["root"])
    mine.mkdir(parents=True)
    (tmp_path / "altro-nome").symlink_to(mine)
    theirs = Actor("utente", "Giulia", other_desk.company.pk, other_desk.actor.user_id, "admin")
    good = {**first.settings, "node": "02345678901", "root": "", "sftp_user": "sdi-studio"}
    keys = channels.secrets_of(first)

    def save(**changes: str) -> Channel:
        wanted = Wanted("", 0, 1, {**good, **changes}, keys)
        with company_scope(other_desk.company.pk):
            return flows.save_channel(theirs, "sdiftp", wanted, now=NOW)

    for name, value in (
        ("node", "02100450127"),
        ("root", str(mine)),
        ("root", f"{mine}/DatiDaSdI"),
        ("root", str(mine.parent)),
        ("root", f"{tmp_path}/altro-nome/DatiDaSdI"),
        ("sftp_user", "sdi-ordine"),
    ):
        with pytest.raises(RefusedError) as refused:
            save(**{name: value})
        assert set(refused.value.fields) == {name}, (name, value)
    made = save()
    assert made.settings["root"] == f"{tmp_path}/nodi/02345678901"
    # Its own again, and a folder of that name left behind by the first company's former node.
    with company_scope(desk.company.pk):
        Channel.objects.filter(pk=first.pk).update(settings={**first.settings, "node": "02345678902"})
        assert flows.save_channel(admin, "sdiftp", Wanted("Nodo", 0, 1), now=NOW, channel_id=first.pk)
    assert save(node="02100450127").settings["root"] == f"{mine}-{other_desk.company.pk}"


@pytest.mark.parametrize(("length", "good"), [(11, False), (12, True), (200, True), (201, False)])
def test_the_password_told_to_sdi_is_neither_short_nor_endless(
    desk: Desk, browser: Client, p12: bytes, length: int, good: bool
) -> None:
    values = sdiftp_values(p12) | {"sftp_user": "sdi", "sftp_password": "x" * length}
    answer = post(browser, CANALI + "nuovo/sdiftp/", desk.company.pk, **values)
    assert answer.status_code == (302 if good else 422)
    assert good or "Servono da 12 a 200 caratteri" in answer.content.decode()


def sdiftp_values(p12: bytes) -> dict[str, Any]:
    _, certificate, _ = pkcs12.load_key_and_certificates(p12, b"prova")
    assert certificate is not None
    der = certificate.public_bytes(Encoding.DER)
    return {
        "node": "02100450127",
        "pace": "0",
        "concurrency": "1",
        "signing_certificate": SimpleUploadedFile("firma.p12", p12),
        "password-signing_certificate": "prova",
        "reading_certificate": SimpleUploadedFile("cifra.p12", p12),
        "password-reading_certificate": "prova",
        "sdi_signing_certificates": SimpleUploadedFile("sdi.cer", der),
        "sdi_reading_certificate": SimpleUploadedFile("sdi2.cer", der),
    }


# Certificates ---------------------------------------------------------------------------------------------


def test_a_certificate_is_uploaded_and_told_with_subject_and_end(
    desk: Desk, browser: Client, p12: bytes
) -> None:
    answer = post(
        browser,
        CANALI + "nuovo/sdicoop/",
        desk.company.pk,
        **{
            "url": "https://servizi.example/ricevi_file",
            "pace": "0",
            "concurrency": "4",
            "client_identity": SimpleUploadedFile("client.p12", p12),
            "password-client_identity": "prova",
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    row = Channel.objects.get(company_id=desk.company.pk, kind="sdicoop", settings__has_key="url")
    assert "PRIVATE KEY" in channels.secrets_of(row)["client_identity"]
    assert "PRIVATE KEY" not in str(row.settings)
    own = certificates.facts(channels.secrets_of(row)["client_identity"])[0]
    assert row.certificates_until == own.not_after
    page = browser.get(f"{CANALI}{row.pk}/").content.decode()
    assert "CONTI" in page.upper() and own.serial in page and f"{own.not_after:%d/%m/%Y}" in page
    assert "PRIVATE KEY" not in page


@pytest.mark.parametrize("form", ["p12", "pem", "two files", "der key"])
def test_certificate_and_key_come_in_every_usual_form(p12: bytes, form: str) -> None:
    key, certificate, _ = pkcs12.load_key_and_certificates(p12, b"prova")
    assert key is not None and certificate is not None
    pem = certificate.public_bytes(Encoding.PEM)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"prova"))
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    files = {"p12": [p12], "pem": [plain + pem], "two files": [pem, locked], "der key": [der, pem]}[form]
    pair = certificates.read_pair(files, "prova")
    assert pair.certificates.startswith(pem.decode())
    assert pair.key == plain.decode()


def test_what_is_no_pair_is_refused_with_the_reason(p12: bytes) -> None:
    other = issue(make_ca(at=NOW), Holder("Ugo", "Neri", "NREGUO80A01H501X"), "prova", at=NOW)
    key, _, _ = pkcs12.load_key_and_certificates(other, b"prova")
    _, certificate, _ = pkcs12.load_key_and_certificates(p12, b"prova")
    assert key is not None and certificate is not None
    stranger = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for files, told in (
        ([p12], "password è sbagliata"),
        ([b"ciao"], "non si legge"),
        ([certificate.public_bytes(Encoding.PEM)], "manca la chiave privata"),
        ([stranger, certificate.public_bytes(Encoding.PEM)], "manca il certificato di questa chiave"),
    ):
        with pytest.raises(InputError) as refused:
            certificates.read_pair(files, "sbagliata")
        assert told in refused.value.text


def test_a_key_that_is_renewed_stays_beside_the_new_one(desk: Desk, browser: Client, p12: bytes) -> None:
    post(browser, CANALI + "nuovo/sdiftp/", desk.company.pk, **sdiftp_values(p12))
    row = Channel.objects.get(company_id=desk.company.pk, kind="sdiftp")
    newer = issue(make_ca(at=NOW), Holder("Laura", "Conti", "VRDLCU82D25L219V"), "prova", at=NOW)
    values = {
        **{"node": "02100450127", "pace": "0", "concurrency": "1"},
        "reading_certificate": SimpleUploadedFile("cifra.p12", newer),
        "password-reading_certificate": "prova",
    }
    answer = post(browser, f"{CANALI}{row.pk}/", desk.company.pk, **values)
    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    assert channels.secrets_of(row)["reading_key"].count("BEGIN PRIVATE KEY") == 2
    assert channels.secrets_of(row)["signing_key"].count("BEGIN PRIVATE KEY") == 1
    first = certificates.facts(row.settings["reading_certificate"])[0]
    _, newest, _ = pkcs12.load_key_and_certificates(newer, b"prova")
    assert newest is not None and first.serial == f"{newest.serial_number:X}"


@pytest.mark.parametrize(
    ("days", "level"), [(90, ""), (60, "info"), (30, "warning"), (7, "danger"), (-1, "danger")]
)
def test_the_end_of_a_certificate_is_told_60_30_and_7_days_before(
    desk: Desk, browser: Client, days: int, level: str
) -> None:
    from fattorino.hub import queries_channels as queries

    end = NOW + datetime.timedelta(days=days, hours=1)
    Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", certificates_until=end)
    (row,) = queries.channels_of(desk.company.pk, now=NOW)
    assert row.certificates_level == level
    assert [each.id for each in queries.ending_soon(desk.company.pk, now=NOW)] == ([row.id] if level else [])


# Test -----------------------------------------------------------------------------------------------------


def test_the_test_runs_in_the_background_and_its_steps_are_kept(desk: Desk, browser: Client) -> None:
    row = Channel.objects.create(
        company_id=desk.company.pk, kind="sdicoop", settings={"url": "http://127.0.0.1:9/ricevi_file"}
    )
    answer = post(browser, f"{CANALI}{row.pk}/prova/", desk.company.pk)
    assert answer.status_code == 302
    assert "Prova in corso" in browser.get(f"{CANALI}{row.pk}/").content.decode()
    assert post(browser, f"{CANALI}{row.pk}/prova/", desk.company.pk).status_code == 409
    assert "hub.examine_channel" in run_jobs()
    row.refresh_from_db()
    assert row.test_started_at is None and row.tested_at is not None
    assert [step["ok"] for step in row.test_result] == [False]
    page = browser.get(f"{CANALI}{row.pk}/").content.decode()
    assert "Collegamento con SdI" in page and "non riuscito" in page


def test_a_test_that_goes_on_is_drawn_anew_only_when_there_is_something_to_read(
    desk: Desk, browser: Client
) -> None:
    row = Channel.objects.create(
        company_id=desk.company.pk, kind="sdicoop", settings={"url": "http://127.0.0.1:9/ricevi_file"}
    )
    address = f"{CANALI}{row.pk}/"
    post(browser, f"{address}prova/", desk.company.pk)
    asking = {"HX-Request": "true"}
    assert browser.get(address, headers=asking).status_code == 204
    run_jobs()
    assert "non riuscito" in browser.get(address, headers=asking).content.decode()


def test_a_channel_that_cannot_even_be_built_says_so(desk: Desk, admin: Actor) -> None:
    row = Channel.objects.create(
        company_id=desk.company.pk, kind="pec", secrets=b"gAAAA-not-ours", settings={"address": "a@b.it"}
    )
    flows.ask_for_test(admin, row.pk, now=NOW)
    run_jobs()
    row.refresh_from_db()
    assert "non si può decifrare" in row.test_result[0]["text"]


# Ways -----------------------------------------------------------------------------------------------------


def test_the_page_says_that_a_file_in_doubt_is_offered_again_under_the_same_name(
    desk: Desk, browser: Client
) -> None:
    Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    page = browser.get(CANALI).content.decode()
    assert "offerto di nuovo con lo stesso nome" in page and "mai due volte" not in page


def test_the_form_of_a_mailbox_says_that_nothing_in_it_is_changed(desk: Desk, browser: Client) -> None:
    page = browser.get(CANALI + "nuovo/pec/").content.decode()
    assert "nella casella non cambia niente" in page and "ogni messaggio viene letto" not in page


def test_the_page_says_until_when_a_mailbox_that_refuses_us_is_left_alone(
    desk: Desk, browser: Client
) -> None:
    channel = pec(desk, browser)
    again = clock.now() + datetime.timedelta(hours=3)
    for path in (f"{CANALI}{channel.pk}/", CANALI):
        assert "in pausa" not in browser.get(path).content.decode()
    Channel.objects.filter(pk=channel.pk).update(collected_at=NOW, visits_from=again)
    for path in (f"{CANALI}{channel.pk}/", CANALI):
        page = browser.get(path).content.decode()
        assert "in pausa" in page and again.astimezone(clock.ROME).strftime("%H:%M") in page


def test_which_dashboard_goes_which_way_is_chosen_and_audited(desk: Desk, browser: Client) -> None:
    first = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    second = Channel.objects.create(company_id=desk.company.pk, kind="by_hand", label="A mano")
    answer = post(
        browser,
        CANALI + "vie/",
        desk.company.pk,
        **{"via-tutti": str(first.pk), "seconda-tutti": str(second.pk), "via-PA": str(second.pk)},
    )
    assert answer.status_code == 302
    assert channels.channel_for(desk.company.pk, "PR") == first
    assert channels.channel_for(desk.company.pk, "PA") == second
    use = ChannelUse.objects.get(company_id=desk.company.pk, dashboard="")
    assert use.fallback_id == second.pk
    page = browser.get("/impostazioni/modifiche/").content.decode()
    assert "vie dei documenti scelte" in page.lower() and "Casella" in page


def test_an_answer_to_sdi_has_no_second_way(desk: Desk, browser: Client) -> None:
    first = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    second = Channel.objects.create(company_id=desk.company.pk, kind="intermediary", label="Altro Hub")
    page = browser.get(CANALI).content.decode()
    assert 'name="seconda-PA"' in page and 'name="seconda-PS"' not in page
    ways = {"via-PS": str(first.pk), "seconda-PS": str(second.pk)}
    assert post(browser, CANALI + "vie/", desk.company.pk, **ways).status_code == 302
    assert ChannelUse.objects.get(company_id=desk.company.pk, dashboard="PS").fallback is None


def test_the_second_way_is_another_one_that_is_active(desk: Desk, browser: Client) -> None:
    first = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    off = Channel.objects.create(company_id=desk.company.pk, kind="by_hand", label="Spento", active=False)
    for second, told in ((first.pk, "un altro canale"), (off.pk, "non è attivo")):
        answer = post(
            browser,
            CANALI + "vie/",
            desk.company.pk,
            **{"via-tutti": str(first.pk), "seconda-tutti": str(second)},
        )
        assert answer.status_code == 422 and told in answer.content.decode()
    assert not ChannelUse.objects.filter(company_id=desk.company.pk).exists()


def test_a_way_that_documents_take_is_not_switched_off(desk: Desk, admin: Actor) -> None:
    row = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    flows.choose_ways(admin, {"": (row.pk, None)}, now=NOW)
    with pytest.raises(RefusedError) as refused:
        flows.set_active(admin, row.pk, False, now=NOW)
    assert "Casella" in refused.value.text
    other = Channel.objects.create(company_id=desk.company.pk, kind="by_hand")
    flows.choose_ways(admin, {"": (other.pk, row.pk)}, now=NOW)
    flows.set_active(admin, row.pk, False, now=NOW)
    assert ChannelUse.objects.get(company_id=desk.company.pk).fallback is None


def test_a_channel_that_was_used_is_switched_off_and_not_deleted(desk: Desk, admin: Actor) -> None:
    row = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    fresh = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Mai usata")
    ChannelUse.objects.create(company_id=desk.company.pk, dashboard="", channel=row)
    with pytest.raises(RefusedError) as refused:
        flows.delete_channel(admin, row.pk, now=NOW)
    assert "Disattivarlo" in refused.value.text
    flows.delete_channel(admin, fresh.pk, now=NOW)
    assert list(Channel.objects.filter(company_id=desk.company.pk)) == [row]


def test_the_installations_own_way_is_found_again_and_never_twice(desk: Desk, admin: Actor) -> None:
    """A channel that was made on the page with nothing in it is as good as the implicit one: there may be two."""
    first = channels.channel_for(desk.company.pk, "PR")
    flows.save_channel(admin, "sdicoop", Wanted("Altro", 0, 4), now=NOW)
    assert channels.channel_for(desk.company.pk, "PR") == first


def test_the_dashboard_tells_administrators_of_a_certificate_that_ends(desk: Desk, browser: Client) -> None:
    from fattorino import clock

    end = clock.now() + datetime.timedelta(days=6)
    row = Channel.objects.create(
        company_id=desk.company.pk, kind="pec", label="Casella", certificates_until=end
    )
    operator = Client()
    assert operator.login(email="laura@ordine.example", password=demo.PASSWORD)
    told = f"Un certificato del canale «Casella» scade il {clock.day(end):%d/%m/%Y}."
    assert told in browser.get("/dashboard/privati/").content.decode()
    assert told not in operator.get("/dashboard/privati/").content.decode()
    Channel.objects.filter(pk=row.pk).update(active=False)
    assert told not in browser.get("/dashboard/privati/").content.decode()


def test_once_a_day_the_end_of_every_certificate_is_looked_up(
    desk: Desk, other_desk: Desk, p12: bytes, tmp_path: pathlib.Path
) -> None:
    """Also of a certificate in a file, which changes without our knowing."""
    from fattorino.hub.tasks_channels import channel_certificates

    pair = certificates.read_pair([p12], "prova")
    path = tmp_path / "client.pem"
    path.write_text(pair.certificates + pair.key)
    with company_scope(other_desk.company.pk):
        theirs = Channel.objects.create(
            company_id=other_desk.company.pk, kind="sdicoop", settings={"client_certificate": str(path)}
        )
    channel_certificates.func(timestamp=0)
    with company_scope(other_desk.company.pk):
        theirs.refresh_from_db()
    assert theirs.certificates_until == certificates.facts(pair.certificates)[0].not_after


def test_the_command_line_sets_the_sdicoop_that_is_used_where_there_are_several(
    desk: Desk, admin: Actor
) -> None:
    other = Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", label="Vecchio")
    used = Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", label="In uso")
    flows.choose_ways(admin, {"": (used.pk, None)}, now=NOW)
    channels.save_sdicoop(desk.company.pk, "https://sdi.example/", "", "", now=NOW)
    used.refresh_from_db()
    other.refresh_from_db()
    assert (used.settings["url"], other.settings) == ("https://sdi.example/", {})


def test_a_channel_that_is_visited_is_read_at_once_on_request(desk: Desk, browser: Client) -> None:
    box = Channel.objects.create(company_id=desk.company.pk, kind="pec", label="Casella")
    soap = Channel.objects.create(company_id=desk.company.pk, kind="sdicoop", label="Servizio")
    assert "Sincronizza ora" in browser.get(f"{CANALI}{box.pk}/").content.decode()
    assert "Sincronizza ora" not in browser.get(f"{CANALI}{soap.pk}/").content.decode()
    for _ in range(2):
        assert post(browser, f"{CANALI}{box.pk}/sincronizza/", desk.company.pk).status_code == 302
    assert [job["args"]["channel_id"] for job in jobs("hub.visit")] == [box.pk]
    assert post(browser, f"{CANALI}{soap.pk}/sincronizza/", desk.company.pk).status_code == 409
