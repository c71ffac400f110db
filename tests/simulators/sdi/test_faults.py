"""Each fault does what it says, as often as it was ordered."""

from __future__ import annotations

import pathlib
import time

import httpx
import pytest

from fattorino.core.sdi import soap
from fattorino.simulators.sdi import faults
from fattorino.simulators.sdi.books import Books
from tests.simulators.sdi.support import Driver, invoice

NAME = "IT01234567897_00001.xml"
# Seconds: longer than a busy machine takes for an answer that nothing holds up.
SLOW = 3.0


def accepted(driver: Driver) -> dict[str, int]:
    found: dict[str, int] = driver.http.get("/_simulator/books").json()["accepted_by_name"]
    return found


def test_slow(driver: Driver) -> None:
    driver.control("faults", kind="slow", seconds=SLOW, count=1)
    started = time.monotonic()
    assert driver.send(NAME, invoice()).errore is None
    assert time.monotonic() - started >= SLOW
    started = time.monotonic()
    driver.send("IT01234567897_00002.xml", invoice("2"))
    assert time.monotonic() - started < SLOW


def test_down_answers_503_and_takes_nothing(driver: Driver) -> None:
    driver.control("faults", kind="down", count=2)
    for _ in range(2):
        assert driver.http.post("/ricevi_file", content=_request()).status_code == 503
    assert accepted(driver) == {}
    assert driver.http.post("/ricevi_file", content=_request()).status_code == 200


def _request() -> bytes:
    return soap.build_request(soap.RICEVI_FILE, soap.FileSdIBase(NAME, invoice())).body


def test_refused_really_closes_the_port(driver: Driver) -> None:
    driver.control("faults", kind="refused", seconds=0.4)
    driver.http.close()
    time.sleep(0.15)
    address = driver.simulator.address
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
    deadline = time.monotonic() + 5
    while True:
        try:
            assert httpx.get(address, trust_env=False).status_code == 200
            break
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_answer_is_lost_but_the_file_is_accepted(driver: Driver) -> None:
    driver.control("faults", kind="lost_after", count=1)
    with pytest.raises(httpx.RequestError):
        driver.send(NAME, invoice())
    assert accepted(driver) == {NAME: 1}
    # Whoever repeats it blindly is told by 00002, about a second identifier.
    driver.send(NAME, invoice())
    driver.pass_hours(2.1)
    assert sorted(driver.endpoint.kinds) == ["NS", "RC"]


def test_the_connection_falls_before_acceptance(driver: Driver) -> None:
    driver.control("faults", kind="lost_before", count=1)
    with pytest.raises(httpx.RequestError):
        driver.send(NAME, invoice())
    assert accepted(driver) == {}
    driver.send(NAME, invoice())
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["RC"]


@pytest.mark.parametrize(("kind", "code"), [("unavailable", "EI02"), ("not_enabled", "EI03")])
def test_sdi_says_no(driver: Driver, kind: str, code: str) -> None:
    driver.control("faults", kind=kind, count=1, match="_00001")
    assert driver.send("IT01234567897_00002.xml", invoice()).errore is None
    assert driver.send(NAME, invoice("2")).errore == code
    assert NAME not in accepted(driver)


def test_a_receipt_twice(driver: Driver) -> None:
    driver.control("faults", kind="receipt_twice", count=1)
    driver.send(NAME, invoice())
    driver.pass_hours(2.1)
    first, second = driver.endpoint.calls
    assert first == second


def test_receipts_out_of_order(driver: Driver, sign) -> None:  # type: ignore[no-untyped-def]
    driver.control("faults", kind="receipt_out_of_order", count=1)
    driver.send("IT01234567897_00001.xml.p7m", sign(invoice(formato="FPA12", codice="UFABCD")))
    driver.pass_hours(9)
    assert driver.endpoint.kinds == ["NE", "RC"]


def test_an_out_of_order_receipt_that_nothing_follows_comes_in_the_end(driver: Driver) -> None:
    driver.control("faults", kind="receipt_out_of_order", count=1, hours=10)
    driver.send(NAME, invoice())
    driver.pass_hours(11)
    assert driver.endpoint.kinds == []
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == ["RC"]


def test_a_late_receipt(driver: Driver) -> None:
    driver.control("faults", kind="receipt_late", hours=5, count=1)
    driver.send(NAME, invoice())
    driver.pass_hours(6)
    assert driver.endpoint.kinds == []
    driver.pass_hours(1)
    assert driver.endpoint.kinds == ["RC"]


def test_receipts_are_tried_again_until_the_transmitter_takes_them(driver: Driver) -> None:
    driver.endpoint.refuse = 3
    driver.send(NAME, invoice())
    driver.pass_hours(2.1)
    assert driver.endpoint.kinds == []
    driver.pass_hours(8.1)
    assert driver.endpoint.kinds == ["RC"]
    [row] = driver.simulator.books.rows("select tries, state from message")
    assert row == {"tries": 4, "state": "INVIATO"}


def test_a_seeded_probability_gives_the_same_series(tmp_path) -> None:  # type: ignore[no-untyped-def]
    def series(seed: int) -> list[bool]:
        books = Books(tmp_path / f"{time.monotonic_ns()}.sqlite3")
        faults.add(books, faults.DOWN, probability=0.4, seed=seed)
        found = [faults.strike(books, faults.DOWN, "x") is not None for _ in range(40)]
        books.close()
        return found

    assert series(7) == series(7) != series(8)
    assert 5 < sum(series(7)) < 30


def test_senseless_orders_are_refused(driver: Driver) -> None:
    for wanted in (
        {"kind": "altro"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": 1e9},
        {"kind": "down", "probability": 2},
        {"kind": "down", "count": "x"},
    ):
        assert driver.http.post("/_simulator/faults", json=wanted).status_code == 400
    assert driver.control("faults", clear=True) == []


def test_a_fault_that_another_process_ordered_strikes_and_one_taken_back_with_its_step_is_still_there(
    tmp_path: pathlib.Path,
) -> None:
    books, other = Books(tmp_path / "sdi.sqlite3"), Books(tmp_path / "sdi.sqlite3")
    try:
        assert faults.strike(books, faults.DOWN, NAME) is None
        faults.add(other, faults.DOWN, count=1)
        with pytest.raises(ZeroDivisionError), books.transaction():
            assert faults.strike(books, faults.DOWN, NAME)
            assert not faults.is_ordered(books, faults.DOWN)
            raise ZeroDivisionError
        assert faults.is_ordered(books, faults.DOWN)
        assert faults.strike(books, faults.DOWN, NAME)
        assert faults.strike(books, faults.DOWN, NAME) is None
    finally:
        books.close()
        other.close()
