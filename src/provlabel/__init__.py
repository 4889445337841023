"""Say truthfully, and provably, which images and sounds AI made, and how.

    from provlabel import Label, System, label_file, open_signer

    signer = open_signer("file:key.pem?chain=chain.pem")
    label = Label(kind="ai_generated", systems=(System(name="AcmeSynth", version="2.1"),))
    label_file("take.wav", "take.labeled.wav", label, signer)

Everything here is public and stable; everything else may change.  Names are loaded when they are
used, so importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from provlabel._version import __version__

if TYPE_CHECKING:
    from provlabel.batch import BatchResult, run_batch
    from provlabel.engine import Actor
    from provlabel.errors import (
        ConfigError,
        EngineError,
        InputError,
        LabelError,
        OutputError,
        ProvlabelError,
        SignerError,
        TimestampError,
        UnfitEngineError,
        UsageError,
    )
    from provlabel.label import Identifier, Label, Prompt, Provider, System, load_label
    from provlabel.labeling.label import label_bytes, label_file
    from provlabel.labeling.receipts import Receipt
    from provlabel.labeling.redact import redact_file
    from provlabel.labeling.stamp import stamp_file
    from provlabel.policy import Gate, Policy, load_policy
    from provlabel.report import FileReport, Finding, Report, VerificationError
    from provlabel.sandbox.cache import EvidenceCache
    from provlabel.sandbox.pool import SandboxPool
    from provlabel.signers import Signer, open_signer
    from provlabel.trust.anchors import TrustStore
    from provlabel.trust.timestamps import Timestamper
    from provlabel.verifying.revocation import Revocation
    from provlabel.verifying.verify import verify_bytes, verify_file, verify_paths

_HOMES = {
    "errors": (
        "ConfigError",
        "EngineError",
        "InputError",
        "LabelError",
        "OutputError",
        "ProvlabelError",
        "SignerError",
        "TimestampError",
        "UnfitEngineError",
        "UsageError",
    ),
    "batch": ("BatchResult", "run_batch"),
    "sandbox.pool": ("SandboxPool",),
    "engine": ("Actor",),
    "sandbox.cache": ("EvidenceCache",),
    "label": ("Identifier", "Label", "Prompt", "Provider", "System", "load_label"),
    "labeling.label": ("label_bytes", "label_file"),
    "labeling.receipts": ("Receipt",),
    "labeling.redact": ("redact_file",),
    "policy": ("Gate", "Policy", "load_policy"),
    "report": ("FileReport", "Finding", "Report", "VerificationError"),
    "signers": ("Signer", "open_signer"),
    "labeling.stamp": ("stamp_file",),
    "trust.timestamps": ("Timestamper",),
    "trust.anchors": ("TrustStore",),
    "verifying.revocation": ("Revocation",),
    "verifying.verify": ("verify_bytes", "verify_file", "verify_paths"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Actor",
    "BatchResult",
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
    "SandboxPool",
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
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
