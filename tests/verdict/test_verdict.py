"""The verdict: every axis, every row of the state table, every code, on evidence written by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from provlabel.evidence import (
    AGGREGATED,
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
    manifests_from_crjson,
)
from provlabel.label.vocabularies import IPTC, KINDS
from provlabel.labeling.sources import broken_by
from provlabel.manifest.codes import EFFECTS
from provlabel.report import Axes
from provlabel.trust.anchors import AnchorList, TrustStore
from provlabel.trust.chains.records import ClaimStamp, Examined, Holder, Names
from provlabel.trust.purposes import SERVER
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


HASH_FAILS = bad("assertion.dataHash.mismatch", "hashes do not match")


@pytest.mark.parametrize(
    ("name", "what"),
    [("MP3", "the sound is"), ("PNG", "the picture is"), ("MP4", "picture and sound are"), (None, "the rest is")],
)
def test_edited_tags_are_told_and_the_file_stays_invalid(name: str | None, what: str) -> None:
    moved = bad("assertion.dataHash.mismatch", "data hash exclusion does not match the manifest location in the asset")
    grown = (Exclusion(0, 9, role="media"),)
    found = verdict(manifest(TRUSTED, moved, HASH_FAILS, exclusions=grown), format=name, media_as_signed=True)
    assert (found.state, found.axes.content) == ("invalid", "altered")
    assert [rule for rule in rules(found, "error") if rule.startswith("content.")] == ["content.tags-edited"]
    assert f"{what} what was signed" in found.why


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (None, {"media_as_signed": False}),
        (None, {"coverage": Coverage(missing=("a box",))}),
        ("assertion.hashedURI.mismatch", {}),
        ("claimSignature.mismatch", {}),
        ("assertion.action.malformed", {}),
        ("assertion.multipleHardBindings", {}),
        ("nobody.knows", {}),
    ],
)
def test_edited_tags_are_not_told_where_anything_else_is_wrong(code: str | None, fields: dict[str, object]) -> None:
    more = (bad(code),) if code else ()
    found = verdict(manifest(TRUSTED, HASH_FAILS, *more), **{"format": "MP3", "media_as_signed": True, **fields})
    assert found.state == "invalid"
    assert "content.altered" in rules(found, "error")
    assert "content.tags-edited" not in rules(found)


def test_edited_tags_are_not_told_where_the_hash_fits() -> None:
    assert verdict(manifest(TRUSTED), media_as_signed=True).state == "trusted"


@pytest.mark.parametrize("code", [code for code, effect in EFFECTS.items() if effect in ("unbound", "rule-broken")])
def test_not_fully_bound(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code)))
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("assertion.dataHash.mismatch", "data hash exclusion does not match the manifest location"),
        ("assertion.bmffHash.mismatch", "BMFF inithash must not be present for non-fragmented media"),
    ],
)
def test_what_was_not_compared_is_not_called_altered(name: str, words: str) -> None:
    code = bad(name, f"asset hash error, name: unnamed, error: hash verification( {words} )")
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


@pytest.mark.parametrize("code", ["brand.new", "com.acme.test", "signingCredential.new", "timeStamp.new"])
def test_an_unknown_failure_is_an_error_and_leaves_content_alone(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code, "its words")))
    assert rules(found, "error") == ["engine.unknown-code"]
    assert f"failure {code}, its words" in found.why
    assert (found.state, found.axes.content, found.axes.signer) == ("invalid", "intact", "trusted")
    assert verdict(manifest(), trust=TrustStore()).holds
    assert not verdict(manifest(bad(code)), trust=TrustStore()).holds
    assert broken_by(Evidence(source="embedded", manifests=(manifest(),))) == ""
    assert code in broken_by(Evidence(source="embedded", manifests=(manifest(bad(code)),)))


@pytest.mark.parametrize("code", ["assertion.new", "claim.new", "hashedURI.new", "manifest.new"])
def test_an_unknown_failure_about_content_leaves_it_unbound(code: str) -> None:
    found = verdict(manifest(TRUSTED, bad(code, "its words")))
    assert set(rules(found, "error")) == {"engine.unknown-code", "content.not-fully-bound"}
    assert (found.state, found.axes.content) == ("invalid", "not-fully-bound")


@pytest.mark.parametrize("code", [ok("brand.new"), info("com.acme.test"), ok("cawg.identity.trusted")])
def test_an_unknown_code_that_says_no_failure_is_a_note(code: Code) -> None:
    found = verdict(manifest(TRUSTED, code))
    assert (found.state, rules(found, "error")) == ("trusted", [])
    assert rules(found, "note") == ["engine.unknown-remark"]


@pytest.mark.parametrize("code", [ok("brand.new"), info("brand.new"), bad("brand.new"), bad("assertion.new")])
def test_what_another_validator_recorded_of_an_ingredient_is_a_note(code: Code) -> None:
    part = Ingredient("parentOf", manifest="urn:2", recorded=(code, code))
    found = verdict(manifest(TRUSTED, ingredients=(part,)), manifest(TRUSTED, urn="urn:2"))
    assert (found.state, found.axes.history, rules(found, "error")) == ("trusted", "clean", [])
    assert rules(found, "note") == ["engine.unknown-remark", "label.inherited"]
    alone = verdict(manifest(TRUSTED, ingredients=(Ingredient("componentOf", recorded=(code,)),)))
    assert (alone.state, alone.axes.history) == ("trusted", "clean")


@pytest.mark.parametrize("code", ["brand.new", "assertion.new"])
def test_an_unknown_failure_of_an_ingredients_manifest_breaks_the_history(code: str) -> None:
    part = Ingredient("parentOf", manifest="urn:2")
    found = verdict(manifest(TRUSTED, ingredients=(part,)), manifest(TRUSTED, bad(code), urn="urn:2"))
    assert (found.state, found.axes.history, rules(found, "error")) == ("invalid", "broken", ["history.broken"])


@pytest.mark.parametrize("code", ["cawg.new", "cawg.ica.new", "cawg.identity.well-formed"])
def test_an_unknown_failure_of_an_identity_is_one_of_the_identity(code: str) -> None:
    who = Identity("cawg.identity", "Jane Doe")
    found = verdict(manifest(TRUSTED, bad(code, "its words"), identities=(who,)))
    assert (found.state, found.axes.content, found.axes.identity) == ("trusted", "intact", "bad")
    assert rules(found, "error") == ["identity.bad"]
    assert f"{code}, its words" in found.why


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


NO_USAGE = bad("signingCredential.invalid", "certificate missing required EKU")


@pytest.mark.parametrize(
    ("examined", "signer", "state", "said"),
    [
        (Examined("wrong-purpose", purposes=("1.2.3",)), "unknown", "valid", ["signer.wrong-purpose"]),
        (
            Examined("wrong-purpose", purposes=("1.2.3", SERVER)),
            *("bad-signature", "invalid", ["signer.bad-certificate", "signer.wrong-purpose"]),
        ),
        (
            Examined("invalid", "a CA certificate signed the file"),
            "bad-signature",
            "invalid",
            ["signer.bad-certificate"],
        ),
        (None, "bad-signature", "invalid", ["signer.bad-certificate"]),
    ],
)
def test_a_purpose_that_is_not_accepted_is_no_bad_signature_where_that_is_all(
    examined: Examined | None, signer: str, state: str, said: list[str]
) -> None:
    found = verdict(manifest(NO_USAGE, bad("signingCredential.untrusted")), examined=examined)
    assert (found.axes.signer, found.state) == (signer, state)
    assert [rule for rule in rules(found) if rule.startswith("signer.")] == said
    assert verdict(manifest(NO_USAGE), examined=examined, trust=TrustStore()).axes.signer == signer


def test_a_purpose_is_told_with_what_accepts_it() -> None:
    """Where nothing can accept it, no option is named."""
    for purposes, hint in (
        (("1.2.3", "1.2.4"), "add --eku 1.2.3;"),
        ((SERVER, "1.2.3"), "add --eku 1.2.3;"),
        ((SERVER,), ""),
    ):
        found = verdict(manifest(NO_USAGE), examined=Examined("wrong-purpose", purposes=purposes))
        [told] = [item for item in found.findings if item.rule == "signer.wrong-purpose"]
        assert all(oid in told.message for oid in purposes)
        assert hint in told.hint
        assert ("--eku" in told.hint) == bool(hint)


def test_other_words_about_a_certificate_are_not_about_its_purpose() -> None:
    other = bad("signingCredential.invalid", "certificate params incorrect")
    found = verdict(manifest(other), examined=Examined("wrong-purpose", purposes=("1.2.3",)))
    assert (found.axes.signer, found.state) == ("bad-signature", "invalid")
    assert "signer.bad-certificate" in rules(found, "error")


def test_a_time_is_proven_whatever_the_certificate_is_for() -> None:
    found = verdict(
        manifest(NO_USAGE, *PROOF, signing=STAMPED), examined=Examined("wrong-purpose", purposes=("1.2.3",))
    )
    assert (found.axes.time, found.axes.signer) == ("proven", "unknown")


def test_as_of_another_time_a_purpose_is_told_by_our_own_look() -> None:
    over = manifest(bad("signingCredential.expired"), bad("signingCredential.untrusted"))
    examined = Examined("wrong-purpose", purposes=("1.2.3",))
    found = verdict(over, examined=examined, as_of="2026-06-01T00:00:00+00:00")
    assert (found.axes.signer, found.state) == ("unknown", "valid")
    assert "signer.wrong-purpose" in rules(found)


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
    assert proven_time(stamped, ALL, AT) == (dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc), True)
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


# --- timestamps over the claim alone ---------------------------------------------------------------

V1 = replace(SIGNING, stamped="2026-06-01T00:00:00Z", claim_stamp=ClaimStamp("good", "2026-06-01T00:00:00Z"))
LATE = AT.replace(year=2030)


def old(*codes: Code, **fields: object) -> Manifest:
    """A claim of version 1 with a good timestamp over the claim, and none of our labels."""
    return manifest(TRUSTED, *codes, **{"signing": V1, "claim_version": 1, "label": None, "labels": 0, **fields})


def test_a_stamp_over_the_claim_excuses_an_end_and_is_warned_of() -> None:
    for at, rests in ((AT, False), (LATE, True)):
        found = verdict(old(), at=at)
        assert (found.state, found.axes.time, found.axes.signer) == ("trusted", "claim-proven", "trusted")
        assert "time.v1-stamp" in rules(found, "warning")
        assert not {"time.unproven", "time.untrusted-stamp", "time.unfit-stamp"} & set(rules(found))
        assert found.rests_on_claim_stamp is rests
        assert any("time authority" in check for check in found.not_checked)
    for path, rests in (("expired", True), ("not-yet-valid", True), ("trusted", False), ("unknown", False)):
        assert verdict(old(), unaided=path).rests_on_claim_stamp is rests
    assert not verdict(manifest(TRUSTED, *PROOF, signing=STAMPED), at=LATE).rests_on_claim_stamp


def test_a_stamp_over_the_claim_proves_no_time_of_signing() -> None:
    found = verdict(old(), as_of=LATE.isoformat(), at=LATE, examined=Examined("trusted"))
    assert (found.state, found.axes.time) == ("trusted", "claim-proven")
    assert any(check.startswith("whether it was signed by that time") for check in found.not_checked)
    assert not any("clock of this machine" in check for check in found.not_checked)
    evidence = Evidence(source="embedded", manifests=(old(),))
    assert proven_time(evidence, ALL, AT) == (dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc), False)


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"label": LABEL, "labels": 1}, "time.unfit-stamp", "labels of provlabel never have that kind"),
        ({"labels": 1}, "time.unfit-stamp", "labels of provlabel never have that kind"),
        ({"label": LABEL}, "time.unfit-stamp", "labels of provlabel never have that kind"),
        ({"claim_version": 2}, "time.unfit-stamp", "over the claim alone"),
        ({"signing": replace(V1, claim_stamp=ClaimStamp("bad", why="it is torn"))}, "time.unfit-stamp", "it is torn"),
        (
            {"signing": replace(V1, claim_stamp=ClaimStamp("unknown", "2026-06-01T00:00:00Z"))},
            "time.untrusted-stamp",
            "2026-06-01T00:00:00Z",
        ),
        (
            {"signing": replace(V1, claim_stamp=ClaimStamp("good", "2031-06-01T00:00:00Z"))},
            "time.unfit-stamp",
            "from after the time of judgement",
        ),
        ({"signing": replace(V1, claim_stamp=None)}, "time.untrusted-stamp", "2026-06-01T00:00:00Z"),
    ],
)
def test_a_stamp_over_the_claim_that_does_not_count(change: dict[str, object], rule: str, words: str) -> None:
    found = verdict(old(*PROOF, **change), at=LATE)
    assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claimed", "expired")
    told = next(item for item in found.findings if item.rule.startswith("time."))
    assert (told.rule, told.level) == (rule, "warning")
    assert words in told.message


def test_a_stamp_over_the_claim_needs_a_list_for_clocks_and_a_good_signature() -> None:
    found = verdict(old(*PROOF), trust=OURS, at=LATE)
    assert (found.axes.time, found.axes.signer) == ("claimed", "expired")
    assert "time.untrusted-stamp" in rules(found)
    assert verdict(old(bad("claimSignature.mismatch")), at=LATE).axes.time == "claimed"


def test_a_certificate_that_did_not_hold_when_the_claim_was_stamped_is_a_bad_signature() -> None:
    ended = replace(V1, not_after="2026-05-01T00:00:00+00:00")
    begun = replace(V1, not_before="2026-07-01T00:00:00+00:00")
    for found in (
        verdict(old(signing=ended)),
        verdict(old(signing=begun)),
        verdict(old(), examined=Examined("expired", "its root")),
    ):
        assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claim-proven", "bad-signature")


def test_a_stamp_over_the_claim_that_the_engine_does_not_accept_excuses_nothing() -> None:
    found = verdict(old(bad("signingCredential.expired")), at=LATE)
    assert (found.state, found.axes.time, found.axes.signer) == ("invalid", "claim-proven", "expired")
    assert "does not accept its timestamp" in found.why


def test_a_stamp_over_the_claim_excuses_no_revocation() -> None:
    found = verdict(old(), at=LATE, examined=Examined("trusted", revocation="revoked"))
    assert (found.state, found.axes.signer) == ("invalid", "revoked")


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
    passed_on = (Action("c2pa.created", AI, vouched=False),)
    found = verdict(manifest(TRUSTED, label_vouched=False, actions=()))
    assert found.axes.label == ("unvouched",), "a label that is only passed on is none"
    assert rules(found, "error") == ["label.unvouched"]
    found = verdict(manifest(TRUSTED, actions=passed_on, label=None, label_vouched=False, labels=0))
    assert found.axes.label == ("present", "unvouched"), "what is passed on about AI is told, and is not the signer's"
    assert (rules(found, "error"), rules(found, "warning")) == ([], ["time.unproven", "label.gathered"])
    people = replace(passed_on[0], source_type=IPTC + "digitalCapture")
    found = verdict(manifest(TRUSTED, actions=(people,), label=None, label_vouched=False, labels=0))
    assert found.axes.label == ("unvouched",)
    model = {"c2pa.ai-disclosure": {"modelName": "GPT"}}
    told: dict[str, object] = {"actions": (), "label": None, "labels": 0, "assertions": model}
    assert verdict(manifest(TRUSTED, **told)).axes.label == ("present",), "a model is named"
    found = verdict(manifest(TRUSTED, **told, gathered=("c2pa.ai-disclosure",)))
    assert found.axes.label == ("present", "unvouched")


@pytest.mark.parametrize(
    ("written", "state"),
    [
        (AI.replace("http:", "https:"), "present"),
        (AI + "/", "present"),
        (f" {AI} ", "present"),
        (AI.upper(), "present"),
        ("digsrctype:trainedAlgorithmicMedia", "present"),
        ("https://example.com/trainedAlgorithmicMedia", "unknown-value"),
        (AI + "s", "unknown-value"),
    ],
)
def test_source_types_are_known_however_they_are_written(written: str, state: str) -> None:
    action = {"action": "c2pa.created", "digitalSourceType": written}
    claim = {"created_assertions": [{"url": "self#jumbf=c2pa.assertions/c2pa.actions.v2"}]}
    assertions = {"c2pa.actions.v2": {"actions": [action]}}
    data = {"label": "urn:1", "claim.v2": claim, "assertions": assertions, "validationResults": {}}
    [read] = manifests_from_crjson({"manifests": [data]})
    found = verdict(replace(read, signing=SIGNING, codes=(*SOUND, TRUSTED)))
    assert found.axes.label == (state,)
    if state == "present":
        assert rules(found) == ["time.unproven", "label.spelling"]
    else:
        assert "label.unknown-value" in rules(found, "error")


# --- what was before, and what is inside ------------------------------------------------------------

EDIT: dict[str, object] = {"actions": (Action("c2pa.opened"),), "label": None, "label_vouched": False, "labels": 0}
OPENAI = replace(SIGNING, subject={"O": "OpenAI", "CN": "Truepic"})
GENERATED = {**EDIT, "urn": "urn:2", "actions": (Action("c2pa.created", AI),), "signing": OPENAI}


def behind(relationship: str, urn: str = "urn:2") -> Ingredient:
    return Ingredient(relationship, "image.png", manifest=urn, assertion=f"c2pa.ingredient{urn[-1]}")


@pytest.mark.parametrize(
    ("relationship", "state", "sentence"),
    [
        ("parentOf", "inherited", 'an earlier version was made by AI, says "OpenAI"'),
        ("componentOf", "contains", 'contains a part that AI made, says "OpenAI"'),
        ("inputTo", "none", None),
    ],
)
def test_ai_is_told_where_the_history_states_it(relationship: str, state: str, sentence: str | None) -> None:
    found = verdict(manifest(TRUSTED, **EDIT, ingredients=(behind(relationship),)), manifest(TRUSTED, **GENERATED))
    assert (found.state, found.axes.label) == ("trusted", (state,))
    assert [one.sentence for one in found.ai_history] == [sentence] * (sentence is not None)
    notes = [item.message for item in found.findings if item.rule.startswith("label.")]
    assert len(notes) == len(found.ai_history)
    assert all(str(sentence) in text for text in notes)


@pytest.mark.parametrize("unsure", ["outer", "inner", "gathered", "broken"])
def test_who_is_not_vouched_for_only_claims(unsure: str) -> None:
    inner = manifest(*((TRUSTED,) if unsure != "inner" else ()), **GENERATED)
    if unsure == "inner":
        inner = replace(inner, codes=(*inner.codes, bad("signingCredential.untrusted")))
    if unsure == "gathered":
        inner = replace(inner, actions=(replace(inner.actions[0], vouched=False),))
    if unsure == "broken":
        inner = replace(inner, codes=(*inner.codes, bad("assertion.hashedURI.mismatch")))
    outer = manifest(*((TRUSTED,) if unsure != "outer" else ()), **EDIT, ingredients=(behind("parentOf"),))
    [told] = verdict(outer, inner).ai_history
    assert told.sentence == 'an earlier version was made by AI, claims "OpenAI"'
    assert not told.vouched


def test_an_earlier_version_of_a_part_is_in_the_file_and_no_earlier_version_of_it() -> None:
    outer = manifest(TRUSTED, **EDIT, ingredients=(behind("componentOf"),))
    part = manifest(TRUSTED, **{**EDIT, "urn": "urn:2"}, ingredients=(behind("parentOf", "urn:3"),))
    inner = manifest(TRUSTED, **{**GENERATED, "urn": "urn:3"})
    assert verdict(outer, part, inner).axes.label == ("contains",)
    gone = {"ingredients": [{"url": "self#jumbf=c2pa.assertions/c2pa.ingredient2"}]}
    outer = replace(outer, actions=(*outer.actions, Action("c2pa.removed", parameters=gone)))
    assert verdict(outer, part, inner).axes.label == ("none",), "it was taken out again"


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_an_earlier_version_and_a_part_counts_as_the_former(order: int) -> None:
    parts = (behind("componentOf"), behind("parentOf"))[::order]
    found = verdict(manifest(TRUSTED, **EDIT, ingredients=parts), manifest(TRUSTED, **GENERATED))
    assert found.axes.label == ("inherited",)


def test_an_assertion_without_an_action_names_ai_in_the_history() -> None:
    inner = {**GENERATED, "actions": (), "assertions": {"c2pa.ai-disclosure": {"modelName": "GPT"}}}
    outer = manifest(TRUSTED, **EDIT, ingredients=(behind("parentOf"),))
    [told] = verdict(outer, manifest(TRUSTED, **inner)).ai_history
    assert (told.kind, told.sentence) == (None, 'an earlier version was made with the help of AI, says "OpenAI"')


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
    assert found.axes.label == ("present", "inherited", "contradictory")
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


def test_a_broken_rule_of_the_past_is_told_as_that() -> None:
    """Nobody changed anything: the words must not say so, and the state stays as strict."""
    rule, change = bad("assertion.action.malformed"), bad("assertion.dataHash.mismatch")
    for recorded, now in (((rule,), ()), ((), (rule,)), ((rule,), (rule,))):
        part = Ingredient("parentOf", "p.jpg", manifest="urn:2", recorded=recorded)
        found = with_parent(part, manifest(urn="urn:2", codes=now))
        assert (found.state, found.axes.history) == ("invalid", "broken")
        told = [item for item in found.findings if item.rule.startswith("history.")]
        assert [item.rule for item in told] == ["history.rule-broken"]
        assert "altered" not in told[0].message
    part = Ingredient("parentOf", "p.jpg", manifest="urn:2", recorded=(rule, change))
    found = with_parent(part, manifest(urn="urn:2"))
    assert [item.rule for item in found.findings if item.rule.startswith("history.")] == [
        "history.rule-broken",
        "history.broken",
    ]
    bare = with_parent(Ingredient("componentOf", "a.png", recorded=(rule,)))
    assert (bare.axes.history, "history.rule-broken" in rules(bare, "error")) == ("broken", True)


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


ISSUER = "did:web:issuer.example"
CLAIMED = Identity("cawg.identity", issuer=ISSUER, about=JANE.about, kind=AGGREGATED)
NAMED = TrustStore(OURS.lists, issuers=(ISSUER,))
_AT = "self#jumbf=/c2pa/1/cawg.identity"
HELD = Code("cawg.ica.untrusted_issuer", "informational", _AT, "not trusted")
UNRESOLVED = Code("cawg.ica.did_unavailable", "failure", _AT, "it took too long")


@pytest.mark.parametrize(
    ("codes", "trust", "identity", "rule"),
    [
        ((HELD,), NAMED, "ok", ""),
        ((replace(HELD, code="cawg.ica.credential_valid", kind="success"),), NAMED, "ok", ""),
        ((HELD,), OURS, "not-checked", "identity.unknown-issuer"),
        ((HELD,), ALL, "not-checked", "identity.unknown-issuer"),
        ((HELD,), TrustStore(OURS.lists, issuers=(f"{ISSUER}:x",)), "not-checked", "identity.unknown-issuer"),
        ((replace(HELD, url="cawg.identity__1"),), NAMED, "not-checked", "identity.unknown-issuer"),
        ((), NAMED, "not-checked", "identity.unknown-issuer"),
        ((KNOWN,), ALL + NAMED, "not-checked", "identity.unknown-issuer"),
        ((UNRESOLVED,), NAMED, "not-checked", "identity.unresolved"),
        ((UNRESOLVED, HELD), NAMED, "not-checked", "identity.unresolved"),
        ((HELD, replace(UNRESOLVED, code="cawg.ica.signature_mismatch")), NAMED, "bad", "identity.bad"),
        ((UNRESOLVED, replace(UNRESOLVED, code="cawg.ica.valid_until.invalid")), NAMED, "bad", "identity.bad"),
    ],
)
def test_claims_of_an_issuer(codes: tuple[Code, ...], trust: TrustStore, identity: str, rule: str) -> None:
    found = verdict(manifest(TRUSTED, *codes, identities=(CLAIMED,)), trust=trust)
    assert (found.state, found.axes.content, found.axes.identity) == ("trusted", "intact", identity)
    assert [one.rule for one in found.findings if "identity" in one.rule] == ([rule] if rule else [])
    assert rules(found, "error") == (["identity.bad"] if identity == "bad" else [])
    assert any(check.startswith("identity:") for check in found.not_checked) == (identity == "not-checked")


def test_why_the_key_of_an_issuer_is_not_at_hand_is_told() -> None:
    found = verdict(manifest(TRUSTED, UNRESOLVED, identities=(CLAIMED,)))
    [note] = [one for one in found.findings if one.rule == "identity.unresolved"]
    assert note.level == "note"
    assert note.message.endswith(f"{ISSUER}: it took too long")


def test_an_issuer_does_not_count_for_certificates() -> None:
    found = verdict(manifest(TRUSTED, KNOWN, identities=(replace(JANE, issuer=ISSUER),)), trust=NAMED)
    assert found.axes.identity == "not-checked"


def test_claims_beside_another_identity_are_not_told_apart() -> None:
    both = (CLAIMED, replace(CLAIMED, assertion="cawg.identity__1"))
    found = verdict(manifest(TRUSTED, HELD, identities=both), trust=NAMED)
    assert (found.axes.identity, rules(found, "error")) == ("not-checked", [])
    assert "identity.unknown" in rules(found, "warning")
    nobody = verdict(manifest(TRUSTED, HELD, identities=both), trust=OURS)
    assert (nobody.axes.identity, "identity.unknown" in rules(nobody)) == ("not-checked", False)


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
        ({"signer": "expired", "time": "claim-proven"}, "invalid"),
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
