"""The verdict: every axis, every row of the state table, every code, on evidence written by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from provlabel.evidence import (
    Action,
    Code,
    Coverage,
    Evidence,
    Exclusion,
    Identity,
    Ingredient,
    Manifest,
    Signing,
    Trouble,
)
from provlabel.label.vocabularies import IPTC, KINDS
from provlabel.manifest.codes import EFFECTS
from provlabel.report import Axes
from provlabel.trust.anchors import AnchorList, TrustStore
from provlabel.trust.chains.records import Examined, Holder, Names
from provlabel.verdict import Verdict, judge, state_of
from provlabel.verdict.time import proven_time

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.timezone.utc)
OURS = TrustStore((AnchorList("ours", "", "1"),))
ALL = TrustStore(
    (*OURS.lists, AnchorList("clocks", "", "2", purpose="timestamp"), AnchorList("ids", "", "3", purpose="identity"))
)
SIGNING = Signing("es256", {"CN": "A"}, {"CN": "B"}, "1", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00")
AI = IPTC + "trainedAlgorithmicMedia"


def ok(code: str, text: str = "") -> Code:
    return Code(code, "success", "url", text)


def info(code: str, text: str = "") -> Code:
    return Code(code, "informational", "url", text)


def bad(code: str, text: str = "") -> Code:
    return Code(code, "failure", "url", text)


SOUND = (ok("claimSignature.validated"), ok("assertion.dataHash.match"))
TRUSTED = ok("signingCredential.trusted", "found in [urn:provlabel:anchors:1] trust anchors")
BY_A_CLOCK = ok("signingCredential.trusted", "found in [urn:provlabel:anchors:2] trust anchors")
LABEL = {"schema": "label-v1", "kind": "ai_generated"}


def manifest(*codes: Code, **fields: object) -> Manifest:
    base = Manifest(
        urn="urn:1",
        signing=SIGNING,
        codes=(*SOUND, *codes),
        actions=(Action("c2pa.created", AI),),
        label=LABEL,
        label_vouched=True,
        labels=1,
    )
    return replace(base, **fields)


def verdict(*manifests: Manifest, trust: TrustStore = ALL, at: dt.datetime = AT, **fields: object) -> Verdict:
    return judge(Evidence(source="embedded", manifests=manifests, **fields), trust=trust, at=at)


def rules(found: Verdict, level: str | None = None) -> list[str]:
    return [item.rule for item in found.findings if level in (None, item.level)]


def test_a_good_file_is_trusted() -> None:
    found = verdict(manifest(TRUSTED))
    assert found.state == "trusted"
    assert found.axes == Axes(
        content="intact",
        label=("present",),
        signer="trusted",
        time="none",
        revocation="not-checked",
        history="none",
        identity="none",
    )
    assert rules(found) == ["time.unproven"]
    assert [check.partition(":")[0] for check in found.not_checked] == ["revocation", "tags"]


# --- nothing to judge ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("malformed", "content.malformed"),
        ("refused", "content.refused"),
        ("unsupported", "content.unsupported"),
        ("died", "content.worker-died"),
        ("too-costly", "content.too-costly"),
        ("io", "content.unread"),
    ],
)
def test_trouble_is_unreadable_never_invalid(kind: str, rule: str) -> None:
    found = judge(Evidence(trouble=Trouble(kind, "why")), trust=ALL, at=AT)  # type: ignore[arg-type]
    assert (found.state, found.axes.content) == ("unreadable", "unreadable")
    assert rules(found, "error") == [rule]
    assert "why" in found.findings[0].message


def test_no_manifest_is_unsigned() -> None:
    found = judge(Evidence(), trust=ALL, at=AT)
    assert (found.state, found.axes.label, found.findings) == ("unsigned", ("none",), ())


def test_a_url_alone_is_remote() -> None:
    found = judge(Evidence(source="remote", remote_url="https://x.example/m"), trust=ALL, at=AT)
    assert (found.state, found.axes.label) == ("remote", ("remote-only",))
    assert "https://x.example/m" in found.findings[0].message


# --- content ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code, effect in EFFECTS.items() if effect == "altered"])
def test_altered(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code, "hashes do not match")))
    assert (found.state, found.axes.content) == ("invalid", "altered")
    assert "content.altered" in rules(found, "error")


@pytest.mark.parametrize("code", [code for code, effect in EFFECTS.items() if effect in ("unbound", "rule-broken")])
def test_not_fully_bound(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code)))
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")


def test_a_fitting_hash_over_a_wrong_range_is_not_called_altered() -> None:
    code = bad("assertion.dataHash.mismatch", "data hash exclusion does not match the manifest location")
    found = verdict(manifest(TRUSTED, code))
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")
    assert rules(found, "error") == ["content.not-fully-bound"]


def test_no_confirmed_hash_is_not_intact() -> None:
    found = verdict(manifest(codes=(ok("claimSignature.validated"), TRUSTED)))
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")
    assert "no content hash" in found.findings[0].message


@pytest.mark.parametrize(
    ("roles", "content"),
    [
        (("manifest", "metadata"), "intact"),
        (("manifest",), "intact"),
        (("manifest", "media"), "not-fully-bound"),
        (("unknown",), "not-fully-bound"),
        ((), "not-fully-bound"),
    ],
)
def test_what_is_left_out_decides(roles: tuple[str, ...], content: str) -> None:
    ranges = tuple(Exclusion(place, 1, role) for place, role in enumerate(roles))
    found = verdict(manifest(TRUSTED, info("assertion.dataHash.additionalExclusionsPresent", "why"), exclusions=ranges))
    assert found.axes.content == content
    assert ("content.metadata-excluded" in rules(found)) == ("metadata" in roles and content == "intact")


def test_what_a_hash_leaves_out_of_metadata_is_a_warning() -> None:
    ranges = (Exclusion(0, 1, "manifest"), Exclusion(1, 1, "metadata"))
    found = verdict(manifest(TRUSTED, exclusions=ranges))
    assert found.state == "trusted"
    assert "content.metadata-excluded" in rules(found, "warning")


STANDARD = (
    Exclusion(xpath="/uuid", usertype="d8fec3d61b0e483c92975828877ec481", role="manifest"),
    Exclusion(xpath="/ftyp", role="structure"),
    Exclusion(xpath="/mfra", role="structure"),
)


@pytest.mark.parametrize("remark", [True, False])
@pytest.mark.parametrize(
    ("more", "content", "rule"),
    [
        (None, "intact", None),
        (Exclusion(xpath="/free", role="structure"), "intact", None),
        (Exclusion(xpath="/free", role="media"), "not-fully-bound", "content.not-fully-bound"),
        (Exclusion(xpath="/mdat", role="media"), "not-fully-bound", "content.not-fully-bound"),
        (Exclusion(xpath="/free"), "not-fully-bound", "content.not-fully-bound"),
        (Exclusion(xpath="/uuid", role="metadata"), "intact", "content.metadata-excluded"),
        (Exclusion(xpath="/meta/iloc", role="media"), "not-fully-bound", "content.not-fully-bound"),
    ],
)
def test_which_boxes_are_left_out_decides(more: Exclusion | None, content: str, rule: str | None, remark: bool) -> None:
    """With and without a remark of the engine: it makes none about a second ftyp."""
    codes = [info("assertion.bmffHash.additionalExclusionsPresent", "why")] if remark else []
    found = verdict(manifest(TRUSTED, *codes, exclusions=(*STANDARD, *([more] if more else []))))
    assert found.axes.content == content
    left_out = [name for name in rules(found) if name.startswith("content.")]
    assert left_out == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("coverage", "content", "rule"),
    [
        (Coverage(checked=("/meta/iloc",)), "intact", None),
        (Coverage(checked=("/mfra/tfra",)), "not-fully-bound", "content.not-fully-bound"),
        (Coverage(("why",), checked=("/meta/iloc",)), "not-fully-bound", "content.not-fully-bound"),
        (Coverage(checked=("/meta/iloc",), loose=True), "intact", "content.offsets-excluded"),
        (Coverage(checked=("/meta/iloc",), gaps=9), "intact", "content.gaps"),
        (Coverage(checked=("/meta/iloc",), notes=("why",)), "intact", "content.type-excluded"),
    ],
)
def test_tables_may_be_left_out_once_they_were_held_against_the_media(
    coverage: Coverage, content: str, rule: str | None
) -> None:
    table = Exclusion(xpath="/meta[1]/iloc", role="media")
    found = verdict(manifest(TRUSTED, exclusions=(*STANDARD, table)), coverage=coverage)
    assert found.axes.content == content
    assert [name for name in rules(found) if name.startswith("content.")] == ([rule] if rule else [])


def test_what_lies_elsewhere_is_not_signed() -> None:
    found = verdict(manifest(TRUSTED), elsewhere=("image a.png",))
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")
    assert rules(found, "error") == ["content.external"]
    assert "image a.png" in found.why


def test_a_hash_that_leaves_out_media_is_seen_without_the_engines_remark() -> None:
    ranges = (Exclusion(0, 1, "manifest"), Exclusion(5, 9, "media"))
    assert verdict(manifest(TRUSTED, exclusions=ranges)).axes.content == "not-fully-bound"


def test_a_label_that_holds_nothing_is_no_label_that_is_not_there() -> None:
    assert "label.unknown-value" in rules(verdict(manifest(TRUSTED, label=None, labels=1)))
    assert "label.unknown-value" not in rules(verdict(manifest(TRUSTED, label=None, labels=0)))


@pytest.mark.parametrize(
    ("places", "content"),
    [
        (((5, 9), (14, 1)), "intact"),
        (((5, 9), (13, 1)), "not-fully-bound"),
        (((5, 9), (5, 9)), "not-fully-bound"),
        (((5, 9), (7, 2)), "not-fully-bound"),
        (((14, 1), (5, 9)), "not-fully-bound"),
    ],
)
def test_ranges_overlap_nowhere_and_stand_in_order(places: tuple[tuple[int, int], ...], content: str) -> None:
    """C2PA 2.4 §15.12.1; the engine takes them however they lie."""
    ranges = tuple(Exclusion(start, length, "manifest") for start, length in places)
    found = verdict(manifest(TRUSTED, exclusions=ranges))
    assert found.axes.content == content
    assert ("content.not-fully-bound" in rules(found)) == (content != "intact")


def test_an_update_manifest_is_bound_by_its_parent() -> None:
    update = manifest(
        codes=(ok("claimSignature.validated"), TRUSTED),
        update=True,
        ingredients=(Ingredient("parentOf", manifest="urn:2"),),
    )
    parent = manifest(TRUSTED, urn="urn:2")
    assert verdict(update, parent).state == "trusted"
    altered = replace(parent, codes=(ok("claimSignature.validated"), TRUSTED, bad("assertion.dataHash.mismatch")))
    assert verdict(update, altered).axes.content == "altered"
    assert verdict(update).state == "invalid"
    circle = replace(parent, update=True, ingredients=(Ingredient("parentOf", manifest="urn:1"),))
    assert verdict(update, circle).state in ("invalid", "trusted")


# --- unknown codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["success", "informational", "failure"])
def test_an_unknown_code_is_an_error(kind: str) -> None:
    found = verdict(manifest(TRUSTED, Code("brand.new", kind)))  # type: ignore[arg-type]
    assert "engine.unknown-code" in rules(found, "error")
    assert (found.state == "invalid") == (kind == "failure")


def test_an_unknown_code_of_an_ingredient_is_an_error() -> None:
    part = Ingredient("parentOf", manifest="urn:2", recorded=(bad("brand.new", "why"),))
    found = verdict(manifest(TRUSTED, ingredients=(part,)), manifest(TRUSTED, urn="urn:2"))
    assert "engine.unknown-code" in rules(found, "error")
    assert (found.state, found.axes.history) == ("invalid", "broken")


@given(st.lists(st.sampled_from(sorted(EFFECTS)), max_size=6), st.sampled_from(["success", "informational", "failure"]))
def test_good_codes_never_outweigh_bad_ones(codes: list[str], kind: str) -> None:
    """Whatever else is said: a mismatch, a bad signature or a revocation never ends well."""
    extra = tuple(Code(code, kind) for code in codes)  # type: ignore[arg-type]
    for worst in ("assertion.dataHash.mismatch", "claimSignature.mismatch", "signingCredential.ocsp.revoked"):
        assert verdict(manifest(TRUSTED, *extra, bad(worst))).state == "invalid"


# --- signer ----------------------------------------------------------------------------------------


def test_no_anchors() -> None:
    found = verdict(manifest(bad("signingCredential.untrusted")), trust=TrustStore())
    assert (found.state, found.axes.signer) == ("valid", "no-anchors")


def test_unknown_signer() -> None:
    found = verdict(manifest(bad("signingCredential.untrusted")))
    assert (found.state, found.axes.signer) == ("valid", "unknown")
    assert "signer.unknown" in rules(found, "warning")


def test_fact_4_only_our_signer_lists_vouch() -> None:
    foreign = ok("signingCredential.trusted", "found in [urn:somebody] trust anchors")
    assert verdict(manifest(foreign)).axes.signer == "unknown"


def test_both_trusted_and_untrusted_is_unknown() -> None:
    assert verdict(manifest(TRUSTED, bad("signingCredential.untrusted"))).axes.signer == "unknown"


@pytest.mark.parametrize("code", [code for code, effect in EFFECTS.items() if effect == "bad-signature"])
def test_bad_signature(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code)))
    assert (found.state, found.axes.signer) == ("invalid", "bad-signature")


def test_a_signature_that_nobody_confirmed_is_bad() -> None:
    assert verdict(manifest(codes=(ok("assertion.dataHash.match"), TRUSTED))).axes.signer == "bad-signature"
    assert verdict(manifest(TRUSTED, signing=None)).axes.signer == "bad-signature"


def test_revoked() -> None:
    found = verdict(manifest(TRUSTED, bad("signingCredential.ocsp.revoked")))
    assert (found.state, found.axes.signer, found.axes.revocation) == ("invalid", "revoked", "revoked")


def test_not_revoked_is_good_only_when_we_looked_ourselves() -> None:
    said = manifest(TRUSTED, ok("signingCredential.ocsp.notRevoked"))
    assert verdict(said).axes.revocation == "not-checked"
    found = verdict(said, examined=Examined("trusted", revocation="good"))
    assert found.axes.revocation == "good"
    assert not any("revocation" in check for check in found.not_checked)


def test_revoked_by_our_own_look() -> None:
    found = verdict(manifest(TRUSTED), examined=Examined("trusted", revocation="revoked", revocation_why="on Monday"))
    assert (found.state, found.axes.signer, found.axes.revocation) == ("invalid", "revoked", "revoked")
    assert any("on Monday" in item.message for item in found.findings)


@pytest.mark.parametrize(
    ("path", "signer", "state"),
    [
        ("trusted", "trusted", "trusted"),
        ("unknown", "unknown", "valid"),
        ("invalid", "unknown", "valid"),
        ("expired", "expired", "invalid"),
        ("not-yet-valid", "not-yet-valid", "invalid"),
    ],
)
@pytest.mark.parametrize("as_of", ["", "2026-06-01T00:00:00+00:00"])
def test_our_own_look_at_the_chain_can_only_make_it_worse_in_the_present(
    path: str, signer: str, state: str, as_of: str
) -> None:
    examined = Examined(path, "why")  # type: ignore[arg-type]
    found = verdict(manifest(TRUSTED), examined=examined, as_of=as_of)
    assert (found.axes.signer, found.state) == (signer, state)
    assert ("signer.invalid-chain" in rules(found, "error")) == (path == "invalid")
    stranger = verdict(manifest(bad("signingCredential.untrusted")), examined=examined, as_of=as_of)
    assert (stranger.axes.signer == "trusted") == (path == "trusted" and bool(as_of))


def test_as_of_another_time_the_clock_of_the_engine_does_not_count() -> None:
    over = manifest(bad("signingCredential.expired"), bad("signingCredential.untrusted"))
    examined = Examined("trusted")
    assert verdict(over, examined=examined, as_of="2026-06-01T00:00:00+00:00").state == "trusted"
    assert verdict(over, examined=examined).state == "invalid"
    unread = verdict(over, as_of="2026-06-01T00:00:00+00:00")
    assert (unread.axes.signer, unread.state) == ("unknown", "valid")
    nobody = verdict(over, examined=examined, as_of="2026-06-01T00:00:00+00:00", trust=TrustStore())
    assert nobody.axes.signer == "no-anchors"


def test_a_chain_not_valid_at_the_proven_time_is_a_bad_signature() -> None:
    found = verdict(manifest(TRUSTED, *PROOF, signing=STAMPED), examined=Examined("expired", "its root"))
    assert (found.state, found.axes.signer) == ("invalid", "bad-signature")


def test_a_name_that_is_said_twice_names_nobody() -> None:
    plain = Names(("mastering",), ("Acme Records",))
    for subject, issuer, words in (
        (plain, plain, []),
        (Names(("evil", "mastering"), ("Acme Records",)), plain, ['CN of the signer: "evil", "mastering"']),
        (plain, Names((), ("Evil CA", "Acme CA")), ['O of the issuer: "Evil CA", "Acme CA"']),
    ):
        examined = Examined("trusted", holder=Holder(subject, issuer, "00"))
        found = verdict(manifest(TRUSTED), examined=examined)
        assert (found.state, found.axes.signer) == ("trusted", "trusted")
        told = [item.message for item in found.findings if item.rule == "signer.ambiguous-name"]
        assert [text.partition("nobody: ")[2] for text in told] == words


def test_what_history_is_judged_by_is_said() -> None:
    parts = (Ingredient("parentOf", manifest="urn:2"),)
    found = verdict(manifest(TRUSTED, ingredients=parts), manifest(urn="urn:2"), as_of="2026-06-01T00:00:00+00:00")
    assert any("by the clock of this machine" in check for check in found.not_checked)
    assert any(check.startswith("whether it was signed by that time") for check in found.not_checked)
    proven = verdict(manifest(TRUSTED, *PROOF, signing=STAMPED), as_of="2026-07-01T00:00:00+00:00")
    assert not any(check.startswith("whether it was signed by that time") for check in proven.not_checked)


def test_the_proven_time_of_signing() -> None:
    stamped = Evidence(source="embedded", manifests=(manifest(TRUSTED, *PROOF, signing=STAMPED),))
    assert proven_time(stamped, ALL, AT) == dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc)
    assert proven_time(stamped, OURS, AT) is None
    assert proven_time(Evidence(manifests=(manifest(signing=None),)), ALL, AT) is None


@pytest.mark.parametrize(("year", "signer"), [(2025, "not-yet-valid"), (2026, "trusted"), (2028, "expired")])
def test_validity_is_our_own_check(year: int, signer: str) -> None:
    """The engine says trusted, as it does for a v1 claim with a stamp that anybody can make."""
    at = AT.replace(year=year)
    found = verdict(manifest(TRUSTED), at=at)
    assert found.axes.signer == signer
    assert found.state == ("trusted" if signer == "trusted" else "invalid")


def test_expired_by_the_engines_word() -> None:
    assert verdict(manifest(TRUSTED, bad("signingCredential.expired"))).axes.signer == "expired"


@pytest.mark.parametrize("not_after", ["", "nonsense", "2027-01-01T00:00:00"])
def test_an_unreadable_validity_counts_as_over(not_after: str) -> None:
    assert verdict(manifest(TRUSTED, signing=replace(SIGNING, not_after=not_after))).axes.signer == "expired"


# --- time ------------------------------------------------------------------------------------------

STAMPED = replace(SIGNING, stamped="2026-06-01T00:00:00+00:00", sealed=True)
PROOF = (
    ok("timeStamp.validated"),
    ok("timeStamp.trusted", "timestamp cert trusted: TSA, trust list: urn:provlabel:anchors:2"),
)


def test_a_trusted_stamp_proves_the_time_beyond_expiry() -> None:
    found = verdict(manifest(TRUSTED, *PROOF, signing=STAMPED), at=AT.replace(year=2030))
    assert (found.state, found.axes.time, found.axes.signer) == ("trusted", "proven", "trusted")
    assert "time.unproven" not in rules(found)


def test_back_dated_stamp_of_a_v1_claim_proves_nothing() -> None:
    found = verdict(manifest(TRUSTED, *PROOF, signing=STAMPED, claim_version=1), at=AT.replace(year=2030))
    assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claimed", "expired")


def test_a_token_that_does_not_cover_the_signature_proves_nothing() -> None:
    early = replace(STAMPED, sealed=False)
    assert verdict(manifest(TRUSTED, *PROOF, signing=early)).axes.time == "claimed"


def test_a_proven_time_outside_the_certificates_validity_is_a_bad_signature() -> None:
    for code in ("claimSignature.outsideValidity", "signingCredential.expired"):
        found = verdict(manifest(TRUSTED, *PROOF, bad(code), signing=STAMPED))
        assert (found.state, found.axes.signer) == ("invalid", "bad-signature")


@pytest.mark.parametrize("code", ["timeOfSigning.outsideValidity", "assertion.dataHash.match", "algorithm.deprecated"])
def test_no_failure_goes_unsaid(code: str) -> None:
    assert "engine.unknown-code" in rules(verdict(manifest(TRUSTED, bad(code))), "error")


def test_an_untrusted_stamp_is_a_claim() -> None:
    found = verdict(manifest(TRUSTED, info("timeStamp.untrusted"), signing=STAMPED))
    assert found.axes.time == "claimed"
    assert "time.untrusted-stamp" in rules(found, "warning")


def test_a_list_for_signers_does_not_vouch_for_clocks_nor_the_other_way_round() -> None:
    clock = ok("timeStamp.trusted", "timestamp cert trusted: TSA, trust list: urn:provlabel:anchors:1")
    found = verdict(manifest(TRUSTED, clock, signing=STAMPED), at=AT.replace(year=2030))
    assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claimed", "expired")
    signer = ok("signingCredential.trusted", "found in [urn:provlabel:anchors:2] trust anchors")
    assert verdict(manifest(signer)).axes.signer == "unknown"
    both = ok("signingCredential.trusted", "found in [urn:provlabel:anchors:2+1] trust anchors")
    assert verdict(manifest(both)).axes.signer == "trusted"


@pytest.mark.parametrize(
    "name",
    ["x, trust list: urn:provlabel:anchors:2", "found in [urn:provlabel:anchors:2] trust anchors", "found in []"],
)
def test_a_name_in_a_certificate_is_no_list(name: str) -> None:
    """The engine's explanation holds the common name of a time authority's certificate."""
    clock = ok("timeStamp.trusted", f"timestamp cert trusted: {name}, trust list: urn:provlabel:anchors:1")
    assert verdict(manifest(TRUSTED, clock, signing=STAMPED)).axes.time == "claimed"
    nobody = ok("timeStamp.trusted", f"timestamp cert trusted: {name}, trust list: ")
    assert verdict(manifest(TRUSTED, nobody, signing=STAMPED)).axes.time == "claimed"


def test_a_leaf_is_trusted_only_when_leaves_were_given() -> None:
    leaf = ok("signingCredential.trusted", "signing certificate trusted, found in [] trust anchors")
    assert verdict(manifest(leaf)).axes.signer == "unknown"
    leaves = TrustStore((AnchorList("leaves", "", "9", leaves=True),))
    assert verdict(manifest(leaf), trust=leaves).axes.signer == "trusted"


def test_a_stamp_from_after_the_time_of_judgement_proves_nothing_yet() -> None:
    before = dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc)
    assert verdict(manifest(TRUSTED, *PROOF, signing=STAMPED), at=before).axes.time == "claimed"
    odd = replace(STAMPED, stamped="soon")
    assert verdict(manifest(TRUSTED, *PROOF, signing=odd)).axes.time == "claimed"


@pytest.mark.parametrize(
    ("fields", "time"),
    [
        ({"label": {**LABEL, "event_time": "2026-11-22T10:00:00Z"}}, "claimed"),
        ({"actions": (Action("c2pa.created", AI, when="2026-11-22T10:00:00Z"),)}, "claimed"),
        ({"label": None, "labels": 0}, "none"),
        ({"label": "text", "signing": None}, "none"),
    ],
)
def test_claimed_times(fields: dict[str, object], time: str) -> None:
    assert verdict(manifest(TRUSTED, **fields)).axes.time == time


# --- label -----------------------------------------------------------------------------------------


def test_a_signed_photo_without_ai_label_is_trusted_with_label_none() -> None:
    photo = manifest(TRUSTED, label=None, labels=0, actions=(Action("c2pa.created", IPTC + "digitalCapture"),))
    found = verdict(photo)
    assert (found.state, found.axes.label) == ("trusted", ("none",))


def test_an_ai_action_alone_is_a_label() -> None:
    assert verdict(manifest(TRUSTED, label=None, labels=0)).axes.label == ("present",)


@pytest.mark.parametrize("source", ["https://evil.example/x", "trainedAlgorithmicMedia", AI.replace("http:", "https:")])
def test_unknown_source_type(source: str) -> None:
    found = verdict(manifest(TRUSTED, actions=(Action("c2pa.created", source),)))
    assert "unknown-value" in found.axes.label
    assert "label.unknown-value" in rules(found, "error")


@pytest.mark.parametrize("label", [{"schema": "label-v1", "kind": "ai_magic"}, {"schema": "label-v1"}, "text", [1]])
def test_unknown_kind(label: object) -> None:
    found = verdict(manifest(TRUSTED, label=label))
    assert found.axes.label == ("present", "unknown-value")


@pytest.mark.parametrize("field", [{"systems": "x"}, {"provider": "x"}, {"event_time": 5}, {"systems": [None]}])
def test_a_label_that_breaks_its_own_schema_is_an_error(field: dict[str, object]) -> None:
    found = verdict(manifest(TRUSTED, label={**LABEL, **field}))
    assert "label.malformed" in rules(found, "error")
    assert "label.malformed" not in rules(verdict(manifest(TRUSTED, label={**LABEL, "unknown": 1})))


def test_newer_schema_is_a_warning() -> None:
    found = verdict(manifest(TRUSTED, label={"schema": "label-v2", "kind": "ai_generated"}))
    assert "label.newer-schema" in rules(found, "warning")
    assert found.axes.label == ("present",)


@pytest.mark.parametrize(
    "fields",
    [
        {"actions": (Action("c2pa.created", AI), Action("c2pa.created", IPTC + "digitalCapture"))},
        {"actions": (Action("c2pa.created", AI), Action("c2pa.opened"))},
        {"actions": (Action("c2pa.created", IPTC + "digitalCapture"),)},
        {"label": {"schema": "label-v1", "kind": "human_made"}},
        {
            "label": {"schema": "label-v1", "kind": "human_made"},
            "actions": (Action("c2pa.created", IPTC + "digitalCreation"), Action("c2pa.edited", AI)),
        },
        {"labels": 2},
    ],
)
def test_contradictions(fields: dict[str, object]) -> None:
    found = verdict(manifest(TRUSTED, **fields))
    assert "contradictory" in found.axes.label
    assert "label.contradictory" in rules(found, "error")


def test_unvouched() -> None:
    found = verdict(manifest(TRUSTED, label_vouched=False))
    assert found.axes.label == ("present", "unvouched")
    found = verdict(manifest(TRUSTED, actions=(Action("c2pa.created", AI, vouched=False),)))
    assert found.axes.label == ("present", "unvouched")
    assert rules(found, "error") == ["label.unvouched"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_agrees_with_its_own_source_type(kind: str) -> None:
    action = Action("c2pa.created", KINDS[kind].digital_source_type)
    found = verdict(manifest(TRUSTED, label={"schema": "label-v1", "kind": kind}, actions=(action,)))
    assert found.axes.label == ("present",)


# --- what a file says elsewhere ---------------------------------------------------------------------

PEOPLE: dict[str, object] = {
    "label": {"schema": "label-v1", "kind": "human_made"},
    "actions": (Action("c2pa.created", IPTC + "digitalCreation"),),
}


def test_what_an_update_updates_is_an_earlier_version() -> None:
    before = Ingredient("parentOf", "take", manifest="urn:2", assertion="i")
    update = manifest(TRUSTED, **PEOPLE, update=True, ingredients=(before,))
    found = verdict(update, manifest(urn="urn:2"))
    assert found.axes.label == ("present", "contradictory")
    assert rules(found, "error") == ["label.contradicts-history"]
    assert "contradictory" not in verdict(update, manifest(urn="urn:2", **PEOPLE)).axes.label


def _collage(*actions: str, vouched: bool = True) -> Verdict:
    """People made it of a part by AI, and say what they did with that part."""
    named = {"ingredients": [{"url": "self#jumbf=c2pa.assertions/i"}]}
    done = tuple(Action(action, parameters=named, vouched=vouched) for action in actions)
    part = Ingredient("componentOf", "voice", manifest="urn:2", assertion="i")
    created = (Action("c2pa.created", IPTC + "digitalCreation"), *done)
    fields = {**PEOPLE, "actions": created, "ingredients": (part,)}
    return verdict(manifest(TRUSTED, **fields), manifest(urn="urn:2"))


def test_a_part_that_is_placed_again_is_there() -> None:
    assert "label.contradicts-history" in rules(_collage("c2pa.placed"))
    assert "label.contradicts-history" not in rules(_collage("c2pa.placed", "c2pa.removed"))
    assert "label.contradicts-history" in rules(_collage("c2pa.placed", "c2pa.removed", "c2pa.placed"))


def _gone(urn: str) -> Action:
    return Action("c2pa.removed", parameters={"ingredients": [{"url": f"self#jumbf=/c2pa/{urn}/c2pa.assertions/i"}]})


def test_parts_are_taken_out_of_earlier_versions_and_not_out_of_parts() -> None:
    by_ai, collage = manifest(urn="urn:3"), Ingredient("componentOf", "voice", manifest="urn:3", assertion="i")
    inner = manifest(urn="urn:2", **PEOPLE, ingredients=(collage,))
    said = (*PEOPLE["actions"], _gone("urn:2"))

    def over(*parts: Ingredient) -> list[str]:
        return rules(verdict(manifest(TRUSTED, **{**PEOPLE, "actions": said}, ingredients=parts), inner, by_ai))

    before = Ingredient("parentOf", "collage", manifest="urn:2", assertion="p")
    placed = Ingredient("componentOf", "collage", manifest="urn:2", assertion="q")
    assert "label.contradicts-history" not in over(before)
    assert "label.contradicts-history" in over(placed)
    assert "label.contradicts-history" in over(before, placed)
    own = replace(inner, actions=said)
    outer = manifest(TRUSTED, **PEOPLE, ingredients=(placed,))
    assert "label.contradicts-history" not in rules(verdict(outer, own, by_ai)), "its own signer took it out"


def test_nobody_stands_for_a_removal_that_is_only_gathered() -> None:
    assert "label.contradicts-history" in rules(_collage("c2pa.placed", "c2pa.removed", vouched=False))


# --- history ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("medium", "odd"), [("image/png", True), ("audio/mpeg", False), ("video/mp4", False)])
def test_no_sound_was_made_from_a_picture(medium: str, odd: bool) -> None:
    before = Ingredient("parentOf", "take", format=medium)
    found = verdict(manifest(TRUSTED, ingredients=(before,)), format="WAV")
    assert ("history.odd-parent" in rules(found)) == odd


def with_parent(part: Ingredient, *parents: Manifest) -> Verdict:
    return verdict(manifest(TRUSTED, ingredients=(part,)), *parents)


@pytest.mark.parametrize(
    ("recorded", "now", "history"),
    [
        ((TRUSTED,), (), "clean"),
        ((TRUSTED,), (TRUSTED,), "clean"),
        ((bad("signingCredential.untrusted"),), (TRUSTED,), "clean"),
        ((bad("signingCredential.untrusted"),), (), "unknown-signer"),
        ((bad("signingCredential.untrusted"),), (BY_A_CLOCK,), "unknown-signer"),
        ((TRUSTED,), (BY_A_CLOCK,), "unknown-signer"),
        ((TRUSTED,), (bad("signingCredential.untrusted"),), "unknown-signer"),
        ((TRUSTED,), (bad("signingCredential.expired"),), "unknown-signer"),
        ((bad("assertion.dataHash.mismatch"),), (TRUSTED,), "broken"),
        ((TRUSTED,), (bad("claimSignature.mismatch"),), "broken"),
        ((bad("timeStamp.mismatch"),), (TRUSTED,), "clean"),
        ((bad("signingCredential.ocsp.revoked"),), (TRUSTED,), "broken"),
    ],
)
def test_one_parent(recorded: tuple[Code, ...], now: tuple[Code, ...], history: str) -> None:
    part = Ingredient("parentOf", "p.jpg", manifest="urn:2", recorded=recorded)
    found = with_parent(part, manifest(urn="urn:2", codes=now))
    assert found.axes.history == history
    assert found.state == ("invalid" if history == "broken" else "trusted")


def test_a_missing_manifest_is_broken_history() -> None:
    assert with_parent(Ingredient("parentOf", manifest="urn:9")).axes.history == "broken"


def test_an_ingredient_without_manifest_is_a_note() -> None:
    found = with_parent(Ingredient("componentOf", "a.png"))
    assert (found.axes.history, found.state) == ("clean", "trusted")
    assert "history.no-provenance" in rules(found, "note")
    found = with_parent(Ingredient("componentOf", "a.png", recorded=(bad("claimSignature.mismatch"),)))
    assert found.axes.history == "broken"


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_fact_6_a_tampered_parent_is_seen_at_any_depth(depth: int) -> None:
    chain = [
        manifest(TRUSTED, urn=f"urn:{level}", ingredients=(Ingredient("parentOf", manifest=f"urn:{level + 1}"),))
        for level in range(depth)
    ]
    tampered = Ingredient("parentOf", manifest=f"urn:{depth}", recorded=(bad("assertion.dataHash.mismatch"),))
    chain[-1] = replace(chain[-1], ingredients=(tampered,))
    found = verdict(*chain, manifest(TRUSTED, urn=f"urn:{depth}"))
    assert (found.state, found.axes.history) == ("invalid", "broken")


def test_the_worst_ingredient_decides() -> None:
    parts = (
        Ingredient("parentOf", manifest="urn:2", recorded=(TRUSTED,)),
        Ingredient("componentOf", manifest="urn:3", recorded=(bad("signingCredential.untrusted"),)),
    )
    found = verdict(manifest(TRUSTED, ingredients=parts), manifest(urn="urn:2"), manifest(urn="urn:3"))
    assert (found.axes.history, found.state) == ("unknown-signer", "trusted")


# --- identity and carriers -------------------------------------------------------------------------


JANE = Identity("cawg.identity", "Jane", "Label Records", about=("c2pa.hash.data", "org.provlabel.label"))
KNOWN = Code(
    "cawg.x509.credential.trusted",
    "success",
    "self#jumbf=/c2pa/1/cawg.identity",
    "found in [urn:provlabel:anchors:3] trust anchors",
)


def test_an_identity_without_anchors_for_identities_is_not_checked() -> None:
    found = verdict(manifest(TRUSTED, KNOWN, identities=(JANE,)), trust=OURS)
    assert (found.axes.identity, found.state) == ("not-checked", "trusted")
    assert "identity.unknown" not in rules(found)


@pytest.mark.parametrize(
    ("codes", "identities", "identity"),
    [
        ((), (), "none"),
        ((), (JANE,), "not-checked"),
        ((KNOWN,), (JANE,), "ok"),
        ((KNOWN,), (JANE, replace(JANE, assertion="cawg.identity__1")), "not-checked"),
        ((replace(KNOWN, text="found in [urn:provlabel:anchors:1] trust anchors"),), (JANE,), "not-checked"),
        ((bad("cawg.x509.credential.untrusted"),), (JANE,), "not-checked"),
        ((KNOWN, bad("cawg.x509.signature.mismatch")), (JANE,), "bad"),
    ],
)
def test_identity(codes: tuple[Code, ...], identities: tuple[Identity, ...], identity: str) -> None:
    found = verdict(manifest(TRUSTED, *codes, identities=identities))
    assert found.axes.identity == identity
    assert ("identity.bad" in rules(found, "error")) == (identity == "bad")
    assert any(check.startswith("identity:") for check in found.not_checked) == (identity == "not-checked")


def test_an_identity_that_never_saw_the_label_is_told() -> None:
    assert "identity.not-of-label" not in rules(verdict(manifest(TRUSTED, KNOWN, identities=(JANE,))))
    alone = replace(JANE, about=("c2pa.hash.data",))
    found = verdict(manifest(TRUSTED, KNOWN, identities=(alone,)))
    assert found.axes.identity == "ok"
    assert "identity.not-of-label" in rules(found, "warning")
    other = verdict(manifest(TRUSTED, KNOWN, identities=(alone,), label=None, labels=0))
    assert "identity.not-of-label" not in rules(other), "there is none"


def test_a_sidecar_that_differs_is_a_warning() -> None:
    assert "carrier.sidecar-differs" in rules(verdict(manifest(TRUSTED), sidecar_differs=True), "warning")


# --- the state table, row by row -------------------------------------------------------------------

BASE = Axes(
    content="intact",
    label=("present",),
    signer="trusted",
    time="claimed",
    revocation="not-checked",
    history="clean",
    identity="none",
)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "trusted"),
        ({"content": "unreadable"}, "unreadable"),
        ({"content": "altered"}, "invalid"),
        ({"content": "not-fully-bound"}, "invalid"),
        ({"content": "not-applicable"}, "invalid"),
        ({"signer": "bad-signature"}, "invalid"),
        ({"signer": "revoked"}, "invalid"),
        ({"signer": "not-applicable"}, "invalid"),
        ({"signer": "expired"}, "invalid"),
        ({"signer": "not-yet-valid"}, "invalid"),
        ({"signer": "expired", "time": "proven"}, "valid"),
        ({"history": "broken"}, "invalid"),
        ({"history": "unknown-signer"}, "trusted"),
        ({"signer": "unknown"}, "valid"),
        ({"signer": "no-anchors"}, "valid"),
        ({"label": ("none",)}, "trusted"),
    ],
)
def test_state_table(change: dict[str, object], state: str) -> None:
    assert state_of(replace(BASE, **change)) == state


def test_a_fault_of_the_file_is_said_whatever_signs_it() -> None:
    signed = verdict(manifest(TRUSTED), damage="its header announces 9 bytes, and 8 are there")
    assert signed.state == "trusted"
    assert rules(signed, "warning") == ["content.damaged", "time.unproven"]
    unsigned = judge(Evidence(damage="cut off"), at=AT)
    assert (unsigned.state, rules(unsigned)) == ("unsigned", ["content.damaged"])


def test_what_holds_and_why_it_does_not() -> None:
    assert Verdict("valid", replace(BASE, signer="no-anchors"), (), ()).holds
    assert not Verdict("trusted", BASE, (), ()).holds
    assert verdict(manifest(TRUSTED), sidecar_differs=True).why == "trusted"
    assert "damaged" in verdict(trouble=Trouble("malformed", "cut off")).why
