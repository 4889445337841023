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

from provlabel._version import __version__ as __version__

#: The public names, by the module each is loaded from.
_HOMES = {
    "errors": (
        "ConfigError", "EngineError", "InputError", "LabelError", "OutputError", "ProvlabelError", "SignerError",
        "TimestampError", "UnfitEngineError", "UsageError",
    ),
    "batch": ("BatchResult", "run_batch"),
    "sandbox.pool": ("SandboxPool",),
    "engine.identity": ("Actor",),
    "sandbox.cache": ("EvidenceCache",),
    "label": ("Identifier", "Label", "Prompt", "Provider", "System", "load_label"),
    "labeling.kept": ("kept_label",),
    "labeling.labeler": ("Labeler", "label_bytes", "label_file"),
    "labeling.receipts": ("Receipt",),
    "labeling.redact": ("redact_file",),
    "judges": ("Judge", "load_judges"),
    "policy": ("Gate", "Policy", "load_policy"),
    "report": ("FileReport", "Finding", "Report", "VerificationError"),
    "signers": ("Signer", "open_signer"),
    "labeling.stamp": ("stamp_file",),
    "labeling.unlabel": ("Unlabeled", "unlabel_file"),
    "trust.timestamps": ("Timestamper",),
    "trust.anchors": ("TrustStore",),
    "verifying.revocation": ("Revocation",),
    "verifying.verify": ("Verifier", "verify_bytes", "verify_file", "verify_paths"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(("__version__", *_HOME_OF))

if TYPE_CHECKING:  # the same names once more, each handed on by its "as", for type checkers and editors
    # isort: off
    # fmt: off
    from provlabel.batch import BatchResult as BatchResult, run_batch as run_batch
    from provlabel.engine.identity import Actor as Actor
    from provlabel.errors import (
        ConfigError as ConfigError, EngineError as EngineError, InputError as InputError, LabelError as LabelError,
        OutputError as OutputError, ProvlabelError as ProvlabelError, SignerError as SignerError,
        TimestampError as TimestampError, UnfitEngineError as UnfitEngineError, UsageError as UsageError,
    )
    from provlabel.label import (
        Identifier as Identifier, Label as Label, Prompt as Prompt, Provider as Provider, System as System,
        load_label as load_label,
    )
    from provlabel.labeling.kept import kept_label as kept_label
    from provlabel.labeling.labeler import Labeler as Labeler, label_bytes as label_bytes, label_file as label_file
    from provlabel.labeling.receipts import Receipt as Receipt
    from provlabel.labeling.redact import redact_file as redact_file
    from provlabel.labeling.stamp import stamp_file as stamp_file
    from provlabel.labeling.unlabel import Unlabeled as Unlabeled, unlabel_file as unlabel_file
    from provlabel.judges import Judge as Judge, load_judges as load_judges
    from provlabel.policy import Gate as Gate, Policy as Policy, load_policy as load_policy
    from provlabel.report import (
        FileReport as FileReport, Finding as Finding, Report as Report, VerificationError as VerificationError,
    )
    from provlabel.sandbox.cache import EvidenceCache as EvidenceCache
    from provlabel.sandbox.pool import SandboxPool as SandboxPool
    from provlabel.signers import Signer as Signer, open_signer as open_signer
    from provlabel.trust.anchors import TrustStore as TrustStore
    from provlabel.trust.timestamps import Timestamper as Timestamper
    from provlabel.verifying.revocation import Revocation as Revocation
    from provlabel.verifying.verify import (
        Verifier as Verifier, verify_bytes as verify_bytes, verify_file as verify_file, verify_paths as verify_paths,
    )
    # fmt: on
    # isort: on


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
