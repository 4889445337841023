"""The public names: what is promised is there, and nothing else is promised."""

from __future__ import annotations

import inspect

import pytest

import provlabel

PUBLIC = {
    "Actor",
    "BatchResult",
    "SandboxPool",
    "ConfigError",
    "EngineError",
    "EvidenceCache",
    "FileReport",
    "Finding",
    "Gate",
    "Identifier",
    "InputError",
    "Label",
    "LabelError",
    "OutputError",
    "Policy",
    "Prompt",
    "Provider",
    "ProvlabelError",
    "Receipt",
    "Report",
    "Revocation",
    "Signer",
    "SignerError",
    "System",
    "TimestampError",
    "Timestamper",
    "TrustStore",
    "UnfitEngineError",
    "UsageError",
    "VerificationError",
    "__version__",
    "label_bytes",
    "label_file",
    "load_label",
    "load_policy",
    "open_signer",
    "redact_file",
    "run_batch",
    "stamp_file",
    "verify_bytes",
    "verify_file",
    "verify_paths",
}


def test_public_names_are_these() -> None:
    assert set(provlabel.__all__) == PUBLIC
    assert list(provlabel.__all__) == sorted(provlabel.__all__)
    assert set(dir(provlabel)) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_name_is_there_and_described(name: str) -> None:
    value = getattr(provlabel, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lable_file'"):
        _ = provlabel.lable_file


def test_exit_codes_of_errors() -> None:
    codes = {name: getattr(provlabel, name).exit_code for name in PUBLIC if name.endswith("Error")}
    assert codes == {
        "ProvlabelError": 3,
        "UsageError": 2,
        "LabelError": 2,
        "ConfigError": 2,
        "InputError": 3,
        "OutputError": 3,
        "SignerError": 3,
        "TimestampError": 3,
        "EngineError": 3,
        "UnfitEngineError": 3,
        "VerificationError": 1,
    }
