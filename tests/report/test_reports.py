"""What is said: policy, trust lists, the report's shape, escaping, and the words for people."""

from __future__ import annotations

import io
import json
import string
from pathlib import Path

import encypher_c2pa
import jsonschema_rs
import msgspec
import pytest
from hypothesis import assume, given, strategies as st
from msgspec.structs import replace

from attacks import ATTACKS
from project import EXAMPLE_LABELS, Cli, engine_credential
from provlabel import (
    ConfigError,
    InputError,
    Label,
    LabelError,
    Policy,
    Report,
    TrustStore,
    VerificationError,
    label_file,
    load_label,
    verify_bytes,
    verify_file,
    verify_paths,
)
from provlabel._support.text import printable
from provlabel.cli._outputs import OUTPUTS
from provlabel.engine import signing
from provlabel.label import signed_label
from provlabel.manifest.write import Definition, definition
from provlabel.policy import Gate
from provlabel.report import Failure
from provlabel.report.renderers import RENDERERS, Extras, Style, tree
from provlabel.report.rules import RULES
from provlabel.sandbox import Sandbox
from provlabel.schemas import SCHEMAS
from provlabel.signers import Signer

#: Those that a manifest can carry: it is UTF-8.
SIGNABLE = {name: text for name, text in ATTACKS.items() if name != "surrogates"}


# --- escaping --------------------------------------------------------------------------------------


@given(st.text())
def test_printable_is_printable_and_bounded(text: str) -> None:
    shown = printable(text)
    assert all(ch.isprintable() for ch in shown)
    assert len(shown) <= 200 * len("\\u{10ffff}") + 1


@given(st.text(string.printable.split("\t")[0], max_size=200))
def test_plain_text_is_left_alone(text: str) -> None:
    assume("::" not in text and "##" not in text)  # the logs of CI systems take them for commands
    assert printable(text) == text


def raw_controls(text: str) -> list[str]:
    return [ch for ch in text if not (ch.isprintable() or ch == "\n")]


@pytest.mark.parametrize("attack", SIGNABLE.values(), ids=SIGNABLE)
def test_strings_of_a_file_never_reach_an_output_raw(
    attack: str, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    """Through every field that a signer chooses, signed with the bare engine as a hostile signer would."""
    label = Label(kind="ai_generated")
    made = definition(label, signed_label(label), has_parent=False).manifest
    made["title"] = attack
    made["claim_generator_info"][0]["name"] = attack
    made["assertions"][0]["data"]["actions"][0] |= {"softwareAgent": {"name": attack}, "when": attack}
    made["assertions"][1]["data"] = {
        "schema": attack,
        "kind": attack,
        "systems": [{"name": attack, "version": attack}, attack],
        "provider": {"name": attack},
        "event_time": attack,
        attack: {attack: [attack]},
    }
    signed = io.BytesIO()
    signing.sign(
        Definition(made),
        io.BytesIO((media / "cover.jpg").read_bytes()),
        signed,
        "image/jpeg",
        engine_credential(signer),
    )
    report = verify_bytes(signed.getvalue(), name=attack, trust=trust, sandbox=sandbox)
    assert report.files[0].state == "trusted"
    whole = replace(report, errors=(Failure(attack, attack, attack),))
    outputs = (
        *(row.render for row in RENDERERS.values()),
        lambda found, extras: tree.render(found.files[0], extras.style),
    )
    for render in outputs:
        text = render(whole, Extras())
        assert raw_controls(text) == []
        if not attack.isprintable():
            assert attack not in text


def test_a_label_made_in_python_is_checked_before_it_is_signed(media: Path, signer: Signer, sandbox: Sandbox) -> None:
    bad = Label(kind="ai_magic", title="a\nb")  # type: ignore[arg-type]
    with pytest.raises(LabelError, match="unknown value 'ai_magic'"):
        label_file(media / "cover.jpg", media / "out.jpg", bad, signer, sandbox=sandbox)
    assert not (media / "out.jpg").exists()


# --- report and policy -----------------------------------------------------------------------------


@pytest.fixture
def reports(media: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Report:
    """Good, changed, unsigned and unreadable, in one report."""
    good, changed = media / "a-good.jpg", media / "b-changed.jpg"
    label_file(media / "cover.jpg", good, label, signer, sandbox=sandbox)
    changed.write_bytes(good.read_bytes()[:-100] + bytes(100))
    (media / "c-empty.jpg").write_bytes(b"")
    (media / "notes.txt").write_text("not media")
    for name in ("still.png", "take.mp3", "take.flac", "take.wav"):
        (media / name).unlink()
    return verify_paths([media, media / "missing.jpg"], trust=trust, sandbox=sandbox)


def test_a_report_counts_everything(reports: Report) -> None:
    assert [(Path(item.path).name, item.state, item.passed) for item in reports.files] == [
        ("a-good.jpg", "trusted", True),
        ("b-changed.jpg", "invalid", False),
        ("c-empty.jpg", "unreadable", False),
        ("cover.jpg", "unsigned", False),
    ]
    total = reports.summary
    assert (total.files, total.passed, total.failed, total.errors, total.not_media) == (4, 1, 3, 1, 1)
    assert total.states == {"invalid": 1, "trusted": 1, "unreadable": 1, "unsigned": 1}
    assert "missing.jpg" in reports.errors[0].message


def test_the_report_fits_its_published_schema(reports: Report) -> None:
    jsonschema_rs.Draft202012Validator(SCHEMAS["report"]()).validate(
        json.loads(RENDERERS["json"].render(reports, Extras()))
    )


def test_the_report_has_the_promised_fields(reports: Report) -> None:
    plain = msgspec.to_builtins(reports)
    top = "schema tool engine at policy anchors insecure files summary"
    each = """path sha256 format state engine_state axes label signer time revocation identity history
        carriers findings not_checked"""
    assert set(top.split()) <= set(plain)
    assert set(each.split()) <= set(plain["files"][0])
    assert set(plain["files"][1]["findings"][0]) == {"rule", "level", "message", "hint", "at", "excuse"}
    assert plain["engine"]["name"] == "c2pa-rs"


def test_every_finding_names_a_rule(reports: Report) -> None:
    findings = [found for item in reports.files for found in item.findings]
    assert findings
    assert all(found.rule in RULES and found.level == RULES[found.rule].level for found in findings)


def test_require(reports: Report) -> None:
    with pytest.raises(VerificationError, match=r"b-changed\.jpg: invalid: .* \(and 2 more files\)") as caught:
        reports.require()
    assert caught.value.report is reports
    good = replace(reports, files=reports.files[:1], errors=())
    good.require()
    with pytest.raises(VerificationError, match=r"missing\.jpg"):
        replace(reports, files=reports.files[:1]).require()
    with pytest.raises(VerificationError, match="nothing to judge"):
        replace(reports, files=(), errors=()).require()


def test_policy_can_be_content_with_less(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    dest = media / "out.jpg"
    label_file(media / "cover.jpg", dest, label, signer, sandbox=sandbox)
    assert not verify_file(dest, sandbox=sandbox).passed
    easy = Policy(name="intact", states=("trusted", "valid"))
    assert verify_file(dest, policy=easy, sandbox=sandbox).passed
    assert not verify_file(media / "cover.jpg", policy=easy, sandbox=sandbox).passed
    none = Policy(name="none", states=("unsigned",), label=False)
    assert verify_file(media / "cover.jpg", policy=none, sandbox=sandbox).passed
    assert Gate.of(easy).infos()[0].sha256 != Gate.of(Policy()).infos()[0].sha256


def test_text_says_it_in_words(reports: Report) -> None:
    text = RENDERERS["text"].render(reports, Extras(detail="all"))
    assert "TRUSTED: unchanged since it was signed by someone you trust" in text
    assert "INVALID: do not rely on" in text
    assert "does not mean “not AI”" in text
    assert 'made by AI: "AcmeSynth 2.1.0", provided by "Acme Audio Ltd"' in text
    assert "not checked: revocation" in text
    assert "1 passed, 3 failed, 1 could not be judged, 1 not media" in text
    assert "\x1b" not in text
    assert "\x1b[32;1m" in RENDERERS["text"].render(reports, Extras(Style(colour=True), "all"))


def test_personal_fields_only_on_request(media: Path, signer: Signer, sandbox: Sandbox, cli: Cli) -> None:
    prompt = media / "prompt.txt"
    prompt.write_text("a private lighthouse\n")
    options = ("--kind", "ai_generated", "--signer", "test", "--prompt-file", prompt, "--prompt-mode", "clear")
    assert cli("label", media / "cover.jpg", *options).returncode == 0
    dest = media / "cover.labeled.jpg"
    for args in (
        ("verify", dest),
        ("show", dest),
        ("show", dest, "--format", "json"),
        ("verify", dest, "--format", "json"),
    ):
        assert "private lighthouse" not in cli(*args).stdout
    assert "a private lighthouse" in cli("show", dest, "--personal").stdout
    judged = verify_file(dest, personal=True, sandbox=sandbox).files[0]
    assert judged.label is not None
    assert judged.label.personal is not None
    assert judged.label.personal["prompt"] == {"text": "a private lighthouse"}


# --- trust -----------------------------------------------------------------------------------------


def test_test_root_is_named_in_the_report(reports: Report) -> None:
    assert [item.test for item in reports.anchors] == [True]
    assert "signer.test-credential" in [found.rule for found in reports.files[0].findings]


def test_a_strangers_anchor_does_not_trust(
    media: Path, label: Label, signer: Signer, tmp_path: Path, sandbox: Sandbox
) -> None:
    import pki

    (tmp_path / "root.pem").write_text(pki.root("provlabel test root").pem)
    dest = media / "out.jpg"
    label_file(media / "cover.jpg", dest, label, signer, sandbox=sandbox)
    judged = verify_file(dest, trust=TrustStore.load(tmp_path / "root.pem"), sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.signer) == ("valid", "unknown")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no PEM certificate"),
        ("garbage", "no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
        ("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", "holds a private key"),
    ],
)
def test_what_is_no_anchor_list(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "anchors.pem"
    path.write_text(content)
    with pytest.raises(ConfigError, match=words):
        TrustStore.load(path)


def test_a_missing_anchor_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        TrustStore.load(tmp_path / "none.pem")


def test_comments_and_crlf_in_an_anchor_list(credential: Path, tmp_path: Path) -> None:
    pem = (credential / "root.pem").read_text()
    path = tmp_path / "anchors.pem"
    path.write_text(("# our root\n" + pem + pem).replace("\n", "\r\n"))
    store = TrustStore.load(path)
    assert store.lists[0].pem.count("BEGIN CERTIFICATE") == 2


# --- labels of others ------------------------------------------------------------------------------

EXPECTED = {
    "CA.jpg": ("trusted", "intact", "clean"),
    "CACAE-uri-CA.jpg": ("invalid", "intact", "broken"),
    "CA_ct.jpg": ("trusted", "intact", "clean"),
    "CIE-sig-CA.jpg": ("invalid", "intact", "broken"),
    "C_with_CAWG_data.jpg": ("trusted", "intact", "none"),
    "E-sig-CA.jpg": ("invalid", "intact", "clean"),
    "XCA.jpg": ("invalid", "altered", "clean"),
    "boxhash.jpg": ("trusted", "intact", "clean"),
    "cloud.jpg": ("remote", "not-applicable", "none"),
    "legacy_ingredient_hash.jpg": ("trusted", "intact", "clean"),
    "sample1_signed.wav": ("trusted", "intact", "none"),
    "video1.mp4": ("trusted", "intact", "unknown-signer"),
    "pdf-file.pdf": ("unreadable", "unreadable", "none"),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_files_that_others_made(name: str, corpus: Path, sandbox: Sandbox) -> None:
    roots = TrustStore.load(corpus / "test_cert_root_bundle.pem")
    judged = verify_file(corpus / name, trust=roots, sandbox=sandbox).files[0]
    assert (judged.state, judged.axes.content, judged.axes.history) == EXPECTED[name]
    without = verify_file(corpus / name, sandbox=sandbox).files[0]
    assert without.state == ("valid" if judged.state == "trusted" else judged.state)


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"cloud.jpg", "pdf-file.pdf"}))
def test_the_second_verifier_agrees_on_content_and_signature(name: str, corpus: Path, sandbox: Sandbox) -> None:
    """Where it does not follow ingredients it is silent; see docs/differences.md."""
    mime = {".jpg": "image/jpeg", ".wav": "audio/wav", ".mp4": "video/mp4"}[Path(name).suffix]
    said = encypher_c2pa.verify((corpus / name).read_bytes(), mime, no_default_trust=True, telemetry=False)
    judged = verify_file(corpus / name, sandbox=sandbox).files[0]
    assert (said["signature"] == "valid") == (judged.axes.signer != "bad-signature")
    if said["hard_binding"] != "unknown":
        assert (said["hard_binding"] == "match") == (judged.axes.content == "intact")


def test_what_others_say_is_read_with_its_source(media: Path, signer: Signer, sandbox: Sandbox) -> None:
    """A manifest without our assertion: the label is put together from the standard ones."""
    label = load_label(EXAMPLE_LABELS / "ai-assisted-track.toml")
    made = definition(label, signed_label(label), has_parent=False).manifest
    made["assertions"] = [item for item in made["assertions"] if not item["label"].startswith("org.provlabel")]
    content = io.BytesIO()
    signing.sign(
        Definition(made), io.BytesIO((media / "take.wav").read_bytes()), content, "audio/wav", engine_credential(signer)
    )
    told = verify_bytes(content.getvalue(), sandbox=sandbox).files[0].label
    assert told is not None
    assert (told.source, told.kind) == ("c2pa.actions", "ai_partly_created")
    assert told.origins == {
        "kind": "c2pa.actions",
        "origin": "c2pa.actions",
        "title": "c2pa.claim",
        "event_time": "c2pa.actions",
        "contributions": "c2pa.actions",
        "systems": "c2pa.ai-disclosure",
        "oversight": "c2pa.ai-disclosure",
        "permissions": "cawg.training-mining",
        "identifiers": "cawg.metadata",
        "rights": "cawg.metadata",
    }
    assert told.value["identifiers"][0] == {"type": "isrc", "value": "GBAYE2600001"}
    assert told.value["permissions"]["generative_training"] == "constrained"
    spans = [item["span"] for item in told.value["contributions"] if "span" in item]
    assert spans == [{"start": 12.0, "end": 58.0}]
    assert "(from cawg.metadata)" in tree.render(verify_bytes(content.getvalue(), sandbox=sandbox).files[0], Style())


def test_bytes_and_file_agree(media: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    dest = media / "out.jpg"
    label_file(media / "cover.jpg", dest, label, signer, sandbox=sandbox)
    by_file = verify_file(dest, trust=trust, sandbox=sandbox).files[0]
    by_bytes = verify_bytes(dest.read_bytes(), name=str(dest), trust=trust, sandbox=sandbox).files[0]
    assert by_file == by_bytes


def test_the_command_line_offers_every_output() -> None:
    assert set(OUTPUTS) == set(RENDERERS)
