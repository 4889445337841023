"""The published JSON Schemas, made from the records; ``schemas/`` holds copies that tests compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from provlabel.label import Label
from provlabel.labeling import Receipts
from provlabel.report import Report

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _schema(record: type, name: str) -> dict[str, Any]:
    """Return the schema of ``record``; unknown fields are a fault, so that a typo is never signed."""
    made = msgspec.json.schema(record, ref_template="#/$defs/{name}")
    for definition in made["$defs"].values():
        if definition.get("type") == "object":
            definition["additionalProperties"] = False
    return {"$schema": _DIALECT, "$id": f"urn:provlabel:schema:{name}", **made}


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "label": lambda: _schema(Label, "label-v1"),
    "report": lambda: _schema(Report, "report-v1"),
    "receipt": lambda: _schema(Receipts, "receipt-v1"),
}
