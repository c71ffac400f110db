"""What is fuzzed: each target takes any bytes, calls what strangers' bytes reach, and raises where a promise is broken.

A promise is more than "does not crash": only the documented exceptions, each told in Italian; what is read can be
written and read again; the quick way agrees with the long one and with the official schema; nobody's signature is
believed but on what its holder signed.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import random
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from fattorino.cli.main import main
from fattorino.core.errors import ArchiveError, EnvelopeError, FormatError, InputError, XmlError
from fattorino.core.fatturapa.archive import MAX_MEMBER_SIZE, read_zip
from fattorino.core.fatturapa.checking import check, check_stream
from fattorino.core.fatturapa.envelope import is_signed, unwrap, verify
from fattorino.core.fatturapa.findings import Finding
from fattorino.core.fatturapa.format_check import Examination, examine
from fattorino.core.fatturapa.reading import read_fattura
from fattorino.core.fatturapa.summary import summarise
from fattorino.core.fatturapa.writing import write_fattura
from fattorino.core.sdi import soap
from fattorino.core.sdi.message_io import read_message, write_message
from fattorino.documents.readable import render_html
from tests.fuzz import corpus, keys, mutate_der, mutate_xml, mutate_zip, ways
from tests.fuzz.promises import insist, readable, sound, told

# Reading -----------------------------------------------------------------------------------------------------


def reader(data: bytes) -> None:
    examination = examine(data)
    for finding in examination.findings:
        sound(finding)
    try:
        reading = read_fattura(data)
    except (XmlError, FormatError) as error:
        told(error)
        insist(examination.findings, "a file without findings can be read")
        return
    insist(reading.fattura == examination.fattura, "read_fattura and examine read the same")
    if not examination.findings:
        _comes_back(examination)


def _comes_back(examination: Examination) -> None:
    """Of a file that the schema accepts nothing is lost on the way out and in again."""
    written = write_fattura(examination.fattura)
    again = examine(written)
    insist(not again.findings, "what is written has no format error")
    insist(again.fattura == examination.fattura, "what is written is read as the same")
    insist(write_fattura(again.fattura) == written, "written twice is written alike")


def copy(data: bytes) -> None:
    """What people see of an invoice that came, also of one that the schema refuses."""
    try:
        reading = read_fattura(data)
    except (XmlError, FormatError):
        return
    summary = summarise(reading)
    insist(summary.bodies >= 1, "an invoice has a body")
    page = render_html(reading.fattura)
    page.encode("utf-8")
    insist("<script" not in page.lower(), "nothing of the file is markup")


# Rules -------------------------------------------------------------------------------------------------------

DAYS = (
    datetime.date(2019, 6, 1),
    datetime.date(2021, 3, 1),
    datetime.date(2025, 3, 31),
    datetime.date(2025, 4, 1),
    datetime.date(2026, 11, 21),
)


def content_rules(data: bytes) -> None:
    day = DAYS[len(data) % len(DAYS)]
    for side in ("emitter", "receiver"):
        findings = check(data, on=day, side=side)  # type: ignore[arg-type]
        for finding in findings:
            sound(finding)
        insist(findings == sorted(findings), "findings are in order")
    format_errors = [finding for finding in findings if finding.code in ("00003", "00106", "00200", "00201")]
    insist(
        not format_errors or len(format_errors) == len(findings), "a broken format is looked at no further"
    )


def streamed(data: bytes) -> None:
    """The check of a file of any length says what the check of the whole says, to the line."""
    day = DAYS[len(data) % len(DAYS)]
    findings = check_stream(io.BytesIO(data), on=day)
    for finding in findings:
        sound(finding)
    insist(findings == check(data, on=day), "both checks find the same")


def desk(data: bytes) -> None:
    """`fattorino check --json -` with a file of any kind at its standard input."""
    printed = io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            code = main(["check", "--json", "--on", "2026-11-21", "-"])
    finally:
        sys.stdin = before
    results = [json.loads(line) for line in printed.getvalue().split("\n") if line]
    insist(results, "every file gives a result")
    for result in results:
        findings = [Finding(**finding) for finding in result["findings"]]
        for finding in findings:
            sound(finding)
        refused = any(finding.is_error for finding in findings)
        insist(result["accepted"] is not refused, "accepted is false exactly where there is an error")
        insist(result["format"] in ("FPA12", "FPR12", "FSM10", "", None), "a format, or none")
    insist(code == (not all(result["accepted"] for result in results)), "1 where something would be refused")


# Envelopes ---------------------------------------------------------------------------------------------------


def envelope(data: bytes) -> None:
    try:
        opened = unwrap(data)
    except EnvelopeError as error:
        told(error)
        return
    findings = verify(opened, at=keys.LATER, trusted=(keys.authority().certificate,))
    for finding in findings:
        sound(finding)
    if is_signed(opened) and not any(finding.is_error for finding in findings):
        known = corpus.signed_contents()
        insist(
            opened.content in known or corpus.heart(opened.content) in known,
            "a believed signature is on what its holder signed",
        )


def archive(data: bytes) -> None:
    try:
        members = read_zip(data)
    except ArchiveError as error:
        told(error)
        return
    insist(members, "an archive that opens holds something")
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        for member in members:
            insist(len(member.content) <= MAX_MEMBER_SIZE, "members are within the limit")
            insist(".." not in member.name.split("/") and member.name[:1] != "/", "names stay in the folder")
            insist(theirs.read(member.name) == member.content, "contents are what zipfile reads")


# SdI ---------------------------------------------------------------------------------------------------------


def message(data: bytes) -> None:
    try:
        read = read_message(data)
    except (XmlError, ArchiveError, FormatError) as error:
        told(error)
        return
    for text in read.tolerated:
        readable(text, "what was tolerated")
    try:
        written = write_message(read.message)
    except InputError as error:
        told(error)
        return
    insist(read_message(written).message == read.message, "a message comes back")


def soap_call(data: bytes) -> None:
    kind, _, body = data.partition(b"\n")
    content_type = kind.decode("latin-1")
    for service in ("SdIRiceviFile", "TrasmissioneFatture", "RicezioneFatture", "SdIRiceviNotifica"):
        try:
            operation, payload = soap.parse_request(body, content_type, service=service)  # type: ignore[arg-type]
        except soap.SoapFault as fault:
            told(fault)
            continue
        built = soap.build_request(operation, payload)
        again = soap.parse_request(built.body, built.headers["Content-Type"], service=operation.service)
        insist(again == (operation, payload), "a request comes back")
    for operation in (soap.RICEVI_FILE, soap.RICEVI_FATTURE, soap.NOTIFICA_ESITO):
        try:
            answer = soap.parse_response(operation, body, content_type)
        except (soap.SoapFault, InputError) as error:
            told(error)
            continue
        insist(answer is not None, "an answer of two ways is there")


# Mutations ---------------------------------------------------------------------------------------------------

Mutator = Callable[[bytes, random.Random], bytes]


def _xml(seeds: Callable[[], list[bytes]]) -> Mutator:
    def mutate(data: bytes, rng: random.Random) -> bytes:
        return mutate_xml.mutate(data, rng, seeds())

    return mutate


def _bytes(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(8)


def _signed(data: bytes, rng: random.Random) -> bytes:
    if data.lstrip()[:1] == b"<":
        return mutate_xml.mutate(data, rng, corpus.xades())
    return mutate_der.mutate(data, rng, lambda content: mutate_xml.mutate(content, rng), corpus.cades())


def _anything(data: bytes, rng: random.Random) -> bytes:
    if data.startswith(b"PK"):
        return mutate_zip.mutate(data, rng, lambda content: _signed(content, rng))
    return _signed(data, rng)


def _soap(data: bytes, rng: random.Random) -> bytes:
    kind, _, body = data.partition(b"\n")
    if rng.random() < 0.2:
        kind = rng.choice(
            (
                kind[: rng.randrange(len(kind) + 1)],
                kind.replace(b'"', b"'"),
                kind + b'; boundary="x"',
                kind + b"; boundary*=utf-8''%ff",
                kind.replace(b"start=", b"start*0="),
                b"multipart/related; boundary=" + b"-" * 70,
                b"text/xml; charset=utf-16",
                b"\xff\xfe",
            )
        )
    if rng.random() < 0.2:
        body = body.replace(b"binary", rng.choice((b"base64", b"8bit", b"quoted-printable", b"")))
    return kind + b"\n" + mutate_xml.mutate(body, rng)


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    run: Callable[[bytes], None]
    mutate: Mutator

    def seeds(self) -> list[bytes]:
        return corpus.SEEDS[self.name]()


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("reader", reader, _xml(corpus.plain)),
        Target("quick", ways.both, _xml(corpus.rewritten)),
        Target("copy", copy, _xml(corpus.plain)),
        Target("envelope", envelope, _signed),
        Target("objects", ways.objects, _bytes),
        Target("check", content_rules, _xml(corpus.plain)),
        Target("streamed", streamed, _xml(corpus.rewritten)),
        Target("zip", archive, _anything),
        Target("message", message, _anything),
        Target("soap", soap_call, _soap),
        Target("desk", desk, _anything),
    )
}
