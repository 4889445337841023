"""The options of labeling and verifying: one record each, and the same names for type checkers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from project import MEDIA
from provlabel import Label, TrustStore, label_file, verify_bytes, verify_file
from provlabel.labeling import options as labeling
from provlabel.signers import Signer
from provlabel.verifying import options as verifying

PAIRS = [
    (labeling.LabelOptions, labeling.LabelKeywords),
    (labeling.FileOptions, labeling.FileKeywords),
    (verifying.VerifyOptions, verifying.VerifyKeywords),
    (verifying.PathsOptions, verifying.PathsKeywords),
]


def annotations(record: type) -> dict[str, str]:
    """As they are written: a type of a keyword that differs from that of its field is a defect."""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        for name, value in vars(base).get("__annotations__", {}).items():
            found[name] = getattr(value, "__forward_arg__", value)
    return found


@pytest.mark.parametrize(("record", "keywords"), PAIRS, ids=lambda item: item.__name__)
def test_keywords_are_the_fields_of_their_record(record: Any, keywords: Any) -> None:
    fields = annotations(record)
    assert list(record.__struct_fields__) == list(fields)
    assert {
        name: getattr(value, "__forward_arg__", value) for name, value in keywords.__annotations__.items()
    } == fields
    for name in fields:
        described = "\n".join(filter(None, (base.__doc__ for base in record.__mro__)))  # dedented from Python 3.13 on
        assert re.search(rf"^ +{name}: ", described, re.MULTILINE), "not described"


def test_an_option_that_nobody_knows_is_refused(label: Label, signer: Signer, trust: TrustStore) -> None:
    with pytest.raises(TypeError, match="lable"):
        label_file(MEDIA / "cover.jpg", None, label, signer, lable=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="cach"):
        verify_file(MEDIA / "cover.jpg", trust=trust, cach=None)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="fail_fast"):
        verify_bytes(b"", trust=trust, fail_fast=True)  # type: ignore[call-arg]
