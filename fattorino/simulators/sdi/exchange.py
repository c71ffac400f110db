"""What the simulated SdI does, and when: accept, judge, deliver, collect outcomes, let terms expire.

Each step is one transaction over the books: a simulator killed at any line goes on from the last one.
Hours and days are SdI's own and run on the simulated clock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from fattorino.core.errors import ArchiveError, FattorinoError, InputError
from fattorino.core.fatturapa.archive import is_zip, read_zip
from fattorino.core.sdi import message_io, messages, names, soap
from fattorino.simulators.sdi import faults, recipients
from fattorino.simulators.sdi.books import Books, File, Outgoing
from fattorino.simulators.sdi.clock import DAY, HOUR, Clock
from fattorino.simulators.sdi.judge import Error, Facts, Verdict, judge
from fattorino.simulators.sdi.letters import Letters

# How long the simulated SdI takes. SdI's own average from reception to delivery is 48 h (Specifiche 5.1.2); a
# demo at 3600 times real time shows a receipt after 2 s and a PA's outcome 6 s later.
JUDGE_AFTER = 1 * HOUR
DELIVER_AFTER = 1 * HOUR
OUTCOME_AFTER = 6 * HOUR
ATTEST_AFTER = 10 * DAY
EXPIRE_AFTER = 15 * DAY
RETRY_DELIVERY_EVERY = 1 * DAY
# Delivery to a recipient's channel: 4 tries every 6 hours (Allegato A 1.6.1, point 1.3.2).
CHANNEL_TRIES, CHANNEL_EVERY = 4, 6 * HOUR
# Receipts to the transmitter: SdI tries 6 times in 3 days; this one never gives up, but slows down to SdI's 12 h.
RETRY_FIRST, RETRY_MOST = 1 * HOUR, 12 * HOUR

INVOICE = "FT"  # the `tipo` of an outgoing message that is the invoice itself


class Exchange:
    """The engine. `wake` is called whenever something new became due, `trouble` with what should not happen."""

    def __init__(
        self,
        books: Books,
        clock: Clock,
        letters: Letters,
        wake: Callable[[], None] = lambda: None,
        trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.books = books
        self.clock = clock
        self.letters = letters
        self.wake = wake
        self.trouble = trouble

    # What others call ---------------------------------------------------------------------------------------

    def accept(self, name: str, content: bytes) -> soap.RispostaSdIRiceviFile:
        """RiceviFile: on disk before the answer is made."""
        now = self.clock.now()
        if not content:
            return soap.RispostaSdIRiceviFile("0", now, "EI01")
        identifier = self.books.add_file(name, content, now.isoformat(), self.clock.elapsed() + JUDGE_AFTER)
        self.wake()
        return soap.RispostaSdIRiceviFile(str(identifier), now)

    def take_outcome(self, sent: soap.FileSdI) -> soap.RispostaSdINotificaEsito:
        """NotificaEsito of a recipient: forwarded as NE, or refused with an SE."""
        with self.books.transaction():
            file = self.books.file(int(sent.identificativo_sdi))
            if file is None:
                raise soap.SoapFault("Client", f"IdentificativoSdI {sent.identificativo_sdi} sconosciuto")
            ec = _read_outcome(sent.file)
            refused = faults.strike(self.books, faults.OUTCOME_REFUSED, sent.nome_file)
            reason = "EN00" if ec is None or refused else self._why_not(file, ec)
            if ec is None or reason:
                name, content = self.letters.outcome_refused(file, ec, reason, self.clock.now())
                # Kept as sent, so that a second one gets a name of its own.
                due = self.clock.elapsed()
                self.books.add_message(file.id, "SE", name, content, "ricezione", due, state="INVIATO")
                return soap.RispostaSdINotificaEsito("ES00", soap.FileSdIBase(name, content))
            self._record_outcome(file, ec)
        self.wake()
        return soap.RispostaSdINotificaEsito("ES01")

    def run_due(self) -> bool:
        """Do the most overdue step. False if nothing is due."""
        found = self.books.next_step(self.clock.elapsed())
        if found is None:
            return False
        step, file_id, kind = found
        try:
            file = self._file(file_id)
            # Judging a big file takes a while: outside the transaction, or nobody could send in the meantime.
            verdict = None if kind != "judge" or _is_archive(file) else self._verdict(file)
            with self.books.transaction():
                if verdict is not None:
                    self._apply(file, verdict)
                else:
                    _STEPS[kind](self, file)
                self.books.close_step(step)
        except Exception as error:  # noqa: BLE001 - one file that cannot be handled must not stop all others
            self.books.close_step(step, repr(error))
            self.trouble(f"{kind} {file_id}: {error!r}")
        return True

    def sent(self, message: Outgoing, answer: str) -> None:
        """The other side took a message."""
        with self.books.transaction():
            self.books.message_sent(message, answer, self.clock.now().isoformat(), self.clock.elapsed())
            if message.tipo == INVOICE:
                file = self._file(message.file_id)
                self._announce_delivery(file)
                if file.flow == "PA":
                    self._open_window(file)

    def not_sent(self, message: Outgoing, answer: str) -> None:
        """The other side did not answer as it should: later again, or (an invoice) not at all."""
        now = self.clock.elapsed()
        with self.books.transaction():
            if message.tipo != INVOICE:
                pause = min(RETRY_FIRST * 2 ** min(message.tries, 9), RETRY_MOST)
                self.books.message_failed(message, answer, now + pause)
            elif message.tries + 1 < CHANNEL_TRIES:
                self.books.message_failed(message, answer, now + CHANNEL_EVERY)
            else:
                self.books.message_failed(message, answer, None)
                self._announce_failure(self._file(message.file_id))

    # Steps --------------------------------------------------------------------------------------------------

    def _verdict(self, file: File) -> Verdict:
        return judge(self.books, file, datetime.fromisoformat(file.received_at))

    def _apply(self, file: File, verdict: Verdict) -> None:
        file = self._note_facts(file, verdict.facts)
        if verdict.errors:
            self._reject(file, verdict.errors)
            return
        self.books.add_invoices(file.id, list(verdict.facts.invoices))
        self.books.update_file(file.id, state="CONTROLLATO")
        self.books.add_step(file.id, "deliver", self.clock.elapsed() + DELIVER_AFTER)

    def _open_archive(self, file: File) -> None:
        """Each inner file is judged on its own; the archive itself is answered only if it cannot be opened."""
        errors: list[Error] = []
        if not names.is_invoice_name(file.nome_file):
            errors.append(Error("00001", f"Nome file non valido : {file.nome_file}", "-"))
        if self.books.is_name_used(file.nome_file, file.id):
            errors.append(Error("00002", f"Nome file duplicato : {file.nome_file}", "-"))
        try:
            members = read_zip(file.content, max_members=1000)
        except ArchiveError as error:
            errors.append(
                Error(error.code, f"File / archivio vuoto o corrotto : {error.message}", error.hint or "-")
            )
        if errors:
            self._reject(file, tuple(errors))
            return
        for member in members:
            self.books.add_file(
                member.name[-50:], member.content, file.received_at, self.clock.elapsed(), file.id
            )
        self.books.update_file(file.id, state="ARCHIVIO")

    def _deliver(self, file: File) -> None:
        to = self._recipient(file)
        if to.behaviour == recipients.CHANNEL:
            now = self.clock.elapsed()
            self.books.add_message(
                file.id, INVOICE, file.nome_file, file.content, "ricezione", now, url=to.url
            )
            self.wake()
        elif to.behaviour == recipients.UNREACHABLE:
            self._announce_failure(file)
        else:
            self._announce_delivery(file)
            if file.flow == "PA":
                self._open_window(file)
                self.books.add_step(file.id, "outcome", self.clock.elapsed() + OUTCOME_AFTER)

    def _retry(self, file: File) -> None:
        """SdI keeps trying to reach a PA until it attests that it could not."""
        if file.state != "MANCATA_CONSEGNA":
            return
        if self._recipient(file).behaviour == recipients.UNREACHABLE:
            self.books.add_step(file.id, "retry", self.clock.elapsed() + RETRY_DELIVERY_EVERY)
        else:
            self._deliver(file)

    def _outcome(self, file: File) -> None:
        """What the recipient thinks by now (its behaviour may have been changed in the meantime)."""
        to = self._recipient(file)
        if file.outcome or to.behaviour not in (recipients.ACCEPT, recipients.REFUSE):
            return
        refused = to.behaviour == recipients.REFUSE
        ec = messages.NotificaEsitoCommittente(
            identificativo_sdi=str(file.id),
            esito="EC02" if refused else "EC01",
            descrizione=(to.description or recipients.DEFAULT_REASON) if refused else to.description or None,
        )
        self._record_outcome(file, ec)

    def _expire(self, file: File) -> None:
        waiting = [i for i in self.books.invoices(file.id) if not i.outcome]
        if not waiting or file.outcome:
            return
        whole = len(waiting) == len(self.books.invoices(file.id))
        on_channel = self._recipient(file)
        references = [None] if whole else [_reference(i.numero, i.data, i.position) for i in waiting]
        for which in references:
            name, content = self.letters.expired(file, self.clock.now(), which)
            self._send(file, "DT", name, content)
            if on_channel.behaviour == recipients.CHANNEL:
                due = self.clock.elapsed()
                self.books.add_message(file.id, "DT", name, content, "ricezione", due, url=on_channel.url)
        self.books.set_outcome(file.id, [i.position for i in waiting], "DT")
        self.books.update_file(file.id, state="DECORSI_TERMINI", outcome="DT")

    def _attest(self, file: File) -> None:
        if file.state != "MANCATA_CONSEGNA":
            return
        name, content = self.letters.attested(file, self.clock.now())
        self._send(file, "AT", name, content)
        self.books.update_file(file.id, state="NON_RECAPITABILE", outcome="AT")

    # Announcements ------------------------------------------------------------------------------------------

    def _announce_delivery(self, file: File) -> None:
        name, content = self.letters.delivered(file, self.clock.now())
        self._send(file, "RC", name, content)
        self.books.update_file(file.id, state="CONSEGNATO")

    def _announce_failure(self, file: File) -> None:
        if file.state == "MANCATA_CONSEGNA":
            # A later try that failed too is no news; but SdI tries on.
            self.books.add_step(file.id, "retry", self.clock.elapsed() + RETRY_DELIVERY_EVERY)
            return
        name, content = self.letters.not_delivered(file, self.clock.now())
        self._send(file, "MC", name, content)
        self.books.update_file(file.id, state="MANCATA_CONSEGNA")
        if file.flow == "PA":
            now = self.clock.elapsed()
            self.books.add_step(file.id, "retry", now + RETRY_DELIVERY_EVERY)
            self.books.add_step(file.id, "attest", now + ATTEST_AFTER)

    def _reject(self, file: File, errors: tuple[Error, ...]) -> None:
        name, content = self.letters.rejected(file, errors, self.clock.now())
        self._send(file, "NS", name, content)
        self.books.update_file(file.id, state="SCARTATO", outcome=" ".join(e.code for e in errors)[:200])

    def _open_window(self, file: File) -> None:
        now = self.clock.elapsed()
        self.books.update_file(file.id, window=now)
        self.books.add_step(file.id, "expire", now + EXPIRE_AFTER)

    def _record_outcome(self, file: File, ec: messages.NotificaEsitoCommittente) -> None:
        positions = self._meant(file, ec.riferimento_fattura)
        self.books.set_outcome(file.id, positions, ec.esito or "")
        if all(i.outcome for i in self.books.invoices(file.id)):
            state = "RIFIUTATO" if ec.esito == "EC02" else "ACCETTATO"
            self.books.update_file(file.id, state=state, outcome=ec.esito)
        name, content = self.letters.outcome(file, ec, self.clock.now())
        self._send(file, "NE", name, content)

    def _send(self, file: File, tipo: str, name: str, content: bytes) -> None:
        """Put a message for the transmitter on its way, with the faults that were ordered."""
        due = self.clock.elapsed()
        late = faults.strike(self.books, faults.LATE, file.nome_file)
        held = faults.strike(self.books, faults.OUT_OF_ORDER, file.nome_file)
        wait = (late.hours * HOUR if late else 0.0) + (held.hours * HOUR if held else 0.0)
        copies = 2 if faults.strike(self.books, faults.TWICE, file.nome_file) else 1
        state = "ABBANDONATO" if faults.strike(self.books, faults.LOST, file.nome_file) else "DA_INVIARE"
        for _ in range(copies):
            self.books.add_message(
                file.id, tipo, name, content, "trasmissione", due + wait, held=held is not None, state=state
            )
        self.wake()

    # Helpers ------------------------------------------------------------------------------------------------

    def _why_not(self, file: File, ec: messages.NotificaEsitoCommittente) -> str:
        """EN01 for an outcome that is not admissible, "" if it is (Specifiche SdI 1.8.1, Allegato B-1)."""
        if file.flow != "PA" or file.window is None or ec.identificativo_sdi != str(file.id):
            return "EN01"
        if self.clock.elapsed() > file.window + EXPIRE_AFTER:
            return "EN01"
        meant = self._meant(file, ec.riferimento_fattura)
        taken = {i.position for i in self.books.invoices(file.id) if i.outcome}
        return "EN01" if not meant or taken.intersection(meant) else ""

    def _meant(self, file: File, which: messages.RiferimentoFattura | None) -> list[int]:
        """Positions of the invoices that a reference names; all without a reference."""
        found = self.books.invoices(file.id)
        if which is None:
            return [i.position for i in found]
        return [
            i.position
            for i in found
            if i.numero == which.numero_fattura
            and i.data[:4] == str(which.anno_fattura)
            and which.posizione_fattura in (None, i.position)
        ]

    def _note_facts(self, file: File, facts: Facts) -> File:
        self.books.update_file(
            file.id,
            flow=facts.flow,
            formato=facts.formato,
            recipient=facts.recipient,
            buyer=facts.buyer,
            pec=facts.pec,
        )
        return self._file(file.id)

    def _recipient(self, file: File) -> recipients.Recipient:
        return recipients.recipient_of(self.books, file.recipient, file.buyer, file.pec)

    def _file(self, identifier: int) -> File:
        file = self.books.file(identifier)
        if file is None:
            raise LookupError(identifier)
        return file


_STEPS: dict[str, Callable[[Exchange, File], None]] = {
    "judge": Exchange._open_archive,
    "deliver": Exchange._deliver,
    "retry": Exchange._retry,
    "outcome": Exchange._outcome,
    "expire": Exchange._expire,
    "attest": Exchange._attest,
}


def _is_archive(file: File) -> bool:
    return is_zip(file.content) or file.nome_file.lower().endswith(".zip")


def _read_outcome(data: bytes) -> messages.NotificaEsitoCommittente | None:
    """The EC, or None if it is not conforming: SdI is strict where it reads."""
    with contextlib.suppress(FattorinoError):
        found = message_io.read_message(data)
        if isinstance(found.message, messages.NotificaEsitoCommittente) and not found.tolerated:
            with contextlib.suppress(InputError):
                message_io.write_message(found.message)
                return found.message
    return None


def _reference(numero: str, data: str, position: int) -> messages.RiferimentoFattura:
    return messages.RiferimentoFattura(
        numero_fattura=numero, anno_fattura=int(data[:4]), posizione_fattura=position
    )
