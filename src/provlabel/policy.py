"""What a file must be to pass.  A verdict says what is; a policy says whether that is enough."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from provlabel.report import Finding, PolicyInfo, State, finding
from provlabel.verdict import Verdict


class Policy(Struct, frozen=True, kw_only=True):
    """The default policy: a trusted file, with a label, without a finding of level error."""

    name: str = "default"
    states: tuple[State, ...] = ("trusted",)
    label_required: bool = True
    revocation_required: bool = False  #: an answer has to say that the signer's certificate was not revoked

    def findings(self, verdict: Verdict) -> tuple[Finding, ...]:
        """Return what the policy misses in ``verdict``; nothing means that it is content."""
        missed = []
        if verdict.state not in self.states:
            wanted = " or ".join(self.states)
            missed.append(finding("policy.state", f"{verdict.state}, where {wanted} is wanted"))
        if self.label_required and "present" not in verdict.axes.label and verdict.state != "unreadable":
            missed.append(finding("policy.label"))
        if self.revocation_required and verdict.axes.revocation != "good":
            why = (check for check in verdict.not_checked if check.startswith("revocation: "))
            missed.append(finding("policy.revocation", next(why, "").removeprefix("revocation: ")))
        return tuple(missed)

    def named(self) -> PolicyInfo:
        """Return name and digest for the report."""
        canonical = msgspec.json.encode(self, order="sorted")
        return PolicyInfo(name=self.name, sha256=hashlib.sha256(canonical).hexdigest(), source="default")
