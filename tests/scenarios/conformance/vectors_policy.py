"""Vectors about what is enough: policies, and laws.  For tools that have none they are not applicable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from provlabel import Prompt
from vectors import STILL, Bench, Expected, Vector, fails, passes, unsigned

_HEAD = 'schema = "policy-v1"\n'


def policies(bench: Bench) -> Iterator[Vector]:
    """Each policy once with a file that meets it, and once with one that does not."""
    whole = bench.signed_png
    clear = bench.sign(
        bench.png, replace(bench.label, prompt=Prompt(text="a lighthouse")), personal=True, prompt_mode="clear"
    )
    stranger = bench.sign(bench.png, signer=bench.opened("policy-stranger", _stranger(bench)))
    tagged = _tagged(bench)

    def vector(case: str, policy: str, content: bytes, expected: Expected, title: str, **given: Any) -> Vector:
        given = {"policy": (_HEAD + policy).encode(), **given}
        return Vector(f"policies/{case}", title, "docs/policy.md", "policy", {STILL: content}, expected, given)

    issuer, name = "Conformance Root", "Conformance Signer"
    accepted = f'[[signers]]\nissuer = "{issuer}"\nname = "{name}"\n'
    yield vector("signer", accepted, whole, passes(), "an accepted signer")
    yield vector(
        "other-signer",
        accepted.replace(name, "Somebody Else"),
        whole,
        fails("trusted", "policy.signer"),
        "a trusted signer whom the policy does not accept",
    )
    yield vector(
        "other-issuer",
        accepted.replace(issuer, "Other Root"),
        whole,
        fails("trusted", "policy.signer"),
        "an accepted name, by another issuer",
    )
    yield vector(
        "name-in-part",
        accepted.replace(name, "Conformance"),
        whole,
        fails("trusted", "policy.signer"),
        "a signer of whose name the policy has a part",
    )
    claimed = f'states = ["trusted", "valid"]\n{accepted}'
    yield vector(
        "claimed-name",
        claimed,
        stranger,
        fails("valid", "policy.signer", signer="unknown"),
        "an accepted name and issuer that nobody vouches for",
    )
    yield vector(
        "valid-is-enough",
        'states = ["trusted", "valid"]\n',
        stranger,
        Expected(0, "valid", fails("valid", signer="unknown").axes),
        "a stranger, where the policy takes those",
    )
    yield vector("field", 'fields = ["systems.version"]\n', whole, passes(), "a field that is there")
    yield vector(
        "no-field", 'fields = ["provider.url"]\n', whole, fails("trusted", "policy.field"), "a field that is not there"
    )
    yield vector(
        "level",
        '[levels]\n"time.unproven" = "error"\n',
        whole,
        fails("trusted", "time.unproven"),
        "a timestamp is asked for, and there is none",
    )
    yield vector(
        "revocation",
        "revocation = true\n",
        whole,
        fails("trusted", "policy.revocation"),
        "an answer about revocation is asked for, and there is none",
    )
    yield vector(
        "clear-prompt",
        'forbid = ["unsigned-carrier"]\n',
        clear,
        passes(),
        "a prompt in clear, of which the policy says nothing",
    )
    yield vector(
        "no-clear-prompt",
        'forbid = ["clear-prompt"]\n',
        clear,
        fails("trusted", "policy.clear-prompt"),
        "a prompt in clear, and the policy forbids it",
    )
    yield vector(
        "unsigned-claim",
        'label = false\nstates = ["unsigned", "trusted"]\nforbid = ["unsigned-carrier"]\n',
        tagged,
        unsigned("policy.unsigned-carrier"),
        "a claim that nothing signs, and the policy forbids those",
    )


def _stranger(bench: Bench) -> Any:
    import pki

    return pki.leaf(pki.root("Conformance Root"), common="Conformance Signer")


def _tagged(bench: Bench) -> bytes:
    from vectors_labels import AI, png_with_xmp, xmp

    return png_with_xmp(bench.png, xmp(AI))


GROUPS = (policies,)
