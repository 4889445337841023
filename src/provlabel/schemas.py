"""The published JSON Schemas, made from the records; ``schemas/`` holds copies that tests compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provlabel._support.json_schema import json_schema
from provlabel.label.loading import label_schema
from provlabel.labeling.receipts import Receipts
from provlabel.labeling.unlabel import Unlabeled
from provlabel.policy.records import POLICY_SCHEMA, Policy
from provlabel.report import FailedRun, Report
from provlabel.report.facts import Comparison

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "label": label_schema,
    "report": lambda: json_schema(Report, "report-v1"),
    "diff": lambda: json_schema(Comparison, "diff-v1"),
    "policy": lambda: json_schema(Policy, POLICY_SCHEMA),
    "receipt": lambda: json_schema(Receipts, "receipt-v1"),
    "unlabeled": lambda: json_schema(Unlabeled, "unlabeled-v1"),
    "error": lambda: json_schema(FailedRun, "error-v1"),
}
