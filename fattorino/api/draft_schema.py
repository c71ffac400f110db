"""The shape of a draft as JSON Schema, read from the dataclasses that `draft_from_json` reads too."""

from __future__ import annotations

import dataclasses
import datetime
import types
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import WithJsonSchema

from fattorino.core.fatturapa.draft import Draft

# Decimals travel as text: a JSON number has lost the digits that were written.
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["1234.56"]},
    datetime.date: {"type": "string", "format": "date"},
}


def schema_of(hint: Any) -> dict[str, Any]:
    """JSON Schema of a type of the draft; nothing beside the declared fields is taken."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return {"anyOf": [schema_of(inner[0]), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": schema_of(get_args(hint)[0])}
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.name: schema_of(hints[field.name]) for field in dataclasses.fields(hint)},
        }
    return _SCALARS[hint]


# Read by draft_from_json, which names every field it cannot read; here it only has to be an object.
DraftJson = Annotated[
    dict[str, Any],
    WithJsonSchema(
        dict(
            schema_of(Draft),
            title="Draft",
            description="Il documento com'è scritto. Gli allegati si indicano con lo sha256 di file già depositati.",
        )
    ),
]
