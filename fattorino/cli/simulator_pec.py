"""`fattorino simulator pec`: a provider of PEC with the simulated SdI behind its addresses, in one process.

The two simulators do not know each other; here the one's letters are handed to the other.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from fattorino.cli.i18n import _, register
from fattorino.core.pec.messages import read_pec
from fattorino.simulators.pec.faults import Fault, Faults
from fattorino.simulators.pec.letters import Original
from fattorino.simulators.pec.service import Service
from fattorino.simulators.sdi import faults as ordered
from fattorino.simulators.sdi import recipients
from fattorino.simulators.sdi.books import Books
from fattorino.simulators.sdi.exchange import Exchange
from fattorino.simulators.sdi.pec_line import MAILTO, PecLine
from fattorino.simulators.sdi.server import Simulator, add_options, run

DEMO_MAILBOX = "ordine@pec.example.it:prova"

register(
    {
        "Un gestore PEC simulato, con lo SdI simulato dietro gli indirizzi sdiNN@pec.fatturapa.it.": (
            "A simulated PEC provider, with the simulated SdI behind the addresses sdiNN@pec.fatturapa.it."
        ),
        "porta di invio, con TLS (8013)": "port of submission, with TLS (8013)",
        "porta di lettura, con TLS (8014)": "port of reading, with TLS (8014)",
        "casella e password, come indirizzo:password; anche più volte": (
            "mailbox and password, as address:password; may be repeated"
        ),
        "una casella si scrive indirizzo:password": "a mailbox is written as address:password",
        "Gestore PEC: invio (SMTP) {smtp}, lettura (IMAP) {imap}, certificato {file}": (
            "PEC provider: submission (SMTP) {smtp}, reading (IMAP) {imap}, certificate {file}"
        ),
        "Caselle: {addresses}": "Mailboxes: {addresses}",
    }
)


class KeptFaults(Faults):
    """The provider's faults, ordered where SdI's are: on the page and by the commands of the simulator."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self._books = books

    def strike(self, *kinds: Fault) -> Fault | None:
        for kind in kinds:
            if found := ordered.strike(self._books, f"pec_{kind}"):
                self.seconds = found.seconds
                return kind
        return None


class PecHouse:
    """The provider and SdI's line behind it; made by the simulator, which carries messages with it.

    Args:
        mailboxes: addresses with their passwords. An invoice for one of them is delivered there.
    """

    def __init__(
        self,
        exchange: Exchange,
        folder: argparse.Namespace,
        mailboxes: Sequence[tuple[str, str]],
    ) -> None:
        self.faults = KeptFaults(exchange.books)
        self.provider = Service(
            folder.data,
            exchange.clock.now,
            self._delivered,
            self.faults,
            host=folder.host,
            smtp_port=folder.smtp_port,
            imap_port=folder.imap_port,
        )
        self.line = PecLine(exchange, self.provider.post.post)
        for address, password in mailboxes:
            self.provider.mailboxes.open_account(address, password)
            recipients.save(
                exchange.books,
                recipients.Recipient(address, recipients.CHANNEL, url=MAILTO + address.lower()),
            )

    def _delivered(self, recipient: str, original: Original, envelope: bytes) -> bool:
        letter = read_pec(envelope)
        files = [(file.name, file.content) for file in letter.files]
        return self.line.take(recipient, original.sender, original.message_id, files)

    def next_due(self) -> float | None:
        return self.line.next_due()

    def send_due(self) -> bool:
        return self.line.send_due()

    def close(self) -> None:
        self.provider.close()


def mailbox(text: str) -> tuple[str, str]:
    address, _colon, password = text.partition(":")
    if "@" not in address or not password:
        raise argparse.ArgumentTypeError(_("una casella si scrive indirizzo:password"))
    return address, password


def main(argv: list[str], speaking: type[argparse.ArgumentParser] = argparse.ArgumentParser) -> int:
    """Run until SIGTERM or Ctrl-C. Returns 0, 1 if it cannot start, 2 for wrong use; see server.main."""
    parser = speaking(
        prog="fattorino simulator pec",
        description="Un gestore PEC simulato, con lo SdI simulato dietro gli indirizzi sdiNN@pec.fatturapa.it.",
    )
    add_options(parser, port=8012, data="var/pec")
    parser.add_argument("--smtp-port", type=int, default=8013, help="porta di invio, con TLS (8013)")
    parser.add_argument("--imap-port", type=int, default=8014, help="porta di lettura, con TLS (8014)")
    parser.add_argument(
        "--mailbox",
        action="append",
        type=mailbox,
        help="casella e password, come indirizzo:password; anche più volte",
    )
    options = parser.parse_args(argv)
    mailboxes = options.mailbox or [mailbox(DEMO_MAILBOX)]
    return run(parser, options, lambda: simulator(options, mailboxes), said=_told(mailboxes))


def simulator(options: argparse.Namespace, mailboxes: Sequence[tuple[str, str]]) -> Simulator:
    """Args:
        options: host, port, data, speed, smtp_port, imap_port.

    Raises OSError, ValueError, sqlite3.Error."""
    return Simulator(
        options.data,
        host=options.host,
        port=options.port,
        speed=options.speed,
        carrier=lambda exchange: PecHouse(exchange, options, mailboxes),
    )


def _told(mailboxes: Sequence[tuple[str, str]]) -> Callable[[Simulator], str]:
    def told(found: Simulator) -> str:
        house = found.carrier
        assert isinstance(house, PecHouse)
        provider = house.provider
        ports = _("Gestore PEC: invio (SMTP) {smtp}, lettura (IMAP) {imap}, certificato {file}").format(
            smtp=provider.smtp_port, imap=provider.imap_port, file=provider.certificate
        )
        people = _("Caselle: {addresses}").format(addresses=", ".join(box[0] for box in mailboxes))
        return f"{ports}\n{people}\n"

    return told
