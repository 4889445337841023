"""What a second verifier said, in our words and against our verdict: pure, and without that verifier."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from provlabel.evidence import Code, Evidence, Manifest, Opinion, Signing, Trouble
from provlabel.report import Axes, Finding, finding
from provlabel.verdict.opinions import MOST_REASONS, compare_opinions, not_given, opinion_of, unreadable

BY = "encypher-c2pa"

GOOD: dict[str, Any] = {
    "present": True, "integrity": "valid", "signature": "valid", "hard_binding": "match",
    "trust": {"status": "valid_for_supplied_material"},
    "validation_results": {"success": [], "informational": [], "failure": []},
}  # fmt: skip


def answer(*failures: str, **changes: Any) -> dict[str, Any]:
    found = [{"code": code, "url": None, "explanation": "why"} for code in failures]
    return {**GOOD, "validation_results": {**GOOD["validation_results"], "failure": found}, **changes}


@pytest.mark.parametrize(
    ("said", "content", "signature", "trust"),
    [
        (answer(), "intact", "good", "trusted"),
        (answer(trust={"status": "not_evaluated"}), "intact", "good", "not-judged"),
        (
            answer("signingCredential.untrusted", trust={"status": "not_valid_for_supplied_material"}),
            "intact", "good", "untrusted",
        ),
        (answer("timeStamp.malformed", "cawg.identity.cbor.invalid", integrity="invalid"), "intact", "good", "trusted"),
        (answer("assertion.dataHash.mismatch", hard_binding="mismatch"), "altered", "good", "trusted"),
        (answer("assertion.hashedURI.mismatch"), "altered", "good", "trusted"),
        (answer(hard_binding="mismatch"), "altered", "good", "trusted"),
        (answer(hard_binding="unknown"), "not-fully-bound", "good", "trusted"),
        (answer(hard_binding="something new"), "not-fully-bound", "good", "trusted"),
        (answer("claim.malformed"), "not-fully-bound", "good", "trusted"),
        (answer("com.encypher.never.heard.of"), "not-fully-bound", "good", "trusted"),
        (answer("claimSignature.mismatch", signature="invalid"), "intact", "bad", "trusted"),
        (
            answer("claimSignature.mismatch", signature="invalid", hard_binding="unknown"),
            "not-applicable", "bad", "trusted",
        ),
        (answer("claimSignature.missing"), "intact", "bad", "trusted"),
        (answer(signature="something new"), "intact", "bad", "trusted"),
        (answer(signature="unknown"), "intact", "not-applicable", "trusted"),
        (answer(integrity="invalid"), "not-fully-bound", "good", "trusted"),
        (answer(present=False, integrity="invalid"), "not-applicable", "not-applicable", "not-judged"),
    ],
)  # fmt: skip
def test_what_it_says_in_our_words(said: dict[str, Any], content: str, signature: str, trust: str) -> None:
    found = opinion_of(said, "9")
    assert (found.content, found.signature, found.trust, found.version) == (content, signature, trust, "9")
    assert found.present is said["present"]


@pytest.mark.parametrize(
    "said",
    [{}, None, [], "valid", {**GOOD, "trust": {"status": "new"}}, {**GOOD, "trust": None},
     {**GOOD, "validation_results": {"success": [], "failure": [{}]}}, {**GOOD, "validation_results": {"failure": 1}}],
)  # fmt: skip
def test_another_shape_is_no_opinion(said: Any) -> None:
    with pytest.raises(ValueError, match="unexpected shape"):
        opinion_of(said, "9")


def test_its_reasons_are_bounded() -> None:
    many = [{"code": "general.error", "explanation": "x" * 9_000} for _ in range(900)]
    found = opinion_of({**GOOD, "validation_results": {"success": [], "failure": many}}, "9")
    assert len(found.reasons) == MOST_REASONS
    assert max(len(code.text) for code in found.reasons) <= 300
    assert len(unreadable("x" * 9_000, "9").reasons[0].text) <= 300
    assert len(not_given("x" * 9_000).why) <= 300


# --- what differs ----------------------------------------------------------------------------------

SIGNING = Signing("es256", {}, {}, "01", "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
ACTIVE = Manifest("urn:a", signing=SIGNING)
AXES = Axes(
    content="intact", label=("present",), signer="trusted", time="none", revocation="not-checked", history="none",
    identity="none",
)  # fmt: skip
AGREED = Opinion(version="9", present=True, content="intact", signature="good", trust="trusted")


def against(
    given: Opinion | None, *findings: Finding, fmt: str = "PNG", manifest: bool = True, **axes: Any
) -> tuple[str, list[tuple[str, str]], str]:
    trouble = Trouble("malformed", "x") if axes.get("content") == "unreadable" else None
    evidence = Evidence(
        format=fmt, manifests=(ACTIVE,) if manifest and not trouble else (), trouble=trouble, second=given
    )
    info, found = compare_opinions(msgspec.structs.replace(AXES, **axes), findings, evidence)
    return (
        info.said if info else "",
        [(item.rule, item.level) for item in found],
        " ".join(item.message for item in found),
    )


def but(*failures: str, **changes: Any) -> Opinion:
    reasons = tuple(Code(code, "failure", text="because") for code in failures)
    return msgspec.structs.replace(AGREED, reasons=reasons, **changes)


ALTERED, BAD = finding("content.altered", "assertion.dataHash.mismatch"), finding("signer.bad-signature", "no")
DAMAGED, BROKEN = finding("content.malformed", "odd"), finding("history.broken", "parent: altered")


def test_nothing_is_said_where_nobody_asked() -> None:
    assert against(None) == ("", [], "")


@pytest.mark.parametrize(
    ("given", "ours", "rules"),
    [
        (AGREED, {}, []),
        (but("assertion.dataHash.mismatch", content="altered"), {}, [("second.content", "error")]),
        (but(content="not-fully-bound"), {}, [("second.content", "error")]),
        (but("claimSignature.mismatch", signature="bad"), {}, [("second.signer", "error")]),
        (but(signature="not-applicable"), {}, [("second.signer", "error")]),
        (but(content="not-applicable", signature="not-applicable"), {}, [("second.content", "error")]),
        (unreadable("no JPEG", "9"), {}, [("second.content", "error")]),
        (Opinion(version="9", present=False), {}, [("second.manifest", "error")]),
        (AGREED, {"manifest": False}, [("second.manifest", "error")]),
        (but("signingCredential.untrusted", trust="untrusted"), {}, [("second.trust", "warning")]),
        (AGREED, {"signer": "unknown"}, [("second.trust", "warning")]),
        (AGREED, {"signer": "revoked"}, [("second.trust", "warning")]),
        (AGREED, {"signer": "no-anchors"}, []),
        (but(trust="not-judged"), {}, []),
        (AGREED, {"content": "altered", "findings": (ALTERED,)}, [("second.accepts", "warning")]),
        (AGREED, {"content": "unreadable", "findings": (DAMAGED,)}, [("second.accepts", "warning")]),
        (AGREED, {"signer": "bad-signature", "findings": (BAD,)}, [("second.accepts", "warning")]),
        (AGREED, {"signer": "not-applicable"}, [("second.accepts", "warning")]),
        (AGREED, {"history": "broken", "findings": (BROKEN,)}, [("second.known", "note")]),
        # Both refuse, whatever each of them finds.
        (but("claimSignature.mismatch", signature="bad"), {"content": "altered", "findings": (ALTERED,)}, []),
        (but(content="altered"), {"history": "broken", "findings": (BROKEN,)}, []),
        (Opinion(version="9", present=False), {"content": "altered", "findings": (ALTERED,)}, []),
        (Opinion(version="9", present=False), {"content": "unreadable", "findings": (DAMAGED,)}, []),
        (unreadable("no JPEG", "9"), {"content": "unreadable", "findings": (DAMAGED,)}, []),
        (Opinion(version="9", present=False), {"manifest": False}, []),
        # Nobody knows what it would say.
        (not_given("it died"), {}, [("second.not-given", "warning")]),
        (unreadable("no JPEG", "9"), {"manifest": False}, [("second.not-given", "warning")]),
    ],
)
def test_levels(given: Opinion, ours: dict[str, Any], rules: list[tuple[str, str]]) -> None:
    ours = dict(ours)
    said, found, words = against(given, *ours.pop("findings", ()), **ours)
    assert found == rules
    levels = {level for _, level in found}
    wanted = "not given" if ("second.not-given", "warning") in found else "agrees" if not found else "differs"
    assert said == ("differs as known" if levels == {"note"} else wanted)
    if found and said.startswith("differs"):
        assert "provlabel: " in words
        assert f"{BY} 9: " in words


def test_all_reasons_have_to_be_known() -> None:
    """A known reason beside another one explains nothing; nor does one in another format, or on the other side."""
    cut = finding("content.malformed", "ends at byte 9, in the middle of a part")
    unreadable_here = {"content": "unreadable", "fmt": "MP4"}
    assert against(AGREED, cut, **unreadable_here)[0] == "differs as known"
    assert against(AGREED, cut, DAMAGED, **unreadable_here)[0] == "differs"
    assert against(AGREED, cut, content="unreadable", fmt="PNG")[0] == "differs"
    assert against(AGREED, **unreadable_here)[0] == "differs"
    remote, url = {"manifest": False}, finding("label.remote", "https://a.example")
    inaccessible = but("manifest.inaccessible", content="not-fully-bound")
    assert against(inaccessible, url, **remote)[0] == "differs as known"
    assert against(AGREED, url, **remote)[0] == "differs", "a manifest that only it sees, beside the address of one"
    assert against(but("manifest.inaccessible", "general.error"), url, **remote)[0] == "differs"


def test_two_questions_are_two_findings() -> None:
    both = but("assertion.dataHash.mismatch", "claimSignature.mismatch", content="altered", signature="bad")
    said, found, words = against(both)
    assert (said, [rule for rule, _ in found]) == ("differs", ["second.content", "second.signer"])
    assert "assertion.dataHash.mismatch: because" in words
    assert "claimSignature.mismatch: because" in words
    many = but(*["assertion.hashedURI.mismatch"] * 9, content="altered")
    assert "and 6 more" in against(many)[2]


def test_what_it_says_is_printed_safely() -> None:
    evil = Opinion(
        version="9", present=True, content="altered", signature="good", trust="trusted",
        reasons=(Code("general.error", "failure", text="\x1b[31m\u202e"),),
    )  # fmt: skip
    words = against(evil)[2]
    assert "\x1b" not in words
    assert "\u202e" not in words
