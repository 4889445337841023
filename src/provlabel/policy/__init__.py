"""What a file must be to pass.  A verdict says what is; a policy says whether that is enough."""

from __future__ import annotations

from provlabel.policy.baseline import Baseline, load_baseline
from provlabel.policy.gate import BUILTIN, Enforced, Gate, Judged
from provlabel.policy.loading import LoadedPolicy, load_policy
from provlabel.policy.records import AcceptedSigner, Exemption, FileRef, Files, Policy

__all__ = [
    "BUILTIN", "AcceptedSigner", "Baseline", "Enforced", "Exemption", "FileRef", "Files", "Gate", "Judged",
    "LoadedPolicy", "Policy", "load_baseline", "load_policy",
]  # fmt: skip
