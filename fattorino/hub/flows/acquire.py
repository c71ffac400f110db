"""From the gestionale to the Hub: take documents over and check them. Each step may run twice.

A step is given documents of one company; many cost few questions of the database. No transaction is open while XML is
made and checked.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from fattorino.core.errors import FattorinoError, FormatError, RefusedError
from fattorino.core.fatturapa import check
from fattorino.core.fatturapa.checking import Known, SentInvoice
from fattorino.core.fatturapa.envelope import unwrap, verify
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.texts import say, say_many
from fattorino.documents import files
from fattorino.hub import queries
from fattorino.hub.flows.remote_names import without_spent
from fattorino.hub.flows.submissions import Results, Runs, current, in_portions, open_submissions
from fattorino.hub.models import Submission
from fattorino.organisations.queries import get_company
from fattorino.organisations.rows import among, update_rows
from fattorino.organisations.scope import company_scope
from fattorino.workflow.actions import ActionResult, ManyResults

if TYPE_CHECKING:
    from fattorino.documents.models import StoredFile
    from fattorino.organisations.models import Company

Status = Submission.Status


def take_over(runs: Runs, *, now: datetime.datetime) -> ManyResults:
    """Generate the XML (or take the imported bytes) and hand it to the Hub."""
    company_id = runs[0].company_id
    with company_scope(company_id):
        free, refused = without_spent(company_id, runs)
        submissions = open_submissions(free) if free else {}
        company = get_company(company_id)
        waiting = {s.document_id: s for s in submissions.values() if s.content_id is None}
        sources = files.xml_sources(list(waiting), company)
    results: Results = {
        run.run: ActionResult(True, say("XML già generato e preso in carico dal Digital Hub."))
        for run in runs
    }
    results |= refused
    alone = [[source] for source in sources if source.has_attachments]
    for some in filter(None, [[source for source in sources if not source.has_attachments], *alone]):
        made = [_made(source, waiting[source.document_id], company) for source in some]
        with company_scope(company_id):
            results |= _keep(company_id, made, now)
    return ManyResults([results[run.run] for run in runs])


# A submission, and its XML, or another program's bytes, or why there is none.
_Made = tuple[Submission, "bytes | StoredFile | ActionResult"]


def _made(source: files.XmlSource, submission: Submission, company: Company) -> _Made:
    submission.formato = source.formato
    if source.imported is not None:
        return submission, source.imported
    allegati: dict[str, bytes] = {}
    if source.has_attachments:
        with company_scope(company.pk):
            allegati = files.attachments_of(source, company.pk)
    sender = (company.trasmittente_paese, company.trasmittente_codice)
    try:
        return submission, files.make_xml(source, allegati, sender, submission.base_name.rsplit("_", 1)[1])
    except FormatError as exc:
        return submission, ActionResult(False, exc.message, detail=[finding_json(f) for f in exc.findings])
    except RefusedError as exc:
        return submission, ActionResult(False, exc.text, detail=_fields_json(exc))


def _keep(company_id: int, made: list[_Made], now: datetime.datetime) -> Results:
    written = [(s, xml) for s, xml in made if isinstance(xml, bytes)]
    listed = [(s.document_id, f"{s.base_name}.xml", xml) for s, xml in written]
    stored: dict[int, StoredFile] = {
        s.pk: file for (s, _), file in zip(written, files.keep_xml(company_id, listed, now=now), strict=True)
    }
    results = {s.run: result for s, result in made if isinstance(result, ActionResult)}
    stored |= {s.pk: file for s, file in made if not isinstance(file, bytes | ActionResult)}
    taken = [s for s, _ in made if s.pk in stored]
    # Who comes second, after a fault, changes nothing.
    rows = [(s.pk, stored[s.pk].pk, s.formato) for s in taken]
    update_rows(Submission, company_id, ("content", "formato"), rows, where_null="content")
    return results | {
        s.run: ActionResult(
            True, say("XML generato: {file}", file=f"{s.base_name}.xml"), sha256=stored[s.pk].sha256
        )
        for s in taken
    }


def _fields_json(refused: RefusedError) -> list[dict[str, object]]:
    return [
        {"code": "", "severity": "error", "path": "", "field": name, "message": text, "hint": ""}
        for name, text in refused.fields.items()
    ]


def validate(runs: Runs, *, now: datetime.datetime, today: datetime.date) -> ManyResults:
    """All checks that SdI would make and that can be made here, on exactly the bytes that will go."""
    company_id = runs[0].company_id
    with company_scope(company_id):
        submissions, results = current(runs)
        known = queries.known_for(list(submissions.values()))
        twins = queries.of_same_number(list(submissions.values()))
        without = frozenset(get_company(company_id).warnings_off)
    passed: list[SentInvoice] = []
    for portion in in_portions(company_id, submissions):
        good = []
        for run, submission, content in portion:
            # Those that pass together know of one another.
            told = [*known.get(submission.pk, []), *passed]
            results[run] = _checked(submission, content, Known(invoices=tuple(told)), now, today, without)
            if results[run].ok:
                good.append(submission.pk)
                passed += twins.get(submission.pk, [])
        with company_scope(company_id):
            checked = Submission.objects.filter(among("pk", good), status=Status.ACQUIRED)
            checked.update(status=Status.VALIDATED)
    return ManyResults([results[run.run] for run in runs])


def _checked(
    submission: Submission,
    content: bytes,
    known: Known,
    now: datetime.datetime,
    today: datetime.date,
    without: frozenset[str],
) -> ActionResult:
    assert submission.content is not None
    try:
        opened = unwrap(content)
        findings = [*verify(opened, at=now), *check(opened.content, on=today, known=known, without=without)]
    except FattorinoError as exc:
        return ActionResult(False, exc.text)
    detail = [finding_json(f) for f in findings]
    sha256 = submission.content.sha256
    errors = [f for f in findings if f.is_error]
    if errors:
        return ActionResult(False, _summary(errors), detail=detail, sha256=sha256)
    told = say("Controlli superati.")
    if findings:
        told = say_many(
            "Controlli superati, {number} avviso.", "Controlli superati, {number} avvisi.", len(findings)
        )
    return ActionResult(True, told, detail=detail, sha256=sha256)


def _summary(errors: list[Finding]) -> str:
    codes = ", ".join(dict.fromkeys(f.code for f in errors))
    if len(errors) == 1:
        return say(
            "Il Sistema di Interscambio scarterebbe il documento ({codes}): {reason}",
            codes=codes,
            reason=errors[0].message,
        )
    return say(
        "Il Sistema di Interscambio scarterebbe il documento per {number} motivi ({codes}).",
        number=len(errors),
        codes=codes,
    )


def finding_json(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
    }
