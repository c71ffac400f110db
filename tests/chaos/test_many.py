"""Issue 5, part 5: thousands of invoices on every channel, lines that break, and SIGKILL of either worker, web server,
SFTP server and PostgreSQL.

`make test` sends a few on each channel, all in one installation; `make soak` ten thousand on each. FATTORINO_SEED
chooses another series.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.plan import CHANNELS, OUTCOME_REFUSED, draw
from tests.chaos.trap import ROOT

DOCUMENTS = int(os.environ.get("FATTORINO_CHAOS_DOCUMENTS") or 15)
KILLS = max(6, DOCUMENTS // 200)
SEED = os.environ.get("FATTORINO_SEED") or "2026"
# The short run has all channels in one installation; of the long ones each has a machine for itself.
RUNS = ["all"] if DOCUMENTS < 100 else list(CHANNELS)


@pytest.mark.chaos
@pytest.mark.parametrize("channel", RUNS)
def test_of_many_invoices_none_is_lost_and_none_sent_twice_whoever_dies(channel: str) -> None:
    command = [sys.executable, "-m", "tests.chaos.many", "--channel", channel, "--seed", SEED]
    done = subprocess.run(
        [*command, "--kills", str(KILLS), "--documents", str(DOCUMENTS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # The run itself gives up when nothing moves any more; this is for one that does not even notice that.
        timeout=3600 + 4 * DOCUMENTS,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout


def test_the_same_seed_gives_the_same_plan_and_another_one_another() -> None:
    same = [draw(CHANNELS, 200, 20, 7, recipients=10).lines() for _ in range(2)]
    assert same[0] == same[1]
    assert draw(CHANNELS, 200, 20, 8, recipients=10).lines() != same[0]


def test_a_plan_has_every_kind_of_fault_and_death() -> None:
    plan = draw(CHANNELS, 400, 40, 1, recipients=10)
    for channel in CHANNELS:
        faults = {kind for _, kind in plan.courses[channel].faults}
        faults |= {event.kind for event in plan.events if event.of == channel and event.what == "fault"}
        assert len(faults) >= 6, (channel, faults)
    assert {event.of for event in plan.events if event.what == "kill"} == {
        "worker",
        "worker 2",
        "web",
        "postgres",
        "sftp",
    }
    assert {event.what for event in plan.events} == {"kill", "fault", "SdI's clock", "our clock"}


def test_also_a_short_plan_has_lotti_and_received_invoices_with_both_answers() -> None:
    for channel, course in draw(CHANNELS, 15, 6, 1, recipients=10).courses.items():
        assert sum(course.bodies) > len(course.bodies) == 15, channel
        assert set(course.received) == {"EC01", "EC02"}, channel
    long = draw(CHANNELS, 400, 6, 1, recipients=10).courses
    assert all(OUTCOME_REFUSED in {kind for _, kind in course.on_outcomes} for course in long.values())


def test_what_happens_on_a_channel_does_not_depend_on_the_others() -> None:
    alone = draw(["pec"], 50, 5, 3, recipients=10).courses["pec"]
    assert draw(CHANNELS, 50, 5, 3, recipients=10).courses["pec"] == alone
