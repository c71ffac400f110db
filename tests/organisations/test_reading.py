from __future__ import annotations

from itertools import count

from fattorino.organisations.reading import forget, once, one_reading


def test_within_one_reading_a_question_is_asked_once() -> None:
    numbers = count()
    with one_reading():
        assert [once("a", lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
        assert once("b", lambda: next(numbers)) == 1


def test_the_next_reading_asks_again_and_outside_of_one_nothing_is_kept() -> None:
    numbers = count()
    for expected in range(2):
        with one_reading():
            assert once("a", lambda: next(numbers)) == expected
    assert [once("a", lambda: next(numbers)) for _ in range(2)] == [2, 3]


def test_what_is_forgotten_is_asked_again() -> None:
    numbers = count()
    with one_reading():
        once("a", lambda: next(numbers))
        forget()
        assert once("a", lambda: next(numbers)) == 1
    forget()  # outside there is nothing to forget


def test_an_answer_of_nothing_is_an_answer() -> None:
    asked = []
    with one_reading():
        for _ in range(2):
            once("a", lambda: asked.append("x"))
    assert asked == ["x"]
