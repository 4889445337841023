"""Files that producers ship, judged as a label manager would; and every hint of those that fail, followed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from project import Cli, corpus_of_others
from provlabel import FileReport, TrustStore, verify_file, verify_paths
from provlabel.sandbox import Sandbox

_ROOTS = "test_cert_root_bundle.pem"  # of the SDK, whose test files have its signers
MICROSOFT = "1.3.6.1.4.1.311.76.59.1.9"


class Row(NamedTuple):
    """What a file comes to: state, time, label, signer, identity."""

    state: str
    time: str
    label: str
    signer: str
    identity: str = "none"
    kind: str | None = None  #: what is said of AI: of the file itself, else in its history
    errors: tuple[str, ...] = ()  #: with ``--policy intact``
    content: str = "intact"


ROWS: dict[str, Row] = {
    "adobe-connected-identities.jpg": Row("trusted", "claim-proven", "none", "trusted", "not-checked"),
    "adobe-content-authenticity.jpeg": Row("trusted", "proven", "none", "trusted", "not-checked"),
    "adobe-firefly-2024.jpg": Row("trusted", "claim-proven", "present", "trusted", kind="ai_generated"),
    "adobe-firefly-2025.jpg": Row("trusted", "claim-proven", "present", "trusted", kind="ai_generated"),
    "adobe-ocsp.jpg": Row("trusted", "claim-proven", "present contains", "trusted", kind="ai_modified"),
    "adobe-photoshop.jpg": Row("trusted", "claim-proven", "none", "trusted"),
    "azure-trusted-signing.jpg": Row(
        "invalid", "proven", "unvouched", "bad-signature", errors=("policy.state", "signer.bad-certificate")
    ),
    "dash-init.mp4": Row("unsigned", "none", "none", "not-applicable", content="not-applicable"),
    "google-gemini.jpg": Row("trusted", "proven", "inherited", "trusted", kind="ai_generated"),
    "microsoft-bing.jpg": Row("valid", "claim-proven", "none", "unknown"),
    "openai-chatgpt.png": Row(
        "invalid", "none", "inherited", "expired", kind="ai_generated", errors=("policy.state", "signer.expired")
    ),
    "openai-dalle.webp": Row("trusted", "claim-proven", "inherited", "trusted", kind="ai_generated"),
    "openai-video.mp4": Row("trusted", "proven", "present", "trusted", kind="ai_generated"),
    "truepic-2023-stray-zeros.jpg": Row(
        *("invalid", "claim-proven", "none", "trusted"),
        content="not-fully-bound",
        errors=("content.not-fully-bound", "policy.state"),
    ),
    "ica/signature_mismatch.jpg": Row("trusted", "none", "none", "trusted", "bad", errors=("identity.bad",)),
    "ica/success.jpg": Row("trusted", "none", "none", "trusted", "not-checked"),
    "ica/unresolvable_did.jpg": Row("trusted", "none", "none", "trusted", "not-checked"),
    "ica/valid_time_stamp.jpg": Row("trusted", "none", "none", "trusted", "not-checked"),
    "made/app11-not-jp.jpg": Row(
        *("unreadable", "none", "none", "not-applicable"),
        content="unreadable",
        errors=("content.malformed", "policy.state"),
    ),
    "made/app11-number-0.jpg": Row("trusted", "none", "present unvouched", "trusted", kind="ai_generated"),
    "made/child_of_comp.jpg": Row("trusted", "none", "inherited", "trusted", kind="ai_generated"),
    "made/comp.jpg": Row("trusted", "none", "present unvouched", "trusted", kind="ai_generated"),
    "made/plain.jpg": Row("trusted", "none", "present unvouched", "trusted", kind="ai_generated"),
}


@pytest.fixture(scope="module")
def producers() -> Path:
    return corpus_of_others("producers")


@pytest.fixture(scope="module")
def lists(producers: Path) -> TrustStore:
    """Those that the expectations were written for, and the test roots of the SDK."""
    folder = producers / "trust"
    signers = TrustStore.load(folder / "C2PA-TRUST-LIST.pem", folder / "interim-anchors.pem", public=True)
    leaves = TrustStore.load(folder / "interim-allowed.pem", leaves=True, public=True)
    clocks = ("C2PA-TSA-TRUST-LIST.pem", "interim-anchors.pem", "digicert-roots.pem")
    times = TrustStore.load(*(folder / name for name in clocks), purpose="timestamp", public=True)
    return signers + leaves + times + TrustStore.load(corpus_of_others() / _ROOTS, test=True)


@pytest.fixture(scope="module")
def judged(producers: Path, lists: TrustStore, sandbox: Sandbox) -> dict[str, FileReport]:
    report = verify_paths([producers], trust=lists, policy=_intact(), sandbox=sandbox)
    assert not report.errors
    return {str(Path(file.path).relative_to(producers)): file for file in report.files}


def _intact() -> object:
    from provlabel.policy.gate import BUILTIN

    return BUILTIN["intact"]


def test_every_file_has_a_row(producers: Path, judged: dict[str, FileReport]) -> None:
    told = json.loads((producers / "expected.json").read_text())["files"]
    assert set(told) == set(ROWS) == set(judged)


@pytest.mark.parametrize("name", ROWS)
def test_what_a_file_comes_to(name: str, judged: dict[str, FileReport]) -> None:
    file, row = judged[name], ROWS[name]
    axes = file.axes
    assert (file.state, axes.time, " ".join(axes.label), axes.signer) == row[:4]
    assert (axes.content, axes.identity) == (row.content, row.identity)
    assert tuple(sorted({found.rule for found in file.findings if found.counts})) == row.errors
    own = file.label.kind if file.label else None
    assert row.kind == (own or next((one.kind for one in file.ai_history), None))


def test_an_engine_code_is_never_blamed_on_the_file(judged: dict[str, FileReport]) -> None:
    rules = {found.rule for file in judged.values() for found in file.findings}
    assert not rules & {"engine.unknown-code", "engine.unknown-remark"}


def test_who_is_named_as_whose_claim(judged: dict[str, FileReport]) -> None:
    [who] = judged["adobe-content-authenticity.jpeg"].identity
    assert who.issuer.startswith("did:web:connected-identities")
    assert who.accounts
    assert all(account.provider for account in who.accounts)


def test_microsofts_purpose_is_accepted_where_somebody_accepts_it(
    producers: Path, lists: TrustStore, sandbox: Sandbox
) -> None:
    path = producers / "microsoft-bing.jpg"
    [without] = verify_file(path, trust=lists, sandbox=sandbox).files
    found = next(one for one in without.findings if one.rule == "signer.wrong-purpose")
    assert MICROSOFT in found.message
    assert f"--eku {MICROSOFT}" in found.hint
    assert "does not fit" not in " ".join(one.message for one in without.findings)
    [accepted] = verify_file(path, trust=lists.accepting(MICROSOFT), sandbox=sandbox).files
    assert (accepted.state, accepted.axes.time) == ("trusted", "claim-proven")


# --- hints -----------------------------------------------------------------------------------------

#: What only somebody else can do, in the words of a hint.
_OTHERS = re.compile(r"^(ask |do not rely|treat the file as hostile|never use|see the other findings)")


def _options(producers: Path, *left_out: str) -> list[str]:
    folder = producers / "trust"
    given = {
        "--trust": (folder / "C2PA-TRUST-LIST.pem", folder / "interim-anchors.pem", corpus_of_others() / _ROOTS),
        "--trust-leaf": (folder / "interim-allowed.pem",),
        "--tsa-trust": tuple(
            folder / name for name in ("C2PA-TSA-TRUST-LIST.pem", "interim-anchors.pem", "digicert-roots.pem")
        ),
    }
    return [
        part
        for option, paths in given.items()
        for path in paths
        if option not in left_out
        for part in (option, str(path))
    ]


@pytest.fixture
def findings(cli: Cli, producers: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Verify on the command line, and return the hint of each finding."""

    def run(path: Path, *more: str, left_out: Sequence[str] = ()) -> dict[str, str]:
        done = cli("verify", path, *_options(producers, *left_out), *more, "--format", "json", cwd=tmp_path)
        [file] = json.loads(done.stdout)["files"]
        return {found["rule"]: found["hint"] for found in file["findings"]}

    return run


@pytest.mark.parametrize(
    ("rule", "name", "left_out"),
    [
        ("signer.no-anchors", "adobe-firefly-2025.jpg", ("--trust", "--trust-leaf")),
        ("time.untrusted-stamp", "adobe-firefly-2025.jpg", ("--tsa-trust",)),
        ("time.untrusted-stamp", "google-gemini.jpg", ("--tsa-trust",)),
    ],
)
def test_the_list_that_is_asked_for_settles_it(
    rule: str, name: str, left_out: Sequence[str], findings: Callable[..., dict[str, str]], producers: Path
) -> None:
    before = findings(producers / name, left_out=left_out)
    assert left_out[0] in before[rule]
    assert rule not in findings(producers / name)


def test_a_signer_who_is_known_is_named_by_their_ca(findings: Callable[..., dict[str, str]], producers: Path) -> None:
    only = ("--trust", str(corpus_of_others() / _ROOTS))
    before = findings(producers / "adobe-firefly-2025.jpg", *only, left_out=("--trust", "--trust-leaf"))
    assert "--trust" in before["signer.unknown"]
    assert "signer.unknown" not in findings(producers / "adobe-firefly-2025.jpg")


def test_a_purpose_is_accepted_by_the_option_that_is_named(
    findings: Callable[..., dict[str, str]], producers: Path
) -> None:
    path = producers / "microsoft-bing.jpg"
    option = re.search(r"--eku \S+", findings(path)["signer.wrong-purpose"])
    assert option is not None
    after = findings(path, *option[0].rstrip(";,").split())
    assert not {"signer.wrong-purpose", "policy.state"} & set(after)


def test_an_issuer_is_named_by_the_option_that_is_named(
    findings: Callable[..., dict[str, str]], producers: Path, judged: dict[str, FileReport]
) -> None:
    path = producers / "ica" / "success.jpg"
    assert "--identity-issuer" in findings(path)["identity.unknown-issuer"]
    [who] = judged["ica/success.jpg"].identity
    assert "identity.unknown-issuer" not in findings(path, "--identity-issuer", who.issuer)


@pytest.mark.parametrize("name", ["adobe-photoshop.jpg", "microsoft-bing.jpg", "dash-init.mp4", "ica/success.jpg"])
def test_a_label_is_given_by_the_command_that_is_named(
    name: str, findings: Callable[..., dict[str, str]], producers: Path, tmp_path: Path, cli: Cli
) -> None:
    path = tmp_path / Path(name).name
    shutil.copyfile(producers / name, path)
    hint = findings(path)["policy.label"]
    assert "provlabel label FILE --kind" in hint
    done = cli("label", path, "--kind", "ai_modified", "--signer", "test", "--in-place", cwd=tmp_path)
    if done.returncode:  # what is no media by itself cannot be labeled, and that is said
        assert name == "dash-init.mp4"
        assert "hint:" in done.stderr
        return
    assert "policy.label" not in findings(path, "--trust", "test")


def test_a_state_is_accepted_by_a_policy(
    findings: Callable[..., dict[str, str]], producers: Path, tmp_path: Path
) -> None:
    path = producers / "microsoft-bing.jpg"
    hint = findings(path)["policy.state"]
    accepted = re.search(r"states = \[[^]]*\]", hint)
    assert accepted is not None
    (tmp_path / "p.toml").write_text(f'schema = "policy-v1"\n{accepted[0]}\n')
    assert "policy.state" not in findings(path, "--policy", str(tmp_path / "p.toml"))


#: Rules whose hint one can follow oneself; each has its test above, or says what it needs.
FOLLOWED = {
    "signer.wrong-purpose",
    "identity.unknown-issuer",
    "policy.label",
    "policy.state",
    "time.v1-stamp",
    "time.unproven",
    "identity.unresolved",
}


def test_every_hint_of_a_failing_file_is_followed_or_asks_the_signer(
    producers: Path, lists: TrustStore, sandbox: Sandbox
) -> None:
    report = verify_paths([producers], trust=lists, sandbox=sandbox)
    for file in report.files:
        for found in file.findings:
            if found.level != "note" and not _OTHERS.match(found.hint):
                assert found.hint or found.level == "warning", (file.path, found)
                assert found.rule in FOLLOWED or not found.hint, (file.path, found.rule, found.hint)
