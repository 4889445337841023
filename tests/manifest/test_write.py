"""What a label becomes as a manifest: who did an operation, where the label says so and where it does not."""

from __future__ import annotations

from typing import get_args

import pytest

from provlabel.label import Label, label_from_dict, signed_label
from provlabel.label.vocabularies import AI_KINDS, IPTC, KINDS, NO_SOURCE_NEEDED, OperationName
from provlabel.manifest.write import definition


def action_of(label: Label) -> dict[str, str]:
    made = definition(label, signed_label(label), has_parent=False).manifest
    action: dict[str, str] = made["assertions"][0]["data"]["actions"][-1]
    return action


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", get_args(OperationName))
def test_an_operation_of_nobody_claims_no_more_than_the_label(operation: str, kind: str) -> None:
    """The Conformance Program wants a source type; neither AI nor a person may be made up for it."""
    languages = {"source_language": "de", "target_language": "en"} if operation == "translated" else {}
    given = {"kind": kind, "operations": [{"operation": operation, **languages}]}
    said = action_of(label_from_dict(given, source="label"))
    maybe = IPTC + "composite" if kind in AI_KINDS else KINDS[kind].digital_source_type
    assert said["action"] == f"c2pa.{operation}"
    assert said.get("digitalSourceType") == (None if operation in NO_SOURCE_NEEDED else maybe)


@pytest.mark.parametrize(("by", "term"), [("human", "humanEdits"), ("ai", "compositeWithTrainedAlgorithmicMedia")])
@pytest.mark.parametrize("operation", ["edited", "transcoded"])
def test_who_did_it_is_said_where_it_is_known(operation: str, by: str, term: str) -> None:
    given = {"kind": "ai_modified", "operations": [{"operation": operation, "by": by}]}
    assert action_of(label_from_dict(given, source="label"))["digitalSourceType"] == IPTC + term
