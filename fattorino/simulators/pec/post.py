"""What the provider does with a submitted message: refuse it, or certify, deliver and tell the sender (RFC 6109, 3)."""

from __future__ import annotations

import datetime
import email
import email.policy
import email.utils
import threading
from collections.abc import Callable, Sequence

from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.letters import Original, Provider
from fattorino.simulators.pec.mailboxes import Mailboxes

LIMIT = 30_000_000  # bytes, times the recipients (DM 2/11/2005)
RECEIPT_TYPES = ("completa", "breve", "sintetica")


class Refused(Exception):
    """Not accepted: why, in the provider's words."""


class Post:
    """Args:
    now: SdI's and the provider's clock, aware.
    delivered: called with each certified message for an address that nobody has a mailbox for; true if it was taken.
    """

    def __init__(
        self,
        provider: Provider,
        mailboxes: Mailboxes,
        now: Callable[[], datetime.datetime],
        delivered: Callable[[str, Original, bytes], bool] = lambda recipient, original, envelope: False,
        faults: Faults | None = None,
    ) -> None:
        self.provider = provider
        self.mailboxes = mailboxes
        self.now = now
        self._delivered = delivered
        self.faults = faults or Faults()

    def submit(self, sender: str, recipients: list[str], data: bytes) -> None:
        """Take a message whole: acceptance and deliveries are in the mailboxes when this returns."""
        original = read_original(sender, recipients, data)
        identifier = self._identifier()
        try:
            if self.faults.strike("not_accepted"):
                raise Refused("servizio momentaneamente sospeso per questa casella")
            self._check(original, recipients)
        except Refused as why:
            self._tell(original, "non-accettazione", identifier, errore="altro", detail=str(why))
            return
        self._tell(original, "accettazione", identifier)
        envelope = self.provider.envelope(original, identifier, self.now())
        for recipient in original.recipients:
            self._hand_over(original, recipient, envelope, identifier)

    def _hand_over(self, original: Original, recipient: str, envelope: bytes, identifier: str) -> None:
        if recipient.rpartition("@")[2] in self.provider.external:
            return
        if self.faults.strike("not_delivered"):
            detail = f"5.2.2 - {self.provider.name} - casella piena"
            self._tell(original, "errore-consegna", identifier, recipient, errore="altro", detail=detail)
            return
        if self.mailboxes.has(recipient):
            self.mailboxes.deliver(recipient, envelope, self.now().timestamp())
        elif not self._delivered(recipient, original, envelope):
            detail = f"5.1.1 - {self.provider.name} - indirizzo non valido"
            self._tell(original, "errore-consegna", identifier, recipient, errore="no-dest", detail=detail)
            return
        self._tell(original, "avvenuta-consegna", identifier, recipient)

    def post(
        self, sender: str, recipient: str, subject: str, text: str, files: Sequence[tuple[str, bytes]]
    ) -> bool:
        """A certified message from outside (SdI, another sender). False where there is no such mailbox."""
        if not self.mailboxes.has(recipient):
            return False
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = sender, recipient, subject
        message["Date"] = email.utils.format_datetime(self.now())
        message["Message-ID"] = f"<{self._identifier()}>"
        message["X-TipoRicevuta"] = "breve"
        message.set_content(text)
        for name, content in files:
            message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        original = read_original(sender, [recipient], message.as_bytes())
        envelope = self.provider.envelope(original, self._identifier(), self.now())
        self.mailboxes.deliver(recipient, envelope, self.now().timestamp())
        return True

    def _check(self, original: Original, recipients: list[str]) -> None:
        """The formal checks at the access point (RFC 6109, 3.1.1)."""
        message = email.message_from_bytes(original.data, policy=email.policy.compat32)
        header = email.utils.parseaddr(str(message.get("From", "")))[1].lower()
        if header != original.sender:
            raise Refused("il mittente non corrisponde all'utente autenticato")
        if message.get("Bcc"):
            raise Refused("sono presenti destinatari in copia nascosta")
        shown = email.utils.getaddresses([str(v) for n in ("To", "Cc") for v in message.get_all(n, [])])
        if {address.lower() for _, address in shown} != {address.lower() for address in recipients}:
            raise Refused("i destinatari non corrispondono a quelli indicati nel messaggio")
        if len(original.data) * len(recipients) > LIMIT:
            raise Refused("il messaggio supera la dimensione massima")

    def _tell(
        self, original: Original, kind: str, identifier: str, recipient: str = "", *, errore: str = "nessuno",
        detail: str = "",
    ) -> None:  # fmt: skip
        receipt = self.provider.receipt(
            original, kind, identifier, self.now(), recipient=recipient, errore=errore, detail=detail
        )
        if not self.mailboxes.has(original.sender) or self.faults.strike("receipt_lost"):
            return
        if self.faults.strike("receipt_late"):
            # Lost if this process ends first, as a provider's may be.
            later = threading.Timer(self.faults.seconds, self._put, [original.sender, receipt])
            later.daemon = True
            later.start()
            return
        for _ in range(2 if self.faults.strike("receipt_twice") else 1):
            self._put(original.sender, receipt)

    def _put(self, address: str, receipt: bytes) -> None:
        self.mailboxes.deliver(address, receipt, self.now().timestamp())

    def _identifier(self) -> str:
        return f"opec{self.mailboxes.next_number('identificativo'):06}.{self.now():%Y%m%d%H%M%S}@{self.provider.domain}"


def read_original(sender: str, recipients: list[str], data: bytes) -> Original:
    message = email.message_from_bytes(data, policy=email.policy.default)
    receipt = str(message.get("X-TipoRicevuta", "completa")).strip().lower()
    return Original(
        data=data,
        sender=sender.lower(),
        recipients=tuple(address.lower() for address in recipients),
        subject=str(message.get("Subject", "")),
        message_id=str(message.get("Message-ID", "")),
        receipt=receipt if receipt in RECEIPT_TYPES else "completa",
    )
