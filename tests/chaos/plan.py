"""What will go wrong in a run, drawn from its seed before anything happens: the same seed gives the same plan.

Counted is in files, never in seconds: which file of a company meets which fault (by the number in its name), after how
many files at SdI a process dies, a line breaks or a clock jumps.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

CHANNELS = ("sdicoop", "sdiftp", "pec", "intermediary")
# Seconds that the product waits for an answer; what is slow is slower.
TIMEOUT = 3.0
_SLOW = {"seconds": TIMEOUT + 1.0}

# What may befall a single file on its way out, with a weight.
ON_FILES: dict[str, tuple[tuple[str, int], ...]] = {
    "sdicoop": (
        *(("lost_before", 8), ("lost_after", 10), ("request_cut", 8), ("answer_cut", 8), ("broken", 5)),
        *(("broken_after", 6), ("soap_fault", 5), ("down", 5), ("unavailable", 5), ("slow", 2)),
        ("slow_after", 3),
    ),
    "intermediary": (
        *(("lost_before", 8), ("lost_after", 10), ("request_cut", 8), ("answer_cut", 8), ("broken", 5)),
        *(("broken_after", 6), ("down", 5), ("throttled", 5), ("garbage", 5), ("give_back", 3)),
        *(("slow", 2), ("slow_after", 3)),
    ),
    "sdiftp": (),
    "pec": (),
}
# What may befall what SdI says of a file, on every channel.
ON_RECEIPTS = (("receipt_twice", 12), ("receipt_out_of_order", 8), ("receipt_late", 8))
# What may befall a visit, a letter, a look at the feed: whichever comes next.
ON_LINES: dict[str, tuple[str, ...]] = {
    "sdicoop": (),
    "intermediary": ("feed_again", "hook_lost", "hook_twice"),
    "sdiftp": (
        *("ftp_cut", "ftp_cut_reading", "ftp_cut_read", "ftp_answer_late", "ftp_answer_lost", "ftp_twice"),
        *("ftp_truncated", "ftp_quadrature", "ftp_er_cipher", "ftp_er_signature", "ftp_suspended"),
    ),
    "pec": (
        *("pec_cut_before_data", "pec_cut_in_data", "pec_cut_after_data", "pec_cut_after_data", "pec_busy"),
        *("pec_not_accepted", "pec_not_delivered", "pec_receipt_lost", "pec_receipt_twice"),
        *("pec_receipt_late", "pec_mailbox_down", "pec_mailbox_cut", "pec_refused"),
    ),
}
# One in so many files: of line faults. Files of PEC have a letter each; those of SdIFtp share supports, few for
# many files, so beyond the first FIRST faults they are rare.
EVERY = {"sdicoop": 1, "intermediary": 8, "sdiftp": 6, "pec": 3}
FIRST, RARE = {"sdiftp": 30}, 60
KILLS = (("worker at a line", 28), ("worker", 22), ("web at a line", 10), ("web", 12), ("postgres", 28))
SFTP = ("sftp", 12)
# Two work at the same queue: a death of the one leaves the other.
WORKERS = ("worker", "worker 2")
# Deaths at a line are drawn over so many lines of the product.
LINES = {"worker": 6_000, "web": 1_500}
# One file in so many is a lotto, of at most so many documents.
LOTTO_EVERY, MOST_BODIES = 8, 4
# An invoice comes from a supplier for so many that are sent; so often SdI refuses the first answer to it.
RECEIVED_EVERY, REFUSED_OUTCOME = 5, 0.25
# What SdI says of every copy of an outcome: that it is not conforming (EN00).
OUTCOME_REFUSED = "outcome_refused"


@dataclass(frozen=True)
class Event:
    """Something that happens when so many files are at SdI, over all channels.

    Attributes:
        what: "kill", "fault", "SdI's clock", "our clock". of: the process or the channel. kind: of fault.
        number: the line of a death (0: from outside), the hours of a jump, the seconds by which our clock is wrong.
    """

    after: int
    what: str
    of: str = ""
    kind: str = ""
    number: float = 0

    def __str__(self) -> str:
        more = f"{self.number:g}" if self.number else ""
        return " ".join(filter(None, [f"after {self.after}:", self.what, self.of, self.kind, more]))


@dataclass(frozen=True)
class Course:
    """Of one channel.

    Attributes:
        recipients: of its files, in order. bodies: how many documents each has; more than one is a lotto.
        faults: (file, kind) of what befalls files.
        received: what is answered to the invoices that suppliers send, in order: EC01 or EC02.
        on_outcomes: (invoice, kind) of what befalls the first outcome of a received invoice.
    """

    recipients: tuple[int, ...]
    bodies: tuple[int, ...]
    faults: tuple[tuple[int, str], ...]
    received: tuple[str, ...]
    on_outcomes: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Plan:
    courses: dict[str, Course]
    events: tuple[Event, ...] = field(default=())

    def lines(self) -> list[str]:
        """In words, without a word of what is the same in every run."""
        told = []
        for channel, course in self.courses.items():
            who, lotti = (
                Counter(course.recipients),
                [n for n, many in enumerate(course.bodies, 1) if many > 1],
            )
            told.append(f"{channel}: {len(course.recipients)} files, recipients {dict(sorted(who.items()))}")
            told.append(f"{channel}: {sum(course.bodies)} documents, lotti: {' '.join(map(str, lotti))}")
            answers = Counter(course.received)
            told.append(
                f"{channel}: {len(course.received)} received, answers {dict(sorted(answers.items()))}"
            )
            told += _of_files(channel, "files", course.faults)
            told += _of_files(channel, "outcomes of received", course.on_outcomes)
        return told + [str(event) for event in self.events]


def _of_files(channel: str, of: str, faults: Sequence[tuple[int, str]]) -> list[str]:
    by_kind: dict[str, list[int]] = {}
    for file, kind in faults:
        by_kind.setdefault(kind, []).append(file)
    return [f"{channel}: {kind}: {of} {' '.join(map(str, files))}" for kind, files in sorted(by_kind.items())]


def draw(channels: Sequence[str], documents: int, kills: int, seed: int, *, recipients: int) -> Plan:
    """Args:
    documents: files on each channel. recipients: how many kinds of recipient there are.
    """
    courses = {name: _course(name, documents, seed, recipients) for name in channels}
    chance = random.Random(f"{seed}/events/{'+'.join(channels)}")
    total = documents * len(channels)
    # The last part of the way is left to what must come right by itself.
    last = max(1, total * 9 // 10)
    events = [_kill(chance, channels, last) for _ in range(kills)]
    for name in channels:
        kinds = ON_LINES[name]
        for number in range(_line_faults(name, documents) if kinds else 0):
            # Each kind in its turn, so that also a short run meets most of them.
            kind = kinds[(number + seed) % len(kinds)]
            events.append(Event(chance.randint(0, last), "fault", name, kind))
    for _ in range(max(3, kills // 4)):
        name = chance.choice(list(channels))
        events.append(Event(chance.randint(1, last), "SdI's clock", name, number=chance.randint(10, 90)))
        # Behind, and right again. Ahead SdI itself would notice: signatures of the future it refuses (00105).
        events.append(
            Event(chance.randint(1, last), "our clock", number=chance.choice([0, -1]) * chance.randint(2, 20))
        )
    return Plan(courses, tuple(sorted(events, key=lambda event: event.after)))


def _line_faults(name: str, documents: int) -> int:
    many = documents // EVERY[name]
    return min(many, FIRST[name] + documents // RARE) if name in FIRST else many


def _course(name: str, documents: int, seed: int, recipients: int) -> Course:
    chance = random.Random(f"{seed}/{name}")
    to = tuple(chance.randrange(recipients) for _ in range(documents))
    faults: list[tuple[int, str]] = []
    # Some files more than documents: what was refused goes again under another name.
    for file in range(1, documents + documents // 5 + 1):
        if ON_FILES[name] and chance.random() < 0.3:
            faults.append((file, _one(chance, ON_FILES[name])))
        if chance.random() < 0.25:
            faults.append((file, _one(chance, ON_RECEIPTS)))
    return Course(to, _bodies(name, documents, seed), tuple(faults), *_received(name, documents, seed))


def _bodies(name: str, documents: int, seed: int) -> tuple[int, ...]:
    chance = random.Random(f"{seed}/{name}/lotti")
    # One in each run of files, so that also a short course has some.
    lotti = {n + chance.randrange(LOTTO_EVERY) for n in range(0, documents, LOTTO_EVERY)}
    return tuple(chance.randint(2, MOST_BODIES) if n in lotti else 1 for n in range(documents))


def _received(name: str, documents: int, seed: int) -> tuple[tuple[str, ...], tuple[tuple[int, str], ...]]:
    chance = random.Random(f"{seed}/{name}/received")
    # Both answers in their turns, so that also a short course has both.
    first = chance.randrange(2)
    answers = tuple(f"EC0{1 + (first + n) % 2}" for n in range(documents // RECEIVED_EVERY))
    faults: list[tuple[int, str]] = []
    for invoice in range(1, len(answers) + 1):
        if ON_FILES[name] and chance.random() < 0.5:
            faults.append(
                (invoice, _one(chance, [each for each in ON_FILES[name] if each[0] != "give_back"]))
            )
        if chance.random() < REFUSED_OUTCOME:
            faults.append((invoice, OUTCOME_REFUSED))
    return answers, tuple(faults)


def _kill(chance: random.Random, channels: Sequence[str], last: int) -> Event:
    who = _one(chance, (*KILLS, SFTP) if "sdiftp" in channels else KILLS)
    process = who.split(" ")[0]
    line = chance.randint(1, LINES[process]) if who.endswith("line") else 0
    if process == "worker":
        process = chance.choice(WORKERS)
    return Event(chance.randint(1, last), "kill", process, number=line)


def _one(chance: random.Random, kinds: Sequence[tuple[str, int]]) -> str:
    return chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]


def ordered(kind: str, match: str = "") -> dict[str, object]:
    """How a fault is told to a simulator: it strikes once, but for what the bytes themselves bring about."""
    more: dict[str, object] = dict(_SLOW) if kind in ("slow", "slow_after") else {}
    if kind == "receipt_out_of_order":
        more = {"hours": 8}
    elif kind == "receipt_late":
        more = {"hours": 12}
    elif kind == "pec_receipt_late":
        more = {"seconds": 3.0}
    return {"kind": kind, "count": 100 if kind == OUTCOME_REFUSED else 1, "match": match, **more}
