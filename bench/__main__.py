"""``python -m bench [--write] [--rounds N]``: measure, print the tables, compare with `ratios.json`.

Ends with 1 when something got worse or misses its target; ``--write`` keeps the new ratios instead of comparing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from lxml import etree

from bench import corpus, environments, figures, ratios, report
from bench.adapters.limit import compiled
from bench.environments import BUILD, CORPUS, SHARED

MIX = 200


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--write", action="store_true", help="scrive i rapporti in bench/ratios.json")
    parser.add_argument("--rounds", type=int, default=5, help="giri per i tempi di CPU")
    options = parser.parse_args(words)
    notes: list[str] = []
    begun = time.monotonic()
    found = environments.implementations(notes.append)
    counting = environments.valgrind(notes.append)
    official = environments.schema()
    if official is None:
        notes.append("schema ufficiale non trovato: il limite del controllo manca")
    _prepare()
    taken = figures.Figures()
    real = _real(official, notes, taken)
    env = environments.variables(official)
    if counting:
        _tell("conto le istruzioni")
        figures.count(found, official, env, taken, notes.append)
    _tell("misuro la memoria e gli import")
    figures.weigh(found, env, taken, notes.append)
    figures.start(found, official, env, taken, counting=counting, rounds=options.rounds)
    _tell("misuro i tempi di CPU, a turno")
    figures.clock(found, official, real, env, taken, options.rounds)
    kept = figures.kept(taken)
    print(f"\n{report.tables(taken, kept, found)}\n")
    notes.append(f"durata {time.monotonic() - begun:.0f} s")
    return _verdict(kept, notes, write=options.write)


def _tell(what: str) -> None:
    print(f"... {what}", flush=True)


def _verdict(kept: ratios.Kept, notes: list[str], *, write: bool) -> int:
    before = ratios.load()
    misses = ratios.misses(kept.ratios)
    worse = [] if write else ratios.worse(kept, before)
    if before and before.made_with != kept.made_with:
        notes.append(f"rapporti non confrontati: quelli scritti sono di {before.made_with}")
    for title, sentences in (("PEGGIORATO", worse), ("OLTRE IL LIMITE", misses), ("nota", notes)):
        for sentence in sentences:
            print(f"{title:>16}  {sentence}", flush=True)
    if write:
        ratios.save(kept)
        print(f"{'scritto':>16}  {ratios.FILE.name}")
    return 1 if worse or misses else 0


def _prepare() -> None:
    corpus.write(CORPUS)
    mix = CORPUS / "small-200"
    if not mix.is_dir():
        mix.mkdir()
        for file in sorted((CORPUS / "small").glob("*.xml"))[:: corpus.SMALL // MIX]:
            shutil.copyfile(file, mix / file.name)


def _real(official: Path | None, notes: list[str], taken: figures.Figures) -> Path | None:
    """Real ordinary invoices that the official schema accepts: plain synthetic files are everybody's best case."""
    samples = SHARED / "invoices"
    if not samples.is_dir() or official is None:
        notes.append("fatture vere non misurate: mancano i dati condivisi")
        return None
    schema = compiled(official)
    folder = BUILD / "real"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in sorted(samples.glob("*.[xX][mM][lL]")):
        try:
            accepted = schema.validate(etree.fromstring(file.read_bytes()))
        except etree.XMLSyntaxError:
            continue
        if accepted:
            shutil.copyfile(file, folder / file.name)
    chosen = [file.read_bytes() for file in folder.iterdir()]
    taken.quick = (sum(_quick(data) for data in chosen), len(chosen))
    return folder


def _quick(data: bytes) -> bool:
    from fattorino.core.fatturapa import FatturaElettronica
    from fattorino.core.tracciati.quick import read_quick

    return read_quick(FatturaElettronica, data) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
