"""From the checks to the queue of what is sent: sign, confirm. Each step may run twice, and for many at once."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fattorino.core.errors import FattorinoError, SigningError
from fattorino.core.fatturapa.envelope import is_signed, unwrap
from fattorino.core.texts import say
from fattorino.documents import files
from fattorino.documents import flows as documents
from fattorino.hub import queries
from fattorino.hub.flows import keys
from fattorino.hub.flows.submissions import Results, Runs, current, in_portions
from fattorino.hub.models import Submission
from fattorino.organisations.queries import get_company
from fattorino.organisations.rows import update_rows
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue
from fattorino.workflow.actions import ActionResult, ManyResults

if TYPE_CHECKING:
    from fattorino.documents.models import StoredFile

Status = Submission.Status
# Thousands of files of one *invio massivo* must not keep a single one waiting.
BEHIND_OTHERS = -10


def sign(runs: Runs, *, now: datetime.datetime) -> ManyResults:
    """Sign what goes to the PA (and to privates where the company wants it); what is signed already stays as it is."""
    company_id = runs[0].company_id
    with company_scope(company_id):
        submissions, results = current(runs)
        always = get_company(company_id).sign_private
    for run, submission in submissions.items():
        if submission.outgoing:
            results[run] = ActionResult(True, say("Già firmata."), sha256=submission.outgoing.sha256)
    signer = _Signer(company_id, now)
    for portion in in_portions(company_id, {r: s for r, s in submissions.items() if r not in results}):
        sealed = {run: _sealed(submission, raw, signer, always) for run, submission, raw in portion}
        with company_scope(company_id):
            results |= _keep(company_id, [(run, s, sealed[run]) for run, s, _ in portion], now)
    return ManyResults([results[run.run] for run in runs])


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What goes out: `p7m`, or the content as it is under that name; or neither, and why."""

    p7m: bytes = b""
    name: str = ""
    told: str = ""
    refused: str = ""


def _sealed(submission: Submission, raw: bytes, signer: _Signer, always: bool) -> _Sealed:
    base = submission.base_name
    try:
        already = is_signed(unwrap(raw))
        if not already and (always or submission.formato == "FPA12"):
            return _Sealed(
                p7m=signer.sign(raw),
                name=f"{base}.xml.p7m",
                told=say("Firmata: {file}", file=f"{base}.xml.p7m"),
            )
    except FattorinoError as exc:
        return _Sealed(refused=exc.text)
    told = (
        say("Il file importato è già firmato.")
        if already
        else say("Firma non richiesta per questo destinatario.")
    )
    return _Sealed(name=base + (".xml.p7m" if queries.is_p7m(raw) else ".xml"), told=told)


class _Signer:
    """Opens the company's key when something is to be signed for the first time: that takes longer than signing."""

    def __init__(self, company_id: int, now: datetime.datetime) -> None:
        self.company_id, self.now = company_id, now
        self._sign: Callable[[bytes], bytes] | None = None
        self._error: SigningError | None = None

    def sign(self, content: bytes) -> bytes:
        """Raises SigningError: there is no key, or it cannot sign today."""
        if self._error:
            raise self._error
        if self._sign is None:
            try:
                with company_scope(self.company_id):
                    row = keys.key_of(self.company_id)
                self._sign = keys.signer(row, now=self.now)
            except SigningError as error:
                self._error = error
                raise
        return self._sign(content)


def _keep(
    company_id: int, portion: list[tuple[uuid.UUID, Submission, _Sealed]], now: datetime.datetime
) -> Results:
    signed = [(s, each) for _, s, each in portion if each.p7m]
    stored = files.store_many(company_id, [each.p7m for _, each in signed], now=now)
    listed = [(s.document_id, each.name, file) for (s, each), file in zip(signed, stored, strict=True)]
    files.attach_many(company_id, documents.SIGNED, listed, now=now)
    outgoing: dict[int, StoredFile] = {s.pk: s.content for _, s, _ in portion if s.content}
    outgoing |= {s.pk: file for (s, _), file in zip(signed, stored, strict=True)}
    # Only the first to sign decides what goes out: a repeated job must not swap the bytes.
    rows = [(s.pk, outgoing[s.pk].pk, each.name, Status.SIGNED) for _, s, each in portion if each.name]
    update_rows(Submission, company_id, ("outgoing", "file_name", "status"), rows, where_null="outgoing")
    return {
        run: ActionResult(True, each.told, sha256=outgoing[s.pk].sha256)
        if each.name
        else ActionResult(False, each.refused)
        for run, s, each in portion
    }


def confirm(runs: Runs) -> ManyResults:
    """Freeze the submissions and queue them; sending starts once the documents' new state is written."""
    with company_scope(runs[0].company_id):
        submissions, results = current(runs)
        ready = {run: s for run, s in submissions.items() if s.outgoing is not None}
        Submission.objects.filter(pk__in=[s.pk for s in ready.values()], status=Status.SIGNED).update(
            status=Status.QUEUED
        )
    for run in submissions.keys() - ready.keys():
        results[run] = ActionResult(False, say("Il documento non ha ancora superato la firma."))
    results |= {
        run: _queued(s, say("In coda di invio: {file}", file=s.file_name)) for run, s in ready.items()
    }
    return _to_be_sent(runs, results, ready)


def send_again(runs: Runs) -> ManyResults:
    """After a transmission error: the same files under the same names, which SdI certainly never took."""
    with company_scope(runs[0].company_id):
        submissions, results = current(runs)
        ready = {
            run: s
            for run, s in submissions.items()
            if s.outgoing is not None and s.status in (Status.FAILED, Status.QUEUED)
        }
        Submission.objects.filter(pk__in=[s.pk for s in ready.values()]).update(
            status=Status.QUEUED, failures=0, last_error=""
        )
    for run in submissions.keys() - ready.keys():
        results[run] = ActionResult(
            False,
            say(
                "Questo invio non si può ripetere: l'esito dell'invio precedente non è certo o è già arrivato."
            ),
        )
    results |= {
        run: _queued(s, say("Di nuovo in coda di invio: {file}", file=s.file_name))
        for run, s in ready.items()
    }
    return _to_be_sent(runs, results, ready)


def _queued(submission: Submission, told: str) -> ActionResult:
    assert submission.outgoing is not None
    return ActionResult(True, told, sha256=submission.outgoing.sha256)


def _to_be_sent(runs: Runs, results: Results, ready: dict[uuid.UUID, Submission]) -> ManyResults:
    def then(moved: Runs) -> None:
        ids = [ready[run.run].pk for run in moved if run.run in ready]
        _defer_transmissions(runs[0].company_id, ids, BEHIND_OTHERS if len(runs) > 1 else 0)

    return ManyResults([results[run.run] for run in runs], then)


def _defer_transmissions(company_id: int, submission_ids: list[int], priority: int) -> None:
    from fattorino.hub.tasks import transmit  # the task calls these flows: imported where it is needed

    jobs = [
        (f"submission:{each}", {"company_id": company_id, "submission_id": each}) for each in submission_ids
    ]
    queue.defer_many(transmit, jobs, priority=priority)


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
