"""*Invio massivo*: how many documents a second one worker takes over, and how many it brings to the queue of sending.

The steps are those of `workflow.tasks_bulk`, with a watch between them. Nothing is signed: the recipients are private.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.many.clock import worked
from bench.many.documents import drafts
from bench.many.table import Figure
from fattorino import clock
from fattorino.core.workflow.definition import Action
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import acting
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows.pending import finish_many
from fattorino.workflow.models import PendingAction
from fattorino.workflow.tasks_bulk import AT_ONCE

DOCUMENTS = 2000


@dataclass(slots=True)
class Watch:
    """Seconds of a run: what the clock says, and what the worker's process and the database's have worked."""

    documents: int = 0
    acquired: float = 0.0
    acquired_worked: float = 0.0
    whole: float = 0.0
    whole_worked: float = 0.0


def measure(
    actor: Actor, number: int = DOCUMENTS, *, now: datetime.datetime, second: bool = True
) -> Iterator[Figure]:
    """`second`: also with another process, which sees only what is committed (in a test nothing is)."""
    ids = drafts(actor, number, now=now)
    begun = time.perf_counter()
    run_id, total = _start(actor, ids, now)
    yield Figure(f"invio massivo: avvio con {total} documenti", "s", time.perf_counter() - begun)
    watch = carry(actor.company_id, run_id)
    assert watch.documents == total
    note = f"{total / watch.acquired_worked:.0f} per secondo di lavoro"
    seen = total / watch.acquired
    yield Figure("invio massivo: presi in carico, con il loro XML", "al s", seen, 300, least=True, note=note)
    note = f"{total / watch.whole_worked:.0f} per secondo di lavoro"
    alone = total / watch.whole
    yield Figure("invio massivo: fino alla coda di invio", "al s", alone, note=note)
    if not second:
        return
    together, share = _two(actor, drafts(actor, number, now=now), now)
    note = f"{together / alone:.2f} volte uno solo; {share:.0%} del secondo"
    yield Figure("invio massivo: due processi sullo stesso invio", "al s", together, note=note)


def _start(actor: Actor, ids: list[int], now: datetime.datetime) -> tuple[int, int]:
    order = runs.Order("PR", "DA_PROCESSARE", action=str(Action.GENERATE_AND_SEND))
    with company_scope(actor.company_id):
        return runs.start_run(actor, order, [ids], now=now)


def _two(actor: Actor, ids: list[int], now: datetime.datetime) -> tuple[float, float]:
    """Documents a second of two processes at one run, and what part the second one did.

    The product gives a run to one worker at a time, because what a dead worker left under way is known by that: this
    says what a second one would bring.
    """
    run_id, total = _start(actor, ids, now)
    command = [sys.executable, "-m", "bench.many.second", str(actor.company_id), str(run_id)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as second:  # type: ignore[call-overload]  # pipes of a dict
        assert second.stdin and second.stdout
        assert second.stdout.readline() == "ready\n"
        begun = time.perf_counter()
        second.stdin.write("\n")
        second.stdin.flush()
        own = carry(actor.company_id, run_id).documents
        others = int(second.stdout.readline())
        seen = time.perf_counter() - begun
    assert own + others == total, f"{own} and {others} of {total}"
    return total / seen, others / total


def carry(company_id: int, run_id: int) -> Watch:
    """What the job does, until nothing is left."""
    watch = Watch()
    while True:
        begun, before = time.perf_counter(), _worked()
        with company_scope(company_id):
            turn = runs.begin_turn(company_id, run_id, AT_ONCE, now=clock.now())
        if not turn.started:
            return watch
        watch.documents += len(turn.started)
        further = _step(company_id, turn.started)
        watch.acquired += time.perf_counter() - begun
        watch.acquired_worked += _worked() - before
        while further:
            further = _step(company_id, further)
        watch.whole += time.perf_counter() - begun
        watch.whole_worked += _worked() - before


def _worked() -> float:
    return time.process_time() + worked() / 1e9


def _step(company_id: int, pendings: list[PendingAction]) -> list[PendingAction]:
    acted = acting.act_many(pendings, now=clock.now())
    with company_scope(company_id):
        return finish_many(acted.results, company_id, now=clock.now(), jobs=False, then_for_many=acted.then)
