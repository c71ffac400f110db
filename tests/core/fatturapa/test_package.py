from __future__ import annotations

import subprocess
import sys

import pytest

from fattorino.core import fatturapa


@pytest.mark.parametrize("name", fatturapa.__all__)
def test_every_name_of_the_package_is_there(name: str) -> None:
    assert getattr(fatturapa, name).__name__ == name
    assert name in dir(fatturapa)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fatturapa.nonsense


def test_writing_and_reading_load_neither_the_rules_nor_the_check_digits() -> None:
    code = (
        "import sys; from fattorino.core.fatturapa import read_fattura, write_fattura;"
        "print([m for m in sys.modules if m.startswith(('fattorino.core.fatturapa.rules', 'stdnum', 'cryptography'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
