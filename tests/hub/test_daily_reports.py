"""SdI's daily reports against what was laid and fetched: what agrees, what does not, and what SdI's word settles."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.sdi.ftp.names import support_name
from fattorino.documents.models import PassiveInvoice
from fattorino.hub import queries_arrivals
from fattorino.hub.channels.base import Raw, ReportItem
from fattorino.hub.channels.sdiftp import SdiFtp
from fattorino.hub.flows import collect, consignments, daily_reports, inside, outcomes
from fattorino.hub.folders import SdiFtpFolders
from fattorino.hub.models import (
    Channel,
    Collected,
    Consignment,
    DailyReport,
    OutcomeSent,
    ReportGap,
    Submission,
)
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import notices
from tests.desk import NOW, Desk
from tests.documents.passive.arrived import arrive
from tests.hub.channels.ways import NODE, node_keys
from tests.hub.letters import queued
from tests.hub.test_outcomes import Line, accept, line
from tests.workflow.postbox import browser_of, person

__all__ = ["line"]  # a fixture
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
Parcel = Consignment.Status


@pytest.fixture
def channel(desk: Desk) -> Channel:
    return Channel.objects.create(company=desk.company, kind="sdiftp", label="Nodo", settings={"node": NODE})


@pytest.fixture
def ada(desk: Desk) -> Actor:
    return person(desk, "ada@ordine.example", role="admin")


def stem(number: int, kind: Any = "FI") -> str:
    return support_name(kind, NODE, datetime.datetime(2026, 11, 20, 10, 0), number).stem


def laid(channel: Channel, number: int, status: str = Parcel.HANDED_OVER) -> Consignment:
    return Consignment.objects.create(
        company_id=channel.company_id, channel=channel, name=f"{stem(number)}.zip", content=b"x", status=status,
        created_at=NOW, answered_at=NOW if status in (Parcel.TAKEN, Parcel.REFUSED) else None,
    )  # fmt: skip


def came(channel: Channel, name: str, content: bytes, now: datetime.datetime = NOW) -> int:
    """It is fetched, and read by the job's own steps."""
    number = collect.keep(channel, Raw(name, content, ""), now=now)
    found = collect.to_read(channel.company_id, number)
    assert found is not None
    port = SdiFtp(NODE, SdiFtpFolders.__new__(SdiFtpFolders), node_keys())
    items = port.read(found[1])
    collect.take(channel, number, items, now=now)
    collect.have_read(number, items, now=now)
    return number


def report(
    channel: Channel, *rows: tuple[str, ...], kind: str = "EO", day: int = 1, now: datetime.datetime = NOW
) -> DailyReport:
    lines = ["supporto;data prelevamento;esito;data fine", *(";".join(row) for row in rows)]
    name = f"ST.{NODE}.{kind}.202611{20 + day}.0100.csv.run"
    number = came(channel, name, "\r\n".join(lines).encode(), now)
    return DailyReport.objects.get(collected_id=number)


def gaps(*, open_only: bool = True) -> list[tuple[str, str]]:
    rows = ReportGap.objects.filter(closed_at=None) if open_only else ReportGap.objects.all()
    return list(rows.order_by("support", "kind").values_list("kind", "support"))


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


# ------------------------------------------------------------------------------------------------ comparing


def test_a_report_of_which_everything_is_known_has_no_gaps(desk: Desk, channel: Channel, ada: Actor) -> None:
    laid(channel, 1, Parcel.TAKEN)
    laid(channel, 2, Parcel.REFUSED)
    row = report(
        channel,
        (f"{stem(1)}.zip", "20/11/2026 10:10", f"{stem(1, 'EO')}.xml", "20/11/2026 10:20"),
        (f"{stem(2)}.zip", "20/11/2026 10:10", stem(2, "ER"), "20/11/2026 10:20"),
    )
    assert gaps(open_only=False) == [] and row.named == 4
    assert daily_reports.look(now=NOW + DAY) == 0 and notices.page(ada).rows == []


def test_a_support_that_sdi_names_and_nobody_here_made(desk: Desk, channel: Channel) -> None:
    report(channel, (f"{stem(7)}.zip", "20/11/2026 10:10"))
    assert gaps() == [("fetched", stem(7))]
    found = queries_arrivals.reports(desk.company.pk, channel.pk, only_open=True, before=None).rows
    assert [(each.named, each.agree, each.open) for each in found] == [(1, 0, 1)]


def test_what_sdi_left_and_never_came_closes_when_it_comes(desk: Desk, channel: Channel) -> None:
    report(channel, (f"{stem(1, 'FO')}.zip", "20/11/2026 10:30"), kind="FO")
    assert gaps() == [("left", stem(1, "FO"))]
    assert daily_reports.look(now=NOW + 2 * HOUR) == 0
    Collected.objects.create(
        company=desk.company, channel=channel, name=f"{stem(1, 'FO')}.zip.p7m.enc", sha256="1" * 64,
        content=b"", received_at=NOW,
    )  # fmt: skip
    assert daily_reports.look(now=NOW + 3 * HOUR) == 1 and gaps() == []


def test_an_outcome_that_is_still_being_read_is_no_loss(desk: Desk, channel: Channel, ada: Actor) -> None:
    parcel, row = laid(channel, 1), queued(desk)
    Submission.objects.filter(pk=row.pk).update(status="sending", channel=channel, consignment=parcel)
    report(channel, (f"{stem(1)}.zip", "x", f"{stem(1, 'EO')}.xml"))
    assert gaps() == [("answered", stem(1, "EO"))]
    daily_reports.look(now=NOW + HOUR / 2)
    assert notices.page(ada).rows == []
    consignments.answered(channel, parcel.name, True, "Preso.", now=NOW)
    assert daily_reports.look(now=NOW + 2 * HOUR) == 1
    assert gaps() == [] and notices.page(ada).rows == []


def test_receipts_of_all_that_was_inside_make_a_lost_outcome_needless(desk: Desk, channel: Channel) -> None:
    parcel, row = laid(channel, 1), queued(desk)
    Submission.objects.filter(pk=row.pk).update(status="sending", channel=channel, consignment=parcel)
    report(channel, (f"{stem(1)}.zip", "x", f"{stem(1, 'EO')}.xml"))
    assert daily_reports.look(now=NOW + 2 * HOUR) == 0
    Submission.objects.filter(pk=row.pk).update(status="closed")
    assert daily_reports.look(now=NOW + 3 * HOUR) == 1


def test_of_ours_only_one_between_two_that_are_named_is_missed(desk: Desk, channel: Channel) -> None:
    """Which hours a report covers nobody says: the first and the last that it names are its only bounds."""
    row = queued(desk)
    for number in (1, 2, 3, 4):
        parcel = laid(channel, number)
        if number == 2:
            Submission.objects.filter(pk=row.pk).update(status="sending", channel=channel, consignment=parcel)
    report(channel, (f"{stem(1)}.zip", "x"), (f"{stem(3)}.zip", "x"))
    assert gaps() == [("passed_over", stem(2))]
    report(channel, (f"{stem(2)}.zip", "x"), day=2)
    assert gaps() == []


def test_the_same_report_again_and_the_same_gap_again_are_one(desk: Desk, channel: Channel) -> None:
    first = report(channel, (f"{stem(7)}.zip", "x"))
    item = ReportItem(first.name, "EO", (("fetched", stem(7), "x"),), "")
    daily_reports.keep(channel, first.collected_id, item, now=NOW)
    report(channel, (f"{stem(7)}.zip", "ancora"), day=2)
    assert gaps() == [("fetched", stem(7))] and DailyReport.objects.count() == 2


def test_more_than_a_thousand_gaps_are_all_looked_at(desk: Desk, channel: Channel) -> None:
    when = datetime.datetime(2026, 11, 20, 10, 0)
    names = [
        support_name("FO", NODE, when + datetime.timedelta(minutes=n // 800), n % 800 + 1)
        for n in range(1200)
    ]
    report(channel, *((each.file, "x") for each in names), kind="FO")
    assert len(gaps()) == 1200
    Collected.objects.bulk_create(
        Collected(
            company=desk.company, channel=channel, name=f"{each.stem}.zip.p7m.enc", sha256=f"{n:064}", content=b"",
            received_at=NOW,
        )
        for n, each in enumerate(names)
    )  # fmt: skip
    assert daily_reports.look(now=NOW + 2 * HOUR) == 1200 and gaps() == []


# -------------------------------------------------------------------------------------------------- telling


def test_administrators_are_told_once_of_a_report_that_does_not_agree(
    desk: Desk, other_desk: Desk, channel: Channel, ada: Actor
) -> None:
    row = report(channel, (f"{stem(7)}.zip", "x"), (f"{stem(8)}.zip", "x"))
    for hours in (2, 3, 30):
        daily_reports.look(now=NOW + hours * HOUR)
    (told,) = notices.page(ada).rows
    assert told.text == f"Nel rapporto {row.name} del canale «Nodo» non tornano 2 supporti."
    assert told.page == f"/impostazioni/canali/{channel.pk}/rapporti/{row.pk}/"
    with company_scope(other_desk.company.pk):
        assert not ReportGap.objects.exists()


# ------------------------------------------------------------------------------------------ what it settles


def outcome_in(desk: Desk, line: Line, channel: Channel, number: int) -> OutcomeSent:
    """An answer of a PA that travels in a support of ours, of which nobody has heard."""
    row = accept(desk, arrive(desk))
    parcel = laid(channel, number)
    PassiveInvoice.objects.filter(pk=row.document_id).update(answer_by=NOW + 15 * DAY)
    OutcomeSent.objects.filter(pk=row.pk).update(
        status="sending", consignment=parcel, channel=channel, sent_at=None, next_attempt_at=None
    )
    return OutcomeSent.objects.get(pk=row.pk)


def test_a_refusal_that_sdi_lists_and_that_was_lost_frees_the_outcome(
    desk: Desk, line: Line, channel: Channel
) -> None:
    row = outcome_in(desk, line, channel, 1)
    report(channel, (f"{stem(1)}.zip", "x", stem(1, "ER"), "x"))
    daily_reports.look(now=NOW + HOUR / 2)
    assert again_outcome(row).status == "sending"
    daily_reports.look(now=NOW + 2 * HOUR)
    settled = again_outcome(row)
    assert (settled.status, settled.consignment_id, settled.offered_again) == ("queued", None, False)
    assert Consignment.objects.get().status == Parcel.REFUSED and gaps() == []


def test_a_lost_refusal_frees_all_that_was_in_a_large_support(
    desk: Desk, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside, "AT_ONCE", 1)
    parcel = laid(channel, 1)
    rows = [queued(desk) for _ in range(3)]
    for row in rows:
        Submission.objects.filter(pk=row.pk).update(status="sending", consignment=parcel, channel=channel)
    report(channel, (f"{stem(1)}.zip", "x", stem(1, "ER"), "x"))
    daily_reports.look(now=NOW + 2 * HOUR)
    freed = Submission.objects.filter(pk__in=[row.pk for row in rows], status="queued", consignment=None)
    assert freed.count() == 3
    assert Consignment.objects.get().status == Parcel.REFUSED and gaps() == []


def test_an_outcome_file_that_sdi_lists_and_that_was_lost_puts_it_in_doubt(
    desk: Desk, line: Line, channel: Channel
) -> None:
    """It goes again under its name; that SdI then refuses it as the second (EN01) proves the first."""
    row = outcome_in(desk, line, channel, 1)
    report(channel, (f"{stem(1)}.zip", "x", f"{stem(1, 'EO')}.xml", "x"))
    daily_reports.look(now=NOW + 2 * HOUR)
    settled = again_outcome(row)
    assert (settled.status, settled.consignment_id) == ("uncertain", None) and gaps() == []
    later = settled.next_attempt_at
    assert later is not None
    begun = outcomes.begin(row.pk, desk.company.pk, now=later)
    assert begun is not None and begun[1].file_name == row.file_name
    assert again_outcome(row).offered_again


def test_without_a_word_of_sdi_the_outcome_goes_on_waiting(desk: Desk, line: Line, channel: Channel) -> None:
    row = outcome_in(desk, line, channel, 1)
    report(channel, (f"{stem(1)}.zip", "x"))
    daily_reports.look(now=NOW + 30 * DAY)
    assert again_outcome(row).status == "sending"


def test_what_sdi_suspended_is_in_doubt_and_not_certainly_refused(
    desk: Desk, line: Line, channel: Channel
) -> None:
    row = outcome_in(desk, line, channel, 1)
    consignments.answered(channel, f"{stem(1)}.zip", False, "Sospeso.", now=NOW, doubtful=True)
    assert again_outcome(row).status == "uncertain"


def again_outcome(row: OutcomeSent) -> OutcomeSent:
    return OutcomeSent.objects.get(pk=row.pk)


# ---------------------------------------------------------------------------------------------------- pages


@pytest.fixture
def browser(ada: Actor) -> Client:
    return browser_of(ada)


def test_the_pages_show_what_agrees_and_take_what_a_person_found_out(
    desk: Desk, channel: Channel, browser: Client, ada: Actor
) -> None:
    laid(channel, 1)
    row = report(channel, (f"{stem(1)}.zip", "x"), (f"{stem(7)}.zip", "riga di SdI"))
    base = f"/impostazioni/canali/{channel.pk}"
    assert f"{base}/rapporti/" in browser.get(f"{base}/").content.decode()
    page = browser.get(f"{base}/rapporti/?mostra=aperti").content.decode()
    assert row.name in page and "<strong>1</strong>" in page
    address = f"{base}/rapporti/{row.pk}/"
    page = browser.get(address).content.decode()
    assert stem(7) in page and "riga di SdI" in page and "mai stato preparato" in page
    assert stem(7) in browser.get(f"{address}?file=csv").content.decode("utf-8-sig")
    gap = ReportGap.objects.get()
    data = {"azienda": desk.company.pk, "supporto": gap.pk, "motivo": ""}
    refused = browser.post(address, data)
    assert refused.status_code == 422 and "Scrivere che cosa si è saputo" in refused.content.decode()
    assert browser.post(address, data | {"motivo": "Prova fatta  con SdI"}).status_code == 302
    gap.refresh_from_db()
    assert (gap.closed_by, gap.closed_why) == (ada.label, "Prova fatta con SdI") and gap.closed_at
    assert "Prova fatta con SdI" in browser.get(address).content.decode()
    assert "Nessun supporto nominato" in browser.get(f"{base}/rapporti/?mostra=aperti").content.decode()
    with pytest.raises(RefusedError):
        daily_reports.settle(gap.pk, "ancora", ada, now=NOW)


def test_the_pages_are_for_administrators_of_that_company(
    desk: Desk, other_desk: Desk, channel: Channel, browser: Client
) -> None:
    row = report(channel, (f"{stem(7)}.zip", "x"))
    soap = Channel.objects.create(company=desk.company, kind="sdicoop")
    pec = Channel.objects.create(company=desk.company, kind="pec")
    pages = [
        f"/impostazioni/canali/{channel.pk}/{page}"
        for page in ("arrivi/", "rapporti/", f"rapporti/{row.pk}/")
    ]
    assert [browser.get(page).status_code for page in pages] == [200] * 3
    assert [browser_of(desk.actor).get(page).status_code for page in pages] == [403] * 3
    stranger = person(other_desk, "eva@studio.example", role="admin")
    assert [browser_of(stranger).get(page).status_code for page in pages] == [404] * 3
    assert "non si legge" in browser.get(f"/impostazioni/canali/{soap.pk}/arrivi/").content.decode()
    assert (
        "Ancora nessun rapporto" in browser.get(f"/impostazioni/canali/{pec.pk}/rapporti/").content.decode()
    )
    assert browser.get(f"/impostazioni/canali/{pec.pk}/rapporti/{row.pk}/").status_code == 404
    with pytest.raises(RefusedError):
        daily_reports.settle(ReportGap.objects.get().pk, "perché sì", desk.actor, now=NOW)


def test_arrivals_say_what_became_of_each(desk: Desk, channel: Channel, browser: Client) -> None:
    report(channel, (f"{stem(7)}.zip", "x"))
    broken = collect.keep(channel, Raw(f"{stem(1, 'EO')}.xml.run", b"<no/>", ""), now=NOW)
    collect.set_aside(broken, "Non è un file di esito.", now=NOW)
    for _ in range(2):
        collect.keep(channel, Raw(f"{stem(2, 'EO')}.xml.run", b"<due/>", ""), now=NOW)
    address = f"/impostazioni/canali/{channel.pk}/arrivi/"
    page = browser.get(address).content.decode()
    assert "Messo da parte" in page and "Non è un file di esito." in page and "arrivato 2 volte" in page
    fates = {
        fate: [row.name for row in queries_arrivals.every_arrival(desk.company.pk, channel.pk, fate=fate)]
        for fate in queries_arrivals.FATES
    }
    assert [len(fates[fate]) for fate in ("waiting", "set_aside", "to_match", "done")] == [1, 1, 0, 1]
    assert stem(1, "EO") in browser.get(f"{address}?esito=set_aside").content.decode()
    listed = browser.get(f"{address}?file=csv&esito=waiting").content.decode("utf-8-sig")
    assert stem(2, "EO") in listed and stem(1, "EO") not in listed


def test_arrivals_are_paged(desk: Desk, channel: Channel) -> None:
    Collected.objects.bulk_create(
        Collected(
            company=desk.company, channel=channel, name=f"{n}", sha256=f"{n:064}", content=b"", received_at=NOW,
        )
        for n in range(queries_arrivals.PAGE + 1)
    )  # fmt: skip
    first = queries_arrivals.arrivals(desk.company.pk, channel.pk, fate="", before=None)
    rest = queries_arrivals.arrivals(desk.company.pk, channel.pk, fate="", before=first.older)
    assert len(first.rows) == queries_arrivals.PAGE and [row.name for row in rest.rows] == ["0"]
    assert rest.older is None
