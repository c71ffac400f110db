"""Sets a long copy by typst, in a process of its own (organisations.apart): typst keeps what it has set in memory for
as long as its process lives.

In: JSON of the template's path and of what `Compiler.compile` is given. Out: the PDF.
"""

from __future__ import annotations

import datetime
import json
import sys

import typst

if __name__ == "__main__":
    given = json.load(sys.stdin)
    made = typst.Compiler(given["template"], ignore_system_fonts=True).compile(
        sys_inputs={"data": given["data"]},
        format="pdf",
        pdf_standards=given["standards"],
        timestamp=datetime.datetime.fromisoformat(given["timestamp"]),
    )
    assert isinstance(made, bytes)
    sys.stdout.buffer.write(made)
