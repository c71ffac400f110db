"""From the gestionale to the queue: take a document over, validate, sign, confirm. Each step may run twice."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from fattorino.core.errors import FormatError, RefusedError
from fattorino.core.fatturapa import check
from fattorino.core.fatturapa.envelope import is_signed, unwrap, verify
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.sdi.names import progressive
from fattorino.documents import flows as documents
from fattorino.hub import queries
from fattorino.hub.flows import keys
from fattorino.hub.models import FileNameSeries, Submission
from fattorino.organisations.queries import get_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue
from fattorino.workflow.actions import ActionResult, ActionRun

if TYPE_CHECKING:
    from fattorino.organisations.models import Company

Status = Submission.Status


def open_submission(run: ActionRun) -> Submission:
    """One submission per press of the button: reserves the file name first, whatever comes after."""
    with transaction.atomic():
        existing = (
            Submission.objects.select_for_update().filter(run=run.run, company_id=run.company_id).first()
        )
        if existing:
            return existing
        company = get_company(run.company_id)
        base = reserve_name(company)
        Submission.objects.filter(document_id=run.document_id, current=True).update(current=False)
        return Submission.objects.create(
            company_id=run.company_id,
            document_id=run.document_id,
            run=run.run,
            status=Status.ACQUIRED,
            base_name=base,
            created_at=run.now,
        )


def reserve_name(company: Company) -> str:
    """A file name that this transmitter never used: `IT01234567890_00001`, without extension."""
    FileNameSeries.objects.bulk_create(
        [FileNameSeries(id_paese=company.trasmittente_paese, id_codice=company.trasmittente_codice, last=0)],
        ignore_conflicts=True,
    )
    series = FileNameSeries.objects.select_for_update().get(
        id_paese=company.trasmittente_paese, id_codice=company.trasmittente_codice
    )
    series.last = F("last") + 1
    series.save(update_fields=["last"])
    series.refresh_from_db()
    return f"{company.trasmittente_paese}{company.trasmittente_codice}_{progressive(series.last)}"


def start_names_after(company: Company, last: str) -> None:
    """The company's former program used these names already: go on after its last progressive ("0001Z")."""
    number = int(last, 36) if last.isascii() and last.isalnum() and len(last) <= 5 else -1
    if number < 0:
        raise RefusedError("L'ultimo progressivo dei nomi di file ha da 1 a 5 lettere o cifre.")
    series, _ = FileNameSeries.objects.get_or_create(
        id_paese=company.trasmittente_paese, id_codice=company.trasmittente_codice
    )
    FileNameSeries.objects.filter(pk=series.pk, last__lt=number).update(last=number)


def take_over(run: ActionRun, *, now: datetime.datetime) -> ActionResult:
    """Generate the XML (or take the imported bytes) and hand it to the Hub."""
    with company_scope(run.company_id):
        submission = open_submission(run)
        if submission.content_id:
            return ActionResult(True, "XML già generato e preso in carico dal Digital Hub.")
        company = get_company(run.company_id)
        source = documents.xml_source(run.document_id, run.company_id)
    base = submission.base_name
    stored = source.imported
    if stored is None:
        try:
            sender = (company.trasmittente_paese, company.trasmittente_codice)
            xml = documents.make_xml(source, sender, base.rsplit("_", 1)[1])
        except FormatError as exc:
            return ActionResult(False, exc.message, detail=[finding_json(f) for f in exc.findings])
        except RefusedError as exc:
            return ActionResult(False, str(exc), detail=_fields_json(exc))
        with company_scope(run.company_id):
            stored = documents.keep_xml(run.document_id, run.company_id, xml, f"{base}.xml", now=now)
    with company_scope(run.company_id):
        Submission.objects.filter(pk=submission.pk, content=None).update(
            content=stored, formato=source.formato
        )
    return ActionResult(True, f"XML generato: {base}.xml", sha256=stored.sha256)


def _fields_json(refused: RefusedError) -> list[dict[str, object]]:
    return [
        {"code": "", "severity": "error", "path": "", "field": name, "message": text, "hint": ""}
        for name, text in refused.fields.items()
    ]


def current_submission(run: ActionRun) -> Submission:
    """The submission that this run works on: the run's own, else the document's current one.

    Raises:
        RefusedError: the Hub has nothing of this document.
    """
    rows = Submission.objects.select_related("content", "outgoing").filter(company_id=run.company_id)
    found = rows.filter(run=run.run).first() or rows.filter(document_id=run.document_id, current=True).first()
    if found is None or found.content is None:
        raise RefusedError(
            "Il Digital Hub non ha ancora l'XML di questo documento.", "Usare «Genera XML e invia»."
        )
    return found


def validate(run: ActionRun, *, now: datetime.datetime, today: datetime.date) -> ActionResult:
    """All checks that SdI would make and that can be made here, on exactly the bytes that will go."""
    with company_scope(run.company_id):
        submission = current_submission(run)
        known = queries.known_for(submission)
        without = frozenset(get_company(run.company_id).warnings_off)
    assert submission.content is not None
    opened = unwrap(bytes(submission.content.content))
    findings = [*verify(opened, at=now), *check(opened.content, on=today, known=known, without=without)]
    detail = [finding_json(f) for f in findings]
    sha256 = submission.content.sha256
    errors = [f for f in findings if f.is_error]
    if errors:
        return ActionResult(False, _summary(errors), detail=detail, sha256=sha256)
    with company_scope(run.company_id):
        Submission.objects.filter(pk=submission.pk, status=Status.ACQUIRED).update(status=Status.VALIDATED)
    warnings = f", {len(findings)} {'avviso' if len(findings) == 1 else 'avvisi'}" if findings else ""
    return ActionResult(True, f"Controlli superati{warnings}.", detail=detail, sha256=sha256)


def _summary(errors: list[Finding]) -> str:
    codes = ", ".join(dict.fromkeys(f.code for f in errors))
    if len(errors) == 1:
        return f"Il Sistema di Interscambio scarterebbe il documento ({codes}): {errors[0].message}"
    return f"Il Sistema di Interscambio scarterebbe il documento per {len(errors)} motivi ({codes})."


def finding_json(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }


def sign(run: ActionRun, *, now: datetime.datetime) -> ActionResult:
    """Sign what goes to the PA (and to privates where the company wants it); what is signed already stays as it is."""
    with company_scope(run.company_id):
        submission = current_submission(run)
        company = get_company(run.company_id)
        assert submission.content is not None
        if submission.outgoing:
            return ActionResult(True, "Già firmata.", sha256=submission.outgoing.sha256)
        raw = bytes(submission.content.content)
        name = submission.base_name
        signed_already = is_signed(unwrap(raw))
        if signed_already or not (submission.formato == "FPA12" or company.sign_private):
            suffix = ".xml.p7m" if queries.is_p7m(raw) else ".xml"
            _set_outgoing(submission, submission.content_id, name + suffix)
            text = (
                "Il file importato è già firmato."
                if signed_already
                else "Firma non richiesta per questo destinatario."
            )
            return ActionResult(True, text, sha256=submission.content.sha256)
        key = keys.key_of(run.company_id)
    p7m = keys.sign(key, raw, now=now)
    with company_scope(run.company_id):
        stored = documents.store(run.company_id, p7m, now=now)
        file_name = f"{name}.xml.p7m"
        documents.attach(run.document_id, run.company_id, documents.SIGNED, file_name, stored, now=now)
        _set_outgoing(submission, stored.pk, file_name)
    return ActionResult(True, f"Firmata: {file_name}", sha256=stored.sha256)


def _set_outgoing(submission: Submission, stored_id: int | None, file_name: str) -> None:
    # Only the first to sign decides what goes out: a repeated job must not swap the bytes.
    Submission.objects.filter(pk=submission.pk, outgoing=None).update(
        outgoing_id=stored_id, file_name=file_name, status=Status.SIGNED
    )


def confirm(run: ActionRun) -> ActionResult:
    """Freeze the submission and queue it; sending starts once the document's new state is written."""
    with company_scope(run.company_id):
        submission = current_submission(run)
        if submission.outgoing is None:
            return ActionResult(False, "Il documento non ha ancora superato la firma.")
        Submission.objects.filter(pk=submission.pk, status=Status.SIGNED).update(status=Status.QUEUED)
    return _queued(submission, submission.outgoing.sha256, "In coda di invio")


def send_again(run: ActionRun) -> ActionResult:
    """After a transmission error: the same file under the same name, which SdI certainly never took."""
    with company_scope(run.company_id):
        submission = current_submission(run)
        if submission.outgoing is None or submission.status not in (Status.FAILED, Status.QUEUED):
            return ActionResult(
                False,
                "Questo invio non si può ripetere: l'esito dell'invio precedente non è certo o è già arrivato.",
            )
        Submission.objects.filter(pk=submission.pk).update(status=Status.QUEUED, failures=0, last_error="")
    return _queued(submission, submission.outgoing.sha256, "Di nuovo in coda di invio")


def _queued(submission: Submission, sha256: str, text: str) -> ActionResult:
    return ActionResult(
        True,
        f"{text}: {submission.file_name}",
        sha256=sha256,
        then=lambda: defer_transmission(submission.company_id, submission.pk),
    )


def defer_transmission(company_id: int, submission_id: int, seconds: float = 0) -> None:
    """Queue the sending of a submission, in the caller's transaction."""
    from fattorino.hub.tasks import transmit  # the task calls these flows: imported where it is needed

    queue.defer(
        transmit,
        lock=f"submission:{submission_id}",
        seconds=seconds,
        company_id=company_id,
        submission_id=submission_id,
    )
