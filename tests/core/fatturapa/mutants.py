"""Spoilt invoices, and what libxml2 with the official schemas says of them.

A mutant is bytes: an official sample (or an invoice made from the declaration) changed in one place or two, as a
tree (`mutants_tree.spoil`) or as text (`mutants_text.spoil`). `official` is the other side of the comparison.
"""

from __future__ import annotations

import os
import pathlib
import random
import re
import string
import zlib
from collections import Counter
from collections.abc import Callable, Mapping

from lxml import etree

from fattorino.core import xml
from fattorino.core.errors import XmlError
from fattorino.core.fatturapa.format_check import DOCUMENTS, examine
from fattorino.core.fatturapa.ordinaria import FatturaElettronica
from fattorino.core.fatturapa.semplificata import FatturaElettronicaSemplificata
from fattorino.core.tracciati import Outcome, emit, walk
from fattorino.core.tracciati.quick import read_quick
from fattorino.core.tracciati.quick_write import write_quick
from tests.core.fatturapa import generated
from tests.core.fatturapa.canonical import content

Schemas = Mapping[str, etree.XMLSchema]
SHARDS = 8
XSI = "http://www.w3.org/2001/XMLSchema-instance"
DS = "http://www.w3.org/2000/09/xmldsig#"


def run_seed() -> int:
    """The seed of this run, the same in all its processes: FATTORINO_SEED, or a new one."""
    if seed := os.environ.get("FATTORINO_SEED"):
        return int(seed)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    return zlib.crc32(run.encode()) if run else random.SystemRandom().randrange(2**32)


SEED = run_seed()
# Half of them as trees, half as text.
MUTANTS = int(os.environ.get("FATTORINO_MUTANTS", "20000"))


def breeding_stock(rng: random.Random, shared_data: pathlib.Path, schemas: Schemas) -> list[bytes]:
    """Valid invoices, most of them small: a thousand mutants of a small one find more than ten of a large one."""
    stock: list[bytes] = []
    for cls in (FatturaElettronica, FatturaElettronica, FatturaElettronicaSemplificata):
        for fullness in (0.0, 0.2, 0.5, 1.0):
            data, problems = emit(generated.document(cls, rng, fullness, 1))
            assert not problems, problems[:3]
            stock.append(data)
    for sample in sorted((shared_data / "sdi" / "invoices").iterdir()):
        data = sample.read_bytes()
        if len(data) < 6_000 and official(data, schemas):
            stock.append(data)
    return stock


# ------------------------------------------------------------------------------------------ the other side

_BASE64 = set(string.ascii_letters + string.digits + "+/= \t\r\n")


def official(data: bytes, schemas: Schemas) -> bool | None:
    """Whether libxml2 and the official schema accept the file, mended where libxml2 is known to differ from SdI
    or from the text of XML Schema (see `format_check`); None where we differ on purpose (years, zones at the first
    admitted day, DOCTYPE).
    """
    # Comments and instructions stay in: leaving them out is what the reader under test does.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        if {entry.type for entry in parser.error_log} != {etree.ErrorTypes.WAR_NS_URI}:
            return False
        # An xmlns that is no URI is fine for SdI.
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    if root.getroottree().docinfo.internalDTD is not None:
        return None
    schema = schemas.get(xml.name_of(root).localname)
    if schema is None:
        return False
    _without_signature(root)
    for element in root.iter(etree.Element):
        if len(element.get(f"{{{XSI}}}schemaLocation", "").split()) % 2:
            return False
        name = str(element.tag)
        if "Data" in name and not any(isinstance(child.tag, str) for child in element):
            text = "".join(element.itertext(etree.Element)).strip(" \t\r\n")
            if re.match(r"[+-]|[0-9]{5,}-|9999-12-31T24", text):
                return None
            # Whether such a day is 1/1/1970 or later is undecided (XML Schema part 2, 3.2.7.4): libxml2 says it is.
            if re.match(r"(1969-12-3[01]|1970-01-0[1-3])[Z+-]", text):
                return None
            # libxml2 keeps the blanks of a date; comments between them stay where they are, without text behind them.
            element.text = text
            for comment in element:
                comment.tail = None
        elif name == "Attachment" and not set("".join(element.itertext())) <= _BASE64:
            return False
    return bool(schema.validate(root))


def _without_signature(root: etree._Element) -> None:
    """Where it may stand is a matter of format, what is inside is one of the signature check."""
    elements = list(root.iterchildren(etree.Element))
    if len(elements) > 1 and elements[-1].tag == f"{{{DS}}}Signature":
        elements[-2].tail = (elements[-2].tail or "") + (elements[-1].tail or "")
        elements[-1].tail = None
        root.remove(elements[-1])


# ----------------------------------------------------------------------------------------- the comparison

Spoil = Callable[[bytes, random.Random], bytes]


def compare(
    kind: str,
    spoil: Spoil,
    shard: int,
    shared_data: pathlib.Path,
    schemas: Schemas,
    note: Callable[..., None],
) -> None:
    """One shard's mutants through all our ways and the official one."""
    seed = f"{SEED}-{kind}-{shard}"
    note("seed", f"FATTORINO_SEED={SEED}")
    rng = random.Random(seed)
    stock = breeding_stock(rng, shared_data, schemas)
    verdicts: Counter[bool | None] = Counter()
    for number in range(MUTANTS // 2 // SHARDS):
        data = spoil(rng.choice(stock), rng)
        theirs = official(data, schemas)
        verdicts[theirs] += 1
        try:
            judge(data, theirs)
        except AssertionError as error:
            where = f"FATTORINO_SEED={SEED} {kind} shard {shard} mutant {number}"
            raise AssertionError(f"{where}: {error}\n{data[:200]!r}...") from error
    made = verdicts.total()
    # Mutants that are all refused, or all accepted, would show nothing.
    assert made < 500 or min(verdicts[True], verdicts[False]) > made // 20, verdicts


def judge(data: bytes, theirs: bool | None) -> None:
    """All our ways to one file agree with each other and with `theirs` (None: no word from there)."""
    examination = examine(data)
    ours = not examination.findings
    assert theirs is None or ours == theirs, (ours, examination.findings[:3])
    cls, outcome = _walked(data)
    assert ours == (outcome is not None and not outcome.problems), "examine and walk disagree"
    if outcome is None or outcome.value is None:
        assert cls is None or read_quick(cls, data) is None, "quick reads what walk does not"
        return
    quick = read_quick(cls, data)
    if quick is not None:
        assert ours and not outcome.tolerated, "quick reads what is refused or tolerated"
        assert quick == outcome.value, "quick and walk read differently"
    again, _ = emit(outcome.value)
    assert not ours or again, "read, but not written"
    quickly = write_quick(outcome.value)
    assert quickly is None or quickly == again, "the quick writer writes differently"
    if ours and not outcome.tolerated:
        assert content(xml.parse(again)) == content(xml.read(data).root), "something is lost"


def _walked(data: bytes) -> tuple[type | None, Outcome | None]:
    try:
        root = xml.parse(data)
    except XmlError:
        return None, None
    cls = DOCUMENTS.get(xml.name_of(root).localname)
    if cls is None:
        return None, None
    return cls, walk(root, cls)
