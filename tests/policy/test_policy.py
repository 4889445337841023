"""What a file must be to pass: the policy file, what is in force, exceptions, baseline, and the first draft."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from project import MEDIA, Cli, Under, needs
from provlabel import ConfigError, Label, Policy, Prompt, System, TrustStore, label_file, verify_file, verify_paths
from provlabel.media.sidecar import beside
from provlabel.policy import Gate, load_baseline, load_policy
from provlabel.policy.drafting import draft
from provlabel.policy.globs import matches
from provlabel.report import FileReport, Report, VerificationError
from provlabel.sandbox import Sandbox
from provlabel.schemas import SCHEMAS
from provlabel.signers import Signer
from provlabel.verifying.targets import repository_of, tracked_below

Write = Callable[..., Path]
SCHEMA_LINE = 'schema = "policy-v1"\n'
UNTIL = "2099-01-01"
SIGNER, ISSUER = "provlabel test signer", "provlabel test root"


@pytest.fixture
def tree(media: Path, label: Label, signer: Signer, sandbox: Sandbox) -> Path:
    """A release with one labeled, one changed and one unlabeled picture, and a text."""
    release = media / "release"
    release.mkdir()
    label_file(media / "cover.jpg", release / "good.jpg", label, signer, sandbox=sandbox)
    changed = bytearray((release / "good.jpg").read_bytes())
    changed[-100:] = bytes(100)
    (release / "tampered.jpg").write_bytes(changed)
    (media / "still.png").rename(release / "plain.png")
    (release / "notes.txt").write_text("for people")
    for name in ("cover.jpg", "take.wav", "take.mp3", "take.flac"):
        (media / name).unlink()
    return media


@pytest.fixture
def policy(tmp_path: Path) -> Write:
    """Write a policy; the line with the schema comes by itself."""

    def write(text: str, name: str = "policy.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCHEMA_LINE + text)
        return path

    return write


@pytest.fixture
def judge(tree: Path, trust: TrustStore, sandbox: Sandbox) -> Callable[[Path | Policy], Report]:
    """Verify the tree, whose root is that of the patterns."""

    def run(policy: Path | Policy) -> Report:
        enforced = load_policy(policy).enforced if isinstance(policy, Path) else Gate.of(policy).first
        return verify_paths([tree], trust=trust, policy=Gate(first=enforced, root=tree), sandbox=sandbox)

    return run


def outcomes(report: Report) -> dict[str, str]:
    return {Path(item.path).name: item.outcome for item in report.files}


def of(report: Report, name: str) -> FileReport:
    return next(item for item in report.files if Path(item.path).name == name)


def rules(item: FileReport) -> set[str]:
    return {found.rule for found in item.findings if found.counts}


# --- patterns --------------------------------------------------------------------------------------

PATTERNS = (
    "*.wav", "release/*.wav", "release/**", "**/stems/*.wav", "release/**/mix.wav", "old", "old/", "/top.png",
    "**/mix.wav", "x/**/y/*", "a**c.png", "/old/**", "**/x", "[r-t]*/x",
    "a?c.png", "take[0-9].wav", "take[!0-9].wav", "**", "*", "re*/*", "deep/**/x", "a.b/c+d.png",
    "[^r]*", "take[^0-9].wav", "take[]X].wav", "top.png/", "old/**/", "**/x/",
)  # fmt: skip
PATHS = (
    "top.png", "x/top.png", "take.wav", "release/take.wav", "release/a/take.wav", "release/stems/one.wav",
    "release/mix.wav", "release/a/b/mix.wav", "old/x.png", "x/old/y/z.png", "older/x.png", "abc.png", "a/c.png",
    "take1.wav", "takeX.wav", "deep/x", "deep/a/b/x", "deepx/x", "a.b/c+d.png", "aXb/ccd.png", "re/x", "re/x/y",
    "take].wav", "old/y/x",
)  # fmt: skip


@needs("git")
def test_patterns_mean_what_git_means_by_them(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for pattern in PATTERNS:
        (tmp_path / ".gitignore").write_text(pattern + "\n")
        done = subprocess.run(
            ["git", "-C", tmp_path, "check-ignore", "--no-index", "--stdin"],
            input="\n".join(PATHS), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert [path for path in PATHS if matches(pattern, path)] == done.stdout.split(), pattern


PATTERN_OF_OTHERS = ("**/" * 160 + "b", "*a" * 240 + "b", "**/*a*a*a*a*a*a*a*a*a*a*a*a*b", "[a-" * 160, "*" * 500)


@pytest.mark.parametrize("pattern", PATTERN_OF_OTHERS, ids=lambda pattern: pattern[:6])
def test_a_hostile_pattern_costs_no_more_than_the_product_of_the_lengths(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy that is found may be the adversary's.  What is counted are lines of ours; an expression has none."""
    path, lines = "/".join(["a" * 250] * 16), 0
    most = len(pattern) * len(path)

    def count(_frame: object, event: str, _value: object) -> Any:
        nonlocal lines
        lines += event == "line"
        if lines > most:
            raise OverflowError("it tries too much again")
        return count

    with monkeypatch.context() as patch:
        for name in ("compile", "match", "fullmatch", "search"):
            patch.setattr(re, name, lambda *_: pytest.fail("a regular expression was made of a pattern"))
        before = sys.gettrace()
        sys.settrace(count)
        try:
            found = matches(pattern, path)
        finally:
            sys.settrace(before)
    assert found is (pattern == "*" * 500)


@needs("git")
def test_a_repository_of_somebody_else_moves_no_root(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert repository_of(inner) == tmp_path
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path / ".git", 12345, 12345)
    assert repository_of(inner) is None
    assert repository_of(tmp_path) == tmp_path


# --- the file --------------------------------------------------------------------------------------

FAULTS = (
    ("", "says nothing"),
    ('name = "only a name"', "says nothing"),
    ('stats = ["trusted"]', "line 2: stats: unknown field (did you mean states?)"),
    ('states = ["trustd"]', "line 2: states.0: unknown value 'trustd' (did you mean trusted?)"),
    ('# \u2028 \x85\nlabl = true', "line 3: labl: unknown field"),
    ('[files]\ninclude = ["./release/**"]', "files.include.0: ./release/** means no path"),
    ('[files]\ninclude = ["**", "!secret/**"]', "files.include.1: there is no ! in a policy"),
    (
        f'[[exceptions]]\npath = "../x"\nrule = "policy.*"\nreason = "r"\nowner = "o"\nexpires = {UNTIL}',
        "line 3: exceptions.0.path: ../x means no path",
    ),
    ('states = ["invalid"]', "states.0: unknown value 'invalid'"),
    ("states = []", "line 2: states: "),
    ('label = "yes"', "line 2: label: 'yes' is neither \"boolean\" nor \"table\""),
    ("[label]\nrequird = true", "label.requird: unknown field (did you mean required?)"),
    ('[label]\ncorrections_by = [{issuer = "A"}]', "label.corrections_by.0: names no subject"),
    ('fields = ["sistems"]', "line 2: fields.0: sistems is no field of a label (did you mean systems?)"),
    ('fields = ["systems.nam"]', "line 2: fields.0: nam is no field of a label (did you mean name?)"),
    ('fields = ["prompt.text"]', "line 2: fields.0: is personal"),
    ('label = true\n[levels]\n"time.unprovn" = "error"', "line 4: levels.time.unprovn: no such rule (did you mean"),
    ('[levels]\n"time.unproven" = "eror"', "line 3: levels.time.unproven: unknown value 'eror' (did you mean error?)"),
    ('[levels]\n"content.altered" = "note"', "line 3: levels.content.altered: a broken file stays an error"),
    ('[levels]\n"engine.unknown-code" = "note"', "a broken file stays an error"),
    ('[levels]\n"policy.state" = "warning"', "cannot be lowered"),
    ("[[signers]]\nissuer = 'A'", "line 2: signers.0: names no subject"),
    ("[[signers]]\nname = 'A'", "line 2: signers.0: names no issuer"),
    ('forbid = ["human-made-by-generator"]', "line 2: forbid: human-made-by-generator forbids nothing"),
    ('forbid = ["clear-promt"]', "(did you mean clear-prompt?)"),
    ("[files]\ninclude = []", "line 3: files.include: "),
    ("[files]\nmedia = ['picture']", "line 3: files.media.0: unknown value 'picture'"),
    (
        "[[exceptions]]\npath = 'a'\nrule = 'policy.label'\nreason = 'r'\nowner = 'o'\nexpires = 2099-01-01\n"
        "[[exceptions]]\npath = 'b'\nrule = 'policy.lable'\nreason = 'r'\nowner = 'o'\nexpires = 2099-01-01\n",
        "line 10: exceptions.1.rule: no such rule (did you mean policy.label?)",
    ),
    ("[[exceptions]]\npath = 'a'\nrule = 'policy.label'\nreason = 'r'\nowner = 'o'", "0: expires is missing"),
    (
        "[[exceptions]]\npath = 'a'\nrule = 'policy.label'\nreason = 'r'\nowner = 'o'\nexpires = '2026-13-01'",
        "exceptions.0.expires: ",
    ),
    (
        f"[[exceptions]]\nrule = 'policy.label'\nreason = 'r'\nowner = 'o'\nexpires = {UNTIL}",
        "line 2: exceptions.0: names no file",
    ),
    (
        f"[[exceptions]]\npath = '**'\nrule = 'content.*'\nreason = 'r'\nowner = 'o'\nexpires = {UNTIL}",
        "line 4: exceptions.0.rule: content.altered speaks of a broken file",
    ),
    (
        f"[[exceptions]]\npath = '**'\nrule = '*'\nreason = 'r'\nowner = 'o'\nexpires = {UNTIL}",
        "exceptions.0.rule: no such rule",
    ),
    (
        f"[[exceptions]]\npath = '**'\nrule = 'policy.label'\nreason = ''\nowner = 'o'\nexpires = {UNTIL}",
        "line 5: exceptions.0.reason: ",
    ),
    (
        f"[[exceptions]]\npath = 'a'\nsidecar_sha256 = '{'0' * 64}'\nrule = 'policy.label'\nreason = 'r'\nowner = 'o'\n"
        f"expires = {UNTIL}",
        "line 4: exceptions.0.sidecar_sha256: says what lies beside which file?",
    ),
    ('[files]\nothers = "errors"', "line 3: files.others: unknown value 'errors' (did you mean error?)"),
    ('[files]\nallow = [".md"]', "line 3: files.allow.0: "),
    ("label == true", "line 2, column 8"),
    ("label = true\nlabel = false", "cannot overwrite a value"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "told"), FAULTS, ids=[told[:40] for _, told in FAULTS])
def test_a_fault_is_told_with_its_place_and_what_was_meant(text: str, told: str, policy: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_policy(policy(text))
    assert told in str(caught.value)
    assert "policy.toml: " in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_faults_are_told_at_once(policy: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_policy(policy('stats = 1\nlable = true\n[files]\nmedia = ["picture"]'))
    assert all(word in str(caught.value) for word in ("line 2: stats", "line 3: lable", "line 5: files.media.0"))


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\x00", b"schema = 'policy-v2'\nlabel = true", b"a" * (1 << 20) + b"b"])
def test_what_is_no_policy_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes(raw)
    with pytest.raises(ConfigError):
        load_policy(tmp_path / "p.toml")


def test_a_policy_without_its_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("label = true")
    with pytest.raises(ConfigError, match='the line schema = "policy-v1" is missing'):
        load_policy(tmp_path / "p.toml")


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_policy_that_cannot_be_read_is_a_wrong_request(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_policy(tmp_path / name)


FULL = f"""
name = "release"
states = ["trusted", "valid"]
label = true
revocation = false
fields = ["systems.version", "provider.name"]
forbid = ["unsigned-carrier", "human-made-by-generator", "clear-prompt"]
[files]
include = ["release/**"]
media = ["image", "audio"]
tracked = false
outside = "error"
others = "error"
allow = ["md", ""]
[levels]
"time.unproven" = "note"
[[signers]]
issuer = "{ISSUER}"
name = "{SIGNER}"
generator = true
[[exceptions]]
path = "release/old/**"
sha256 = "{"0" * 64}"
rule = "policy.*"
reason = "drawn by hand in 1999"
owner = "ana@acme.example"
expires = {UNTIL}
"""


def test_everything_that_a_policy_can_say_fits_the_published_schema(policy: Write) -> None:
    path = policy(FULL)
    loaded = load_policy(path).enforced.policy
    assert (loaded.name, loaded.levels, loaded.exceptions[0].expires) == (
        "release", {"time.unproven": "note"}, dt.date(2099, 1, 1),
    )  # fmt: skip
    plain = msgspec.to_builtins(msgspec.toml.decode(path.read_bytes()))
    jsonschema_rs.Draft202012Validator(SCHEMAS["policy"]()).validate(plain)


# --- what it asks for ------------------------------------------------------------------------------


def test_only_the_files_that_it_is_about(judge: Callable[[Path], Report], tree: Path, policy: Write) -> None:
    shutil.copy(tree / "release" / "plain.png", tree / "elsewhere.png")
    report = judge(policy('[files]\ninclude = ["release/*.jpg"]'))
    assert outcomes(report) == {"good.jpg": "passed", "tampered.jpg": "failed"}
    assert report.summary.outside == 2
    assert {Path(item.path).name for item in report.skipped} == {"elsewhere.png", "plain.png"}
    assert report.summary.not_media == 1


def test_only_some_media(judge: Callable[[Path], Report], policy: Write) -> None:
    report = judge(policy('[files]\nmedia = ["audio"]'))
    assert (len(report.files), report.summary.outside, report.passed) == (0, 3, False)


@needs("git")
def test_only_what_git_tracks(judge: Callable[[Path], Report], tree: Path, policy: Write) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    subprocess.run(["git", "-C", tree, "add", "release/good.jpg"], check=True)
    hook = tree / "ran"
    subprocess.run(["git", "-C", tree, "config", "core.fsmonitor", f"touch {hook}"], check=True)
    report = judge(policy("[files]\ntracked = true"))
    assert outcomes(report) == {"good.jpg": "passed"}
    assert (report.summary.untracked, report.summary.repositories) == (2, 1)
    assert not hook.exists(), "a setting of the repository was run"


@needs("git")
def test_git_fetches_nothing_to_say_what_it_tracks(tree: Path) -> None:
    """A sparse index whose folder is missing makes git ask its remote, by a program that the settings name."""

    def git(*args: str) -> str:
        return subprocess.run(["git", "-C", tree, *args], check=True, capture_output=True, text=True).stdout.strip()

    subprocess.run(["git", "init", "-q", tree], check=True)
    (tree / "other").mkdir()
    shutil.copy(tree / "release" / "plain.png", tree / "other")
    git("add", "-A")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")
    git("sparse-checkout", "set", "--cone", "--sparse-index", "release")
    missing, hook = git("rev-parse", "HEAD:other"), tree / "ran"
    (tree / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
    for key, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "far",
        "remote.far.promisor": "true",
        "remote.far.url": "ssh://far.example/x",
        "core.sshCommand": f"touch {hook}; false",
        "protocol.ssh.allow": "always",
    }.items():
        git("config", key, value)
    assert "release/good.jpg" in tracked_below(tree)
    assert not hook.exists(), "a setting of the repository was run"


@needs("git")
def test_no_repository_tracks_nothing(judge: Callable[[Path], Report], policy: Write) -> None:
    with pytest.raises(ConfigError, match="git does not say"):
        judge(policy("[files]\ntracked = true"))


def test_neither_a_named_file_outside_of_it_passes_nor_a_folder_of_them(
    tree: Path, trust: TrustStore, sandbox: Sandbox
) -> None:
    gate = Gate(
        first=Gate.of(Policy(files=msgspec.convert({"include": ["x/**"]}, type(Policy().files)))).first, root=tree
    )
    named = verify_paths([tree / "release" / "plain.png"], trust=trust, policy=gate, sandbox=sandbox)
    assert (named.passed, named.summary.outside, named.summary.refused) == (False, 1, 1)
    with pytest.raises(VerificationError, match=r"plain\.png: not judged: outside"):
        named.require()
    assert not verify_paths([tree], trust=trust, policy=gate, sandbox=sandbox).passed


def test_a_name_that_is_misspelt_does_not_pass_as_outside(tree: Path, cli: Cli) -> None:
    (tree / "provlabel.toml").write_text(SCHEMA_LINE + '[files]\ninclude = ["release/**"]\n')
    (tree / "nowhere.png").symlink_to("gone.png")
    for name in ("relaese", "relaese/good.jpg", "nowhere.png"):
        done = cli("verify", name, "--policy", "provlabel.toml", cwd=tree)
        assert (done.returncode, "no such file" in done.stdout) == (3, True), name


@needs("git")
def test_a_folder_does_not_leave_the_policy_by_becoming_a_link(tree: Path, cli: Cli, policy: Write) -> None:
    (tree / "release").rename(tree / "moved")
    (tree / "release").symlink_to("moved")
    subprocess.run(["git", "init", "-q", tree], check=True)
    subprocess.run(["git", "-C", tree, "add", "-A"], check=True)
    for files in ("tracked = true", 'include = ["moved/**"]'):
        named = "release/plain.png", "--policy", policy(f"[files]\n{files}\n")
        assert cli("verify", *named, "--trust", "test", cwd=tree).returncode == 1, files


@needs("git")
def test_a_folder_that_is_gone_does_not_pass_as_untracked(tree: Path, cli: Cli) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    (tree / "provlabel.toml").write_text(SCHEMA_LINE + "[files]\ntracked = true\n")
    assert cli("verify", "gone", "--policy", "provlabel.toml", cwd=tree).returncode == 3


def test_what_lies_outside_of_the_root_is_always_judged(
    tree: Path, trust: TrustStore, sandbox: Sandbox, tmp_path: Path
) -> None:
    inner = tmp_path / "root"
    inner.mkdir()
    gate = Gate(
        first=Gate.of(Policy(files=msgspec.convert({"include": ["x/**"]}, type(Policy().files)))).first, root=inner
    )
    assert not verify_file(tree / "release" / "plain.png", trust=trust, policy=gate, sandbox=sandbox).passed
    # Under another name of the root, it is still below it.
    (tmp_path / "alias").symlink_to(tree)
    gate = msgspec.structs.replace(gate, root=tree)
    seen = verify_paths([tmp_path / "alias" / "release" / "plain.png"], trust=trust, policy=gate, sandbox=sandbox)
    assert seen.summary.outside == 1


@pytest.mark.parametrize(
    ("signers", "accepted"),
    [
        (f'issuer = "{ISSUER}"\nname = "{SIGNER}"', True),
        (f'issuer = "{ISSUER}"\norganization = "Acme"', False),
        (f'issuer = "other"\nname = "{SIGNER}"', False),
        (f'issuer = "{ISSUER}"\nname = "provlabel test"', False),
        (f'issuer = "other"\nname = "x"\n[[signers]]\nissuer = "{ISSUER}"\nname = "{SIGNER}"', True),
    ],
)
def test_accepted_signers(signers: str, accepted: bool, judge: Callable[[Path], Report], policy: Write) -> None:
    good = of(judge(policy(f"[[signers]]\n{signers}")), "good.jpg")
    assert rules(good) == (set() if accepted else {"policy.signer"})


def test_a_name_that_nobody_vouches_for_is_no_accepted_signer(tree: Path, policy: Write, sandbox: Sandbox) -> None:
    path = policy(f'states = ["valid"]\n[[signers]]\nissuer = "{ISSUER}"\nname = "{SIGNER}"')
    report = verify_file(tree / "release" / "good.jpg", policy=Gate(first=load_policy(path).enforced), sandbox=sandbox)
    assert rules(report.files[0]) == {"policy.signer"}


@pytest.mark.parametrize(
    ("field", "there"),
    [("systems", True), ("systems.version", True), ("provider.name", True), ("provider.url", False),
     ("contributions", False), ("event_time", True), ("systems.identifier", False)],
)  # fmt: skip
def test_required_fields(field: str, there: bool, judge: Callable[[Path], Report], policy: Write) -> None:
    report = judge(policy(f'fields = ["{field}"]'))
    assert rules(of(report, "good.jpg")) == (set() if there else {"policy.field"})


def test_levels(judge: Callable[[Path], Report], policy: Write) -> None:
    good = of(judge(policy('[levels]\n"time.unproven" = "error"')), "good.jpg")
    assert rules(good) == {"time.unproven"}
    good = of(judge(policy('[levels]\n"time.unproven" = "note"')), "good.jpg")
    assert next(item.level for item in good.findings if item.rule == "time.unproven") == "note"


def test_a_label_may_be_optional(judge: Callable[[Path], Report], policy: Write) -> None:
    report = judge(policy('states = ["trusted", "unsigned"]\nlabel = false'))
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "passed", "tampered.jpg": "failed"}


def test_a_prompt_in_clear_can_be_forbidden(
    tree: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, policy: Write
) -> None:
    label = Label(kind="ai_generated", systems=(System(name="A"),), prompt=Prompt(text="secret"))
    source, dest = tree / "release" / "plain.png", tree / "told.png"
    label_file(source, dest, label, signer, prompt_mode="clear", sandbox=sandbox)
    gate = Gate(first=load_policy(policy('forbid = ["clear-prompt"]')).enforced)
    assert rules(verify_file(dest, trust=trust, policy=gate, sandbox=sandbox).files[0]) == {"policy.clear-prompt"}
    label_file(source, tree / "kept.png", label, signer, prompt_mode="hash", sandbox=sandbox)
    assert verify_file(tree / "kept.png", trust=trust, policy=gate, sandbox=sandbox).passed


def test_people_are_not_claimed_by_the_key_of_a_generator(
    tree: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, policy: Write
) -> None:
    dest = tree / "human.png"
    label_file(tree / "release" / "plain.png", dest, Label(kind="human_made"), signer, sandbox=sandbox)
    who = f'[[signers]]\nissuer = "{ISSUER}"\nname = "{SIGNER}"\n'
    forbid = 'forbid = ["human-made-by-generator"]\n'
    found = load_policy(policy(forbid + who + "generator = true")).enforced
    report = verify_file(dest, trust=trust, policy=Gate(first=found), sandbox=sandbox)
    assert rules(report.files[0]) == {"policy.human-made-by-generator"}
    found = load_policy(policy(forbid + who + '[[signers]]\nissuer = "x"\nname = "y"\ngenerator = true')).enforced
    assert verify_file(dest, trust=trust, policy=Gate(first=found), sandbox=sandbox).passed


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
    b'"http://cv.iptc.org/newscodes/digitalsourcetype/%s"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif"])
@pytest.mark.parametrize(("term", "claimed"), [("trainedAlgorithmicMedia", True), ("digitalCapture", False)])
def test_claims_without_a_signature_are_shown_and_can_be_forbidden(
    suffix: str, term: str, claimed: bool, tmp_path: Path, sandbox: Sandbox, policy: Write
) -> None:
    path = tmp_path / f"claims{suffix}"
    packet = XMP % term.encode()
    more = {"tiffinfo": {700: packet}} if suffix == ".tif" else {"xmp": packet}
    Image.new("RGB", (64, 64), "teal").save(path, **more)
    item = verify_file(path, sandbox=sandbox).files[0]
    notes = [found for found in item.findings if found.rule == "carrier.unsigned"]
    assert [found.message.rpartition(" ")[2] for found in notes] == ([term] if claimed else [])
    found = load_policy(policy('states = ["unsigned"]\nlabel = false\nforbid = ["unsigned-carrier"]')).enforced
    assert verify_file(path, policy=Gate(first=found), sandbox=sandbox).passed is not claimed


def test_the_mark_of_china_is_a_claim(tmp_path: Path, sandbox: Sandbox) -> None:
    path, mark = tmp_path / "mark.png", PngInfo()
    mark.add_text("AIGC", '{"Label":"1","ContentProducer":"x"}')
    Image.new("RGB", (64, 64), "teal").save(path, pnginfo=mark)
    (found,) = [
        item for item in verify_file(path, sandbox=sandbox).files[0].findings if item.rule == "carrier.unsigned"
    ]
    assert "an AIGC object" in found.message


# --- exceptions ------------------------------------------------------------------------------------


def exception(rule: str = "policy.*", expires: str = UNTIL, **where: str) -> str:
    places = "".join(f'{key} = "{value}"\n' for key, value in where.items())
    return f'[[exceptions]]\n{places}rule = "{rule}"\nreason = "by hand"\nowner = "ana"\nexpires = {expires}\n'


def test_an_exception_stands_for_the_files_that_it_names(judge: Callable[[Path], Report], policy: Write) -> None:
    report = judge(policy(exception(path="release/*.png")))
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "excepted", "tampered.jpg": "failed"}
    excuse = of(report, "plain.png").findings[0].excuse
    assert excuse is not None
    assert (excuse.by, excuse.reason, excuse.owner, excuse.expires) == ("exception", "by hand", "ana", UNTIL)
    assert [(use.files, use.expired) for use in report.exceptions] == [(1, False)]
    assert (report.summary.excepted, report.summary.passed, report.summary.failed) == (1, 1, 1)


def test_an_exception_counts_on_its_last_day_and_not_after(
    tree: Path, trust: TrustStore, sandbox: Sandbox, policy: Write
) -> None:
    gate = Gate(first=load_policy(policy(exception(path="*.png", expires="2026-11-30"))).enforced, root=tree)
    path, zone = tree / "release" / "plain.png", dt.timezone(dt.timedelta(hours=-8))
    for at, outcome in (
        (dt.datetime(2026, 11, 30, 23, 59, tzinfo=dt.timezone.utc), "excepted"),
        (dt.datetime(2026, 11, 30, 23, 59, tzinfo=zone), "failed"),
        (dt.datetime(2026, 12, 1, tzinfo=dt.timezone.utc), "failed"),
    ):
        report = verify_file(path, trust=trust, policy=gate, at=at, sandbox=sandbox)
        assert report.files[0].outcome == outcome
    assert "policy.exception-expired" in {found.rule for found in report.files[0].findings}
    assert "ended on 2026-11-30, ask ana" in report.files[0].findings[-1].message
    assert [(use.files, use.expired) for use in report.exceptions] == [(1, True)]


def test_an_exception_for_a_rule_leaves_others(judge: Callable[[Path], Report], policy: Write) -> None:
    plain = of(judge(policy(exception("policy.label", path="*.png"))), "plain.png")
    assert (plain.outcome, rules(plain)) == ("failed", {"policy.state"})


def test_a_broken_file_is_excepted_by_its_content_alone(
    judge: Callable[[Path], Report], tree: Path, policy: Write
) -> None:
    tampered = tree / "release" / "tampered.jpg"
    digest = hashlib.sha256(tampered.read_bytes()).hexdigest()
    text = exception("policy.*", path="*.jpg") + exception("content.altered", sha256=digest)
    assert outcomes(judge(policy(text)))["tampered.jpg"] == "excepted"
    tampered.write_bytes(tampered.read_bytes()[:-100] + bytes(99) + b"x")
    assert outcomes(judge(policy(text)))["tampered.jpg"] == "failed"


def test_an_exception_by_content_is_for_what_lies_beside_it_too(
    judge: Callable[[Path], Report], tree: Path, policy: Write, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    plain, digest = tree / "release" / "plain.png", digest_of(tree / "release" / "plain.png")
    assert outcomes(judge(policy(exception(sha256=digest))))["plain.png"] == "excepted"
    label_file(plain, plain, label, signer, detached=True, sandbox=sandbox)
    beside = plain.with_name("plain.png.c2pa")
    beside.write_bytes(beside.read_bytes().replace(b"AcmeSynth", b"AcmeSynti"))
    text = exception(sha256=digest) + exception("content.altered", sha256=digest)
    assert outcomes(judge(policy(text)))["plain.png"] == "failed"
    named = {"sha256": digest, "sidecar_sha256": digest_of(beside)}
    text = exception(**named) + exception("content.*", **named)
    assert outcomes(judge(policy(text)))["plain.png"] == "excepted"


def test_an_exception_that_nothing_needs_is_listed(judge: Callable[[Path], Report], policy: Write) -> None:
    report = judge(policy(exception(path="nowhere/**")))
    assert [use.files for use in report.exceptions] == [0]


# --- given, found, extended, pinned ----------------------------------------------------------------


def test_a_found_policy_only_tightens(
    tree: Path, trust: TrustStore, sandbox: Sandbox, policy: Write, credential: Path
) -> None:
    shutil.copy(credential / "root.pem", tree / "root.pem")
    loose = (
        'states = ["trusted", "valid", "unsigned"]\nlabel = false\nfields = ["contributions"]\n'
        '[files]\ninclude = ["nothing/**"]\n[levels]\n"time.unproven" = "note"\n"label.unvouched" = "note"\n'
        + exception(path="**")
        + f'[trust]\nanchors = ["{tree / "root.pem"}"]\n'
    )
    loaded = load_policy(policy(loose), found=True)
    assert loaded.trust == TrustStore()
    info = loaded.enforced.infos[0]
    assert (info.source, info.ignored) == ("found", ("anchors", "exceptions", "lowered levels"))
    default = Gate.of(Policy()).first
    report = verify_paths(
        [tree], trust=trust, policy=Gate(first=default, others=(loaded.enforced,), root=tree), sandbox=sandbox
    )
    alone = verify_paths([tree], trust=trust, policy=Gate(first=default, root=tree), sandbox=sandbox)
    assert [item.findings for item in report.files] == [item.findings for item in alone.files]
    tight = load_policy(policy('fields = ["contributions"]\n[levels]\n"time.unproven" = "error"'), found=True).enforced
    report = verify_paths([tree], trust=trust, policy=Gate(first=default, others=(tight,), root=tree), sandbox=sandbox)
    assert rules(of(report, "good.jpg")) == {"policy.field", "time.unproven"}


def test_a_policy_adds_to_what_it_extends(policy: Write, tree: Path, credential: Path) -> None:
    shutil.copy(credential / "root.pem", tree.parent / "root.pem")
    policy(
        'states = ["trusted", "valid"]\nfields = ["systems"]\n[files]\nmedia = ["image"]\n'
        '[trust]\nanchors = ["../root.pem"]\n' + exception(path="a"),
        "org/base.toml",
    )
    own = policy('extends = ["org/base.toml"]\nstates = ["trusted"]\nfields = ["provider"]\n[files]\ninclude = ["x"]')
    loaded = load_policy(own)
    found = loaded.enforced.policy
    assert (found.states, found.fields) == (("trusted",), ("systems", "provider"))
    assert (found.files.include, found.files.media, len(found.exceptions)) == (("x",), ("image",), 1)
    assert [info.source for info in loaded.enforced.infos] == ["given", "extended"]
    assert len(loaded.trust.lists) == 1


def test_a_hostile_policy_is_refused_before_it_is_read_on(policy: Write) -> None:
    """One that is found may be the adversary's: a tower of policies, names without end, lists in lists."""
    for floor in range(8):
        policy("extends = [" + f'"f{floor + 1}.toml", ' * 8 + "]\n", f"f{floor}.toml")
    policy("label = true", "f8.toml")
    with pytest.raises(ConfigError, match="extends more than 64 policies"):
        load_policy(policy('extends = ["f0.toml"]').with_name("f1.toml"), found=True)
    for text in ("a" + ".a" * 200_000 + " = 1", "[a" + ' . "b \\" c"' * 60_000 + "]", "x = " + "[" * 400 + "]" * 400):
        with pytest.raises(ConfigError, match="more than 32"):
            load_policy(policy(text), found=True)


def test_policies_that_extend_each_other_end(policy: Write) -> None:
    policy('extends = ["b.toml"]', "a.toml")
    with pytest.raises(ConfigError, match="without end"):
        load_policy(policy('extends = ["a.toml"]', "b.toml"))


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_pin_holds_the_policy_and_all_that_it_names(policy: Write, credential: Path, tmp_path: Path) -> None:
    root = Path(shutil.copy(credential / "root.pem", tmp_path / "root.pem"))
    plain = policy("label = true")
    assert load_policy(plain, pin=digest_of(plain)).enforced.policy.label
    with pytest.raises(ConfigError, match="has not the SHA-256"):
        load_policy(plain, pin="0" * 64)
    open_end = policy('[trust]\nanchors = ["root.pem"]')
    with pytest.raises(ConfigError, match="has no sha256, though the policy is pinned"):
        load_policy(open_end, pin=digest_of(open_end))
    closed = policy(f'[trust]\nanchors = [{{ path = "root.pem", sha256 = "{digest_of(root)}" }}]')
    assert len(load_policy(closed, pin=digest_of(closed)).trust.lists) == 1
    root.write_text(root.read_text() * 2)
    with pytest.raises(ConfigError, match=r"root\.pem: has the SHA-256"):
        load_policy(closed, pin=digest_of(closed))


# --- baseline --------------------------------------------------------------------------------------


def test_only_new_findings_fail_against_a_baseline(
    tree: Path, tmp_path: Path, cli: Cli, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    known = tmp_path / "known.json"
    assert cli("verify", ".", "--trust", "test", "--format", f"json={known}", "-q", cwd=tree).returncode == 1
    run = ("verify", ".", "--trust", "test", "--baseline", known)
    done = cli(*run, cwd=tree)
    assert done.returncode == 1
    assert "the baseline has findings on 1 file that nobody you trust signed, or that are damaged" in done.stdout
    assert re.search(r"^FAIL .*tampered\.jpg$", done.stdout, re.MULTILINE)
    assert re.search(r"^KNOWN .*plain\.png ", done.stdout, re.MULTILINE)
    done = cli(*run, "--accept", "--format", "json", cwd=tree)
    assert done.returncode == 0, done.stderr
    report = msgspec.json.decode(done.stdout, type=Report)
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "known", "tampered.jpg": "known"}
    assert report.baseline is not None
    assert report.baseline.sha256 == digest_of(known)
    # The same finding in a file that is not the same any more is a new one.
    (tree / "release" / "plain.png").write_bytes((tree / "release" / "plain.png").read_bytes() + b"\0")
    done = cli("verify", ".", "--trust", "test", "--baseline", known, "--format", "json", cwd=tree)
    assert done.returncode == 1
    assert outcomes(msgspec.json.decode(done.stdout, type=Report))["plain.png"] == "failed"


def test_a_baseline_never_hides_another_reason(tree: Path, cli: Cli, policy: Write) -> None:
    """What is known is what a finding says, not its rule alone."""
    args = ("verify", "good.jpg", "--trust", "test")
    who = f'[[signers]]\nissuer = "{ISSUER}"\nname = "{SIGNER}"\n'

    def run(text: str, *more: str) -> int:
        return cli(*args, "--policy", policy(text), *more, cwd=tree / "release").returncode

    assert run(f'fields = ["contributions"]\n{who}', "--format", "json=known.json") == 1
    known = ("--baseline", "known.json")
    assert run(f'fields = ["contributions"]\n{who}', *known) == 0
    assert run(f'fields = ["contributions", "provider.url"]\n{who}', *known) == 1
    assert run(f'fields = ["contributions"]\n{who.replace(SIGNER, "somebody else")}', *known) == 1
    assert run('fields = ["provider.url"]', *known) == 1


def test_a_baseline_of_another_version_is_read_and_knows_what_it_says(tree: Path, cli: Cli) -> None:
    """Fields that are new or gone do not matter; a finding that says nothing more than its rule knows nothing."""
    args, known = ("verify", "plain.png", "--trust", "test"), tree / "release" / "known.json"
    assert cli(*args, "--format", f"json={known}", cwd=tree / "release").returncode == 1
    report = json.loads(known.read_text())
    kept = ("path", "state", "sha256", "sidecar_sha256", "findings")
    report["files"] = [{**{key: item[key] for key in kept}, "new": 1} for item in report["files"]]
    known.write_text(json.dumps({"schema": report["schema"], "files": report["files"]}))
    assert cli(*args, "--baseline", known, cwd=tree / "release").returncode == 0
    for found in report["files"][0]["findings"]:
        del found["message"]
    known.write_text(json.dumps({"schema": report["schema"], "files": report["files"]}))
    assert cli(*args, "--baseline", known, cwd=tree / "release").returncode == 1


def test_a_baseline_does_not_put_off_the_last_day_of_an_exception(tree: Path, cli: Cli, policy: Write) -> None:
    ends = policy(exception(path="plain.png", expires="2030-01-01"))
    args = ("verify", "plain.png", "--policy", ends, "--trust", "test")
    folder = tree / "release"
    assert cli(*args, "--at", "2030-01-01", "-o", "known.json", "--format", "json", cwd=folder).returncode == 0
    after = cli(*args, "--at", "2030-01-02", "--baseline", "known.json", cwd=folder)
    assert after.returncode == 1, after.stdout


def test_another_manifest_beside_a_file_is_not_known_to_the_baseline(
    tree: Path, cli: Cli, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    sound = tree / "release" / "plain.png"
    label_file(sound, None, label, signer, sandbox=sandbox, detached=True)
    assert cli("verify", sound, "--format", "json=known.json", cwd=tree).returncode == 1
    assert cli("verify", sound, "--baseline", "known.json", cwd=tree).returncode == 1  # made without the anchors
    assert cli("verify", sound, "--baseline", "known.json", "--accept", cwd=tree).returncode == 0
    beside(sound).unlink()
    label_file(sound, None, Label(kind="human_made"), signer, sandbox=sandbox, detached=True)
    assert cli("verify", sound, "--baseline", "known.json", "--accept", cwd=tree).returncode == 1


def test_a_baseline_knows_names_that_are_no_text(tree: Path, cli: Cli) -> None:
    (tree / "release" / "plain.png").rename(tree / "release" / os.fsdecode(b"odd\xff.png"))
    assert cli("verify", "release", "--trust", "test", "--format", "json=known.json", cwd=tree).returncode == 1
    done = cli("verify", "release", "--trust", "test", "--baseline", "known.json", "--accept", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert cli("verify", "release", "--accept", cwd=tree).returncode == 2


@needs("git")
def test_a_baseline_counts_wherever_in_the_tree_it_was_made(tree: Path, cli: Cli) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    for path in ("plain.png", "./plain.png", tree / "release" / "plain.png"):
        args = ("verify", path, "--trust", "test")
        assert cli(*args, "-o", "known.json", "--format", "json", cwd=tree / "release").returncode == 1
        assert cli(*args, "--baseline", "known.json", cwd=tree / "release").returncode == 0, path


def test_an_expired_exception_has_the_level_that_the_policy_gives_it(
    judge: Callable[[Path], Report], policy: Write
) -> None:
    """Also for a file that another exception still covers."""
    both = exception(path="release/plain.png") + exception(path="release/plain.png", expires="2020-01-01")
    report = judge(policy('[levels]\n"policy.exception-expired" = "error"\n' + both))
    assert rules(of(report, "plain.png")) == {"policy.exception-expired"}


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"schema": "receipt-v1", "files": []}', b"[" * 100_000, b"\xff"])
def test_what_is_no_baseline_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "known.json").write_bytes(raw)
    with pytest.raises(ConfigError, match="is no report"):
        load_baseline(tmp_path / "known.json")


# --- the command line ------------------------------------------------------------------------------


def test_an_archive_that_brings_its_own_policy_and_root_cannot_pass_itself(
    tree: Path, cli: Cli, credential: Path, tmp_path: Path
) -> None:
    """Whatever lies in what is judged, wherever the command is run."""
    own = tree / "provlabel.toml"
    shutil.copy(credential / "root.pem", tree / "root.pem")
    own.write_text(
        SCHEMA_LINE + 'states = ["trusted", "valid", "unsigned"]\nlabel = false\n[trust]\nanchors = ["root.pem"]\n'
        + exception(path="**") + '[files]\ninclude = ["nothing/**"]\n'
    )  # fmt: skip
    shutil.copy(own, tree / "release" / "provlabel.toml")
    for cwd in (tmp_path, tree, tree / "release"):
        done = cli("verify", tree, "--format", "json", cwd=cwd)
        report = msgspec.json.decode(done.stdout, type=Report)
        assert done.returncode == 1
        assert set(outcomes(report).values()) == {"failed"}, cwd
        assert report.anchors == ()
        assert [info.source for info in report.policy] == (["default"] if cwd == tmp_path else ["default", "found"])
    done = cli("verify", ".", cwd=tree)
    assert "its anchors and exceptions do not count" in done.stdout


def test_an_archive_with_a_repository_of_its_own_moves_no_root_that_is_given(
    tree: Path, cli: Cli, credential: Path, policy: Write
) -> None:
    inner = tree / "release"
    subprocess.run(["git", "init", "-q", inner], check=True)
    (inner / "legacy").mkdir()
    (inner / "plain.png").rename(inner / "legacy" / "plain.png")
    given = ("verify", ".", "--trust", "test", "--policy", policy(exception(path="legacy/**")), "--format", "json")
    moved = msgspec.json.decode(cli(*given, cwd=inner).stdout, type=Report)
    assert outcomes(moved)["plain.png"] == "excepted"
    held = msgspec.json.decode(cli(*given, "--root", tree, cwd=inner).stdout, type=Report)
    assert outcomes(held)["plain.png"] == "failed"
    assert cli(*given, "--root", tree / "missing", cwd=inner).returncode == 2


def test_a_given_policy_counts_whole(tree: Path, cli: Cli, credential: Path) -> None:
    shutil.copy(credential / "root.pem", tree / "root.pem")
    (tree / "provlabel.toml").write_text(
        SCHEMA_LINE + '[trust]\nanchors = ["root.pem"]\n' + exception(path="release/*.png")
    )
    done = cli("verify", "release", "--policy", "provlabel.toml", "--format", "json", cwd=tree)
    report = msgspec.json.decode(done.stdout, type=Report)
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "excepted", "tampered.jpg": "failed"}
    assert [info.source for info in report.policy] == ["given"]
    pinned = cli(
        "verify",
        "release",
        "--policy",
        "provlabel.toml",
        "--policy-sha256",
        digest_of(tree / "provlabel.toml"),
        cwd=tree,
    )
    assert pinned.returncode == 2
    assert "no sha256, though the policy is pinned" in pinned.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--policy", "missing.toml"), "missing.toml: no such file"),
        (("--policy", "bad.toml"), "bad.toml: line 2: lable: unknown field (did you mean label?)"),
        (("--policy", "empty.toml"), "empty.toml: policy: says nothing" ),
        (("--policy-sha256", "0" * 64), "pins the file"),
        (("--policy", "good.toml", "--policy-sha256", "0" * 64), "has not the SHA-256"),
        (("--baseline", "good.toml"), "is no report"),
        (("--format", "sarf=x"), "did you mean sarif?"),
        (("--format", "sarif", "--format", "text"), "written to one place"),
        (("--format", "json=a", "--format", "text=a"), "same file"),
        (("--format", "json="), "names no file"),
        (("--workers", "0"), "--workers"),
    ],
)  # fmt: skip
def test_wrong_requests_end_with_2(args: tuple[str, ...], told: str, tree: Path, cli: Cli) -> None:
    (tree / "bad.toml").write_text(SCHEMA_LINE + "lable = true")
    (tree / "empty.toml").write_text("")
    (tree / "good.toml").write_text(SCHEMA_LINE + "label = true")
    done = cli("verify", "release", *args, cwd=tree)
    assert done.returncode == 2, done
    assert told in done.stderr.replace("line 1: ", "")
    assert done.stdout == ""


@needs("git")
def test_a_found_policy_hides_none_above_it(tree: Path, cli: Cli) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    (tree / "provlabel.toml").write_text(SCHEMA_LINE + 'fields = ["contributions"]\n')
    (tree / "release" / "provlabel.toml").write_text(SCHEMA_LINE + "label = true\n")
    done = cli("verify", "good.jpg", "--trust", "test", "--format", "json", cwd=tree / "release")
    report = msgspec.json.decode(done.stdout, type=Report)
    assert rules(of(report, "good.jpg")) == {"policy.field"}
    assert [info.source for info in report.policy] == ["default", "found", "found"]


def test_a_found_policy_that_leads_nowhere_ends_with_2(tree: Path, cli: Cli, policy: Write) -> None:
    (tree / "provlabel.toml").symlink_to("gone.toml")
    done = cli("verify", "release", "--policy", policy("label = true"), cwd=tree)
    assert (done.returncode, "no such file" in done.stderr) == (2, True)


def test_a_working_directory_that_is_gone_is_told(tree: Path, under: Under, tmp_path: Path) -> None:
    leave = f'mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone && exec "$@"'
    done = under(("sh", "-c", leave, "sh"), "verify", tree)
    assert (done.returncode, "error: the working directory: no such file" in done.stderr) == (3, True)


def test_what_needs_no_working_directory_works_where_it_is_gone(
    tree: Path, under: Under, tmp_path: Path, credential: Path
) -> None:
    leave = ("sh", "-c", f'mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone && exec "$@"', "sh")
    done = under(leave, "show", tree / "release" / "good.jpg")
    assert done.returncode == 0, done.stderr
    signing = ("--kind", "ai_generated", "--signer", f"test:{credential}", "-o", "out.jpg")
    done = under(leave, "label", tree / "release" / "good.jpg", *signing)
    assert (done.returncode, "error: the working directory: no such file" in done.stderr) == (3, True)


def test_a_found_policy_that_is_misspelt_ends_with_2(tree: Path, cli: Cli) -> None:
    (tree / "provlabel.toml").write_text(SCHEMA_LINE + "lable = true")
    assert cli("verify", "release", cwd=tree).returncode == 2


def test_intact_is_about_what_is_signed(tree: Path, cli: Cli) -> None:
    (tree / "provlabel.toml").write_text(SCHEMA_LINE + 'fields = ["contributions"]\n')  # is not asked
    done = cli("verify", "release", "--policy", "intact", "--format", "json", cwd=tree)
    report = msgspec.json.decode(done.stdout, type=Report)
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "passed", "tampered.jpg": "failed"}


def test_several_outputs_in_one_run(tree: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "verify",
        "release",
        "--format",
        f"json={tmp_path / 'r.json'}",
        "--format",
        f"text={tmp_path / 'r.txt'}",
        cwd=tree,
    )
    assert done.stdout == (tmp_path / "r.txt").read_text()
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["files"] == 3


@pytest.mark.parametrize(
    ("place", "args"),
    [
        ("policy.toml", ("--policy", "policy.toml")),
        ("known.json", ("--baseline", "known.json")),
        ("anchors.pem", ("--trust", "anchors.pem")),
        ("anchors.pem", ("--identity-trust", "anchors.pem")),
        ("provlabel.toml", ()),
        ("release/plain.png", ()),
        ("release/../release/plain.png", ("--format", "sarif=release/plain.png")),
    ],
)
def test_no_report_takes_the_place_of_what_it_is_about(
    place: str, args: tuple[str, ...], tree: Path, cli: Cli, credential: Path
) -> None:
    for name in ("policy.toml", "provlabel.toml"):
        (tree / name).write_text(SCHEMA_LINE + "label = true\n")
    cli("verify", "release", "--format", "json=known.json", cwd=tree)
    shutil.copy(credential / "root.pem", tree / "anchors.pem")
    before = (tree / place).read_bytes()
    for way in (("-o", place), ("--format", f"json={place}")):
        assert cli("verify", "release", *args, *way, cwd=tree).returncode == 2
        assert (tree / place).read_bytes() == before


def test_two_outputs_have_two_places_however_they_are_spelt(tree: Path, cli: Cli) -> None:
    done = cli("verify", "release", "--format", "json=a", "--format", f"text={tree / 'a'}", cwd=tree)
    assert (done.returncode, "same file" in done.stderr) == (2, True)


def test_the_first_policy_is_one_that_can_be_used(tree: Path, cli: Cli) -> None:
    done = cli("verify", "release", "--trust", "test", "--init-policy", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")
    text = (tree / "provlabel.toml").read_text()
    found = load_policy(tree / "provlabel.toml").enforced.policy
    assert (found.files.media, found.signers[0].name) == (("image", "audio", "video"), SIGNER)
    assert (found.files.outside, found.files.others, found.files.allow) == ("error", "error", ("toml", "txt"))
    assert "provider.name" in found.fields
    # What is proposed as a comment is right, too.
    draft = "\n".join(
        line[2:] if line.startswith(("# [[", "# sha256", "# rule", "# expires")) else
        line[2:].replace('""', '"x"') if line.startswith(("# reason", "# owner")) else line
        for line in text.splitlines()
    )  # fmt: skip
    (tree / "whole.toml").write_text(draft)
    done = cli("verify", "release", "--trust", "test", "--policy", "whole.toml", "--format", "json", cwd=tree)
    report = msgspec.json.decode(done.stdout, type=Report)
    assert outcomes(report) == {"good.jpg": "passed", "plain.png": "excepted", "tampered.jpg": "excepted"}
    again = cli("verify", "release", "--init-policy", cwd=tree)
    assert again.returncode == 3
    assert (tree / "provlabel.toml").read_text() == text


def test_the_first_policy_lets_pass_what_it_saw_and_nothing_else(tree: Path, cli: Cli) -> None:
    shutil.copy(tree / "release" / "good.jpg", tree / "only.jpg")
    shutil.rmtree(tree / "release")
    for name in ("a.MD", "LICENSE", "b.we\u0131rd na\u2028me", "c." + "x" * 101):
        (tree / name).write_text("for people")
    assert cli("verify", ".", "--trust", "test", "--init-policy", cwd=tree).returncode == 0
    args = ("verify", ".", "--trust", "test", "--policy", "provlabel.toml")
    done = cli(*args, cwd=tree)
    assert (done.returncode, done.stdout.count("FAIL")) == (1, 1), "an ending that is too long for a policy"
    (tree / ("c." + "x" * 101)).unlink()
    assert cli(*args, cwd=tree).returncode == 0
    for name in ("new.exe", "take.wav"):
        (tree / name).write_text("RIFF1234WAVE" if name == "take.wav" else "x")
        assert cli(*args, cwd=tree).returncode == 1, name
        (tree / name).unlink()


def test_the_command_that_is_printed_with_a_first_policy_passes(tree: Path, credential: Path, cli: Cli) -> None:
    """By anchors in a file, which the policy states, and by a list that has only a name, which stays an option."""
    for name in ("plain.png", "tampered.jpg"):
        (tree / "release" / name).unlink()
    (tree / "gate").mkdir()
    shutil.copy(credential / "root.pem", tree / "ro ot.pem")
    for trust, target in (("ro ot.pem", "gate/first.toml"), ("test", "second.toml")):
        done = cli("verify", "release", "--trust", trust, "--init-policy", "-o", target, cwd=tree)
        assert done.returncode == 0, done.stderr
        printed = shlex.split(done.stdout.partition("then: ")[2])
        assert printed[0] == "provlabel"
        again = cli(*printed[1:], cwd=tree)
        assert (again.returncode, again.stderr) == (0, ""), again.stdout
        shutil.copy(MEDIA / "take.wav", tree / "release")  # the kind of media that it had none of
        assert cli(*printed[1:], cwd=tree).returncode == 1
        (tree / "release" / "take.wav").unlink()
    assert '\nanchors = ["../ro ot.pem"]\n' in (tree / "gate" / "first.toml").read_text()


def test_a_first_policy_states_all_whom_the_files_were_judged_by(tree: Path, credential: Path, cli: Cli) -> None:
    root = credential / "root.pem"
    given = ("--trust", root, "--tsa-trust", root, "--identity-trust", root, "--identity-issuer", "did:web:a.example")
    done = cli("verify", "release", *given, "--eku", "1.3.6.1.4.1.62558.2.1", "--init-policy", cwd=tree)
    assert done.returncode == 0, done.stderr
    stated = load_policy(tree / "provlabel.toml").enforced.policy.trust
    assert (stated.ekus, stated.issuers) == (("1.3.6.1.4.1.62558.2.1",), ("did:web:a.example",))
    assert [len(stated.anchors), len(stated.timestamp), len(stated.identity), len(stated.leaves)] == [1, 1, 1, 0]


@pytest.mark.parametrize("names", [{"name": "", "organization": ""}, {"name": "x" * 501}, {"issuer": ""}])
def test_a_first_policy_can_be_used_whatever_a_certificate_says(
    names: dict[str, str], judge: Callable[[Policy], Report], tmp_path: Path
) -> None:
    report, replace = judge(Policy()), msgspec.structs.replace
    files = [replace(item, signer=item.signer and replace(item.signer, **names)) for item in report.files]
    (tmp_path / "first.toml").write_text(draft(replace(report, files=tuple(files)), Gate.of(Policy()), {}))
    assert load_policy(tmp_path / "first.toml").enforced.policy.signers == ()


def test_the_first_policy_says_what_could_not_be_judged(tree: Path, cli: Cli) -> None:
    done = cli("verify", "relaese", "release", "--init-policy", "-o", "first.toml", cwd=tree)
    assert (done.returncode, "relaese: no such file" in done.stderr) == (3, True)
    done = cli("verify", "release", "--init-policy", "-o", "second.toml", "--format", "json=x.json", cwd=tree)
    assert (done.returncode, "no report" in done.stderr) == (2, True)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_has_is_a_wrong_request(at: str, tree: Path, cli: Cli) -> None:
    done = cli("verify", "release", "--at", at, cwd=tree)
    assert (done.returncode, ": no time" in done.stderr) == (2, True)


def test_a_first_policy_can_be_written_on_the_last_day(tree: Path, cli: Cli) -> None:
    done = cli("verify", "release", "--init-policy", "--at", "9999-12-31", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")


def test_paths_that_are_not_text_are_judged_like_others(tree: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    odd = os.fsdecode(b"release/odd\xff.png")
    shutil.copy(tree / "release" / "plain.png", tree / odd)
    gate = Gate(
        first=Gate.of(Policy(files=msgspec.convert({"include": ["release/odd*"]}, type(Policy().files)))).first,
        root=tree,
    )
    report = verify_paths([tree], trust=trust, policy=gate, sandbox=sandbox)
    assert [item.outcome for item in report.files] == ["failed"]
