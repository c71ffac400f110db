from __future__ import annotations

import threading

from fattorino.simulators.sdi.clock import Clock


def test_the_clock_can_be_read_while_a_jump_is_being_kept() -> None:
    """The books keep the jump under their own lock, and whoever holds that may be asking for the time."""
    read: list[float] = []

    def kept(real: float, simulated: float, speed: float) -> None:
        reader = threading.Thread(target=lambda: read.append(clock.elapsed()), daemon=True)
        reader.start()
        reader.join(5)

    clock = Clock(0, (0.0, 0.0), source=lambda: 0.0, moved=kept)
    clock.advance(10)
    assert read == [10.0]


def test_jumps_are_kept_in_their_order() -> None:
    kept: list[float] = []
    clock = Clock(
        0, (0.0, 0.0), source=lambda: 0.0, moved=lambda real, simulated, speed: kept.append(simulated)
    )
    threads = [threading.Thread(target=clock.advance, args=(1,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == [float(n) for n in range(1, 21)]
