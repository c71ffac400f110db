"""From the checks to the queue of what is sent: sign, confirm. Each step may run twice, and for many at once."""

from __future__ import annotations

import datetime
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fattorino.core.errors import (
    FattorinoError,
    PinRefusedError,
    SignerAwayError,
    SigningError,
    UnsignableError,
)
from fattorino.core.fatturapa.envelope import is_signed, unwrap
from fattorino.core.texts import say, together
from fattorino.documents import files
from fattorino.documents import flows as documents
from fattorino.hub import queries
from fattorino.hub.flows import keys, signing_again, turns
from fattorino.hub.flows.bodies import listed_for_all
from fattorino.hub.flows.submissions import Portion, Results, Runs, current, in_portions
from fattorino.hub.models import SigningKey, Submission
from fattorino.hub.signing.base import Signer
from fattorino.organisations.queries import get_company
from fattorino.organisations.rows import update_rows
from fattorino.organisations.scope import company_scope
from fattorino.workflow.actions import ActionResult, ManyResults

if TYPE_CHECKING:
    from fattorino.documents.models import StoredFile

Status = Submission.Status


def sign(runs: Runs, *, now: datetime.datetime) -> ManyResults:
    """Sign what goes to the PA (and to privates where the company wants it); what is signed already stays as it is."""
    company_id = runs[0].company_id
    with company_scope(company_id):
        submissions, results = current(runs)
        always = get_company(company_id).sign_private
    for run, submission in submissions.items():
        if submission.outgoing:
            results[run] = ActionResult(True, say("Già firmata."), sha256=submission.outgoing.sha256)
    left = {r: s for r, s in submissions.items() if r not in results}
    with _Pen(company_id, now) as pen:
        for portion in in_portions(company_id, left):
            sealed = _sealed(portion, pen, always)
            with company_scope(company_id):
                results |= _keep(company_id, [(run, s, sealed[run]) for run, s, _ in portion], now)
    return ManyResults([results[run.run] for run in runs])


@dataclass(frozen=True, slots=True)
class _Sealed:
    """What goes out: `signed`, or the content as it is under that name; or neither, and why."""

    signed: bytes = b""
    name: str = ""
    told: str = ""
    refused: FattorinoError | None = None


def _sealed(portion: Portion, pen: _Pen, always: bool) -> dict[uuid.UUID, _Sealed]:
    sealed = dict[uuid.UUID, _Sealed]()
    to_sign: Portion = []
    for run, submission, raw in portion:
        try:
            already = is_signed(unwrap(raw))
        except FattorinoError as exc:
            sealed[run] = _Sealed(refused=exc)
            continue
        if not already and (always or submission.formato == "FPA12"):
            to_sign.append((run, submission, raw))
            continue
        told = (
            say("Il file importato è già firmato.")
            if already
            else say("Firma non richiesta per questo destinatario.")
        )
        name = submission.base_name + (".xml.p7m" if queries.is_p7m(raw) else ".xml")
        sealed[run] = _Sealed(name=name, told=told)
    return sealed | pen.sign(to_sign)


class _Pen:
    """The company's key, opened when something is to be signed for the first time: that takes longer than signing."""

    def __init__(self, company_id: int, now: datetime.datetime) -> None:
        self.company_id, self.now = company_id, now
        self._open = ExitStack()
        self._key: tuple[SigningKey, Signer] | None = None
        self._error: SigningError | None = None
        self._found: SigningKey | None = None
        self._resting: bool | None = None

    def __enter__(self) -> _Pen:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def sign(self, portion: Portion) -> dict[uuid.UUID, _Sealed]:
        """All of them with one question to the key. If one of them cannot be signed, each is tried by itself, so that
        it alone is refused; a key that gave up is not asked again."""
        if not portion:
            return {}
        try:
            resting = {run for run, submission, _ in portion if submission.run == run and self._rests()}
            if resting:
                # Whoever presses the button of the signature wants to know; what follows the checks waits its turn.
                away = SignerAwayError(say("Il servizio di firma remota non rispondeva poco fa."))
                left = self.sign([each for each in portion if each[0] not in resting])
                return left | {run: _Sealed(refused=away) for run in resting}
            row, key = self._opened()
            signed = keys.sign_files(key, row.form, [raw for _, _, raw in portion], now=self.now)
        except FattorinoError as exc:
            if isinstance(exc, SigningError) and not isinstance(exc, UnsignableError):
                self._give_up(exc)
            if self._error or len(portion) == 1:
                return {run: _Sealed(refused=exc) for run, _, _ in portion}
            return {run: each for one in portion for run, each in self.sign([one]).items()}
        end = ".xml" if row.form == SigningKey.Form.XADES else ".xml.p7m"
        return {
            run: _Sealed(
                signed=file,
                name=submission.base_name + end,
                told=say("Firmata: {file}", file=submission.base_name + end),
            )
            for (run, submission, _), file in zip(portion, signed, strict=True)
        }

    def _opened(self) -> tuple[SigningKey, Signer]:
        if self._error:
            raise self._error
        if self._key is None:
            row = self._row()
            self._key = (row, self._open.enter_context(keys.opened(row, now=self.now)))
        return self._key

    def _row(self) -> SigningKey:
        if self._found is None:
            with company_scope(self.company_id):
                self._found = keys.key_of(self.company_id)
        return self._found

    def _rests(self) -> bool:
        """Whether the key is at a service that was away a moment ago."""
        if self._resting is None:
            remote = self._row().kind == SigningKey.Kind.CSC
            with company_scope(self.company_id):
                until = signing_again.resting_until(self.company_id, now=self.now) if remote else None
            self._resting = until is not None
        return self._resting

    def _give_up(self, error: SigningError) -> None:
        if isinstance(error, PinRefusedError) and self._key is not None:
            # Before whoever waits for the same key may open it.
            keys.block(self._key[0], error, now=self.now)
        self._error = error


def _keep(
    company_id: int, portion: list[tuple[uuid.UUID, Submission, _Sealed]], now: datetime.datetime
) -> Results:
    signed = [(s, each) for _, s, each in portion if each.signed]
    stored = files.store_many(company_id, [each.signed for _, each in signed], now=now)
    listed = [(s.document_id, each.name, file) for (s, each), file in zip(signed, stored, strict=True)]
    files.attach_many(company_id, documents.SIGNED, listed_for_all(company_id, listed), now=now)
    outgoing: dict[int, StoredFile] = {s.pk: s.content for _, s, _ in portion if s.content}
    outgoing |= {s.pk: file for (s, _), file in zip(signed, stored, strict=True)}
    # Only the first to sign decides what goes out: a repeated job must not swap the bytes.
    rows = [(s.pk, outgoing[s.pk].pk, each.name, Status.SIGNED) for _, s, each in portion if each.name]
    update_rows(Submission, company_id, ("outgoing", "file_name", "status"), rows, where_null="outgoing")
    again = _tried_again(company_id, portion, now)
    return {
        run: ActionResult(True, each.told, sha256=outgoing[s.pk].sha256)
        if each.name
        else ActionResult(False, _why(each, again))
        for run, s, each in portion
    }


def _why(sealed: _Sealed, again: str) -> str:
    assert sealed.refused is not None
    return together(sealed.refused.text, again if isinstance(sealed.refused, SignerAwayError) else "")


def _tried_again(
    company_id: int, portion: list[tuple[uuid.UUID, Submission, _Sealed]], now: datetime.datetime
) -> str:
    """Put off what could not be signed because the service is away; when it is tried again, in words."""
    away = [s.pk for _, s, each in portion if isinstance(each.refused, SignerAwayError)]
    # With a PIN that was refused they go on waiting: for a person who saves the key again.
    ended = [s for _, s, each in portion if not isinstance(each.refused, (SignerAwayError, PinRefusedError))]
    signing_again.settled(company_id, [s.pk for s in ended if s.next_attempt_at is not None])
    if not away:
        return ""
    why = next(each.refused.text for _, _, each in portion if isinstance(each.refused, SignerAwayError))
    return signing_again.put_off(company_id, away, why, now=now)


def confirm(runs: Runs) -> ManyResults:
    """Freeze the submissions and queue them; sending starts once the documents' new state is written."""
    with company_scope(runs[0].company_id):
        submissions, results = current(runs)
        ready = {run: s for run, s in submissions.items() if s.outgoing is not None}
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
        rows = [ready[run.run] for run in moved if run.run in ready]
        priority = turns.BEHIND_OTHERS if len(runs) > 1 else 0
        if rows:
            turns.enqueue(runs[0].company_id, rows, now=runs[0].now, priority=priority)

    return ManyResults([results[run.run] for run in runs], then)
