"""One form of address everywhere: what to do is said in the infinitive ("Controllare"), to nobody in particular.

Labels of buttons and links are what a person tells the program ("Salva"), and are not looked at.
"""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fattorino"
FOLDERS = ("config", "cli", "web/templates", "documents/templates", "documents/views", "documents/forms")
# A verb in the imperative or the polite form where an instruction begins.
ADDRESSED = re.compile(
    r"(?:[.:;»>\"]\s*|, (?:o|poi|oppure) |oppure )(?:l[oae] |ne )?"
    r"(scegli|scelga|guarda|guardi|riprova|riprovi|chiedi|chieda|scrivi|scriva|indichi|indicala|liberi|avvii"
    r"|installi|aggiorni|esegua|usi|ripeta|ricarica|trascina|compila|allarga|entra con|torna indietro|riduci)\b",
    re.IGNORECASE,
)


def test_what_to_do_is_said_in_the_infinitive() -> None:
    files = [
        p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".py", ".html")
    ]
    assert len(files) > 80
    found = []
    for path in [*files, ROOT / "web" / "views.py"]:
        text = re.sub(r"<(a|button)\b.*?</\1>", "", path.read_text(), flags=re.S)
        found += [f"{path.name}: {line.strip()}" for line in text.splitlines() if ADDRESSED.search(line)]
    assert not found, "\n".join(found)
