"""Secrets in no output: each command that ends well, over a file that holds them; batch, temporary files, children."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from project import MEDIA, Cli, needs
from provlabel import label_file, open_signer
from provlabel.cli import _COMMANDS
from provlabel.label import label_from_dict
from provlabel.sandbox import Sandbox

pytestmark = pytest.mark.fresh

PROMPT, PERSON = "canary-prompt-5b1f0c", "Canary Person 5b1f0c"
PHRASE = "canary-phrase-5b1f0c"
#: A place that the camera noted, of which a report says nothing.
PLACE = "canary-place-5b1f0c"
CANARIES = {"prompt": PROMPT, "person": PERSON, "pass phrase": PHRASE, "place": PLACE}


@pytest.fixture
def scene(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A folder with a key under a pass phrase, and a picture whose manifest holds names and a prompt in clear."""
    import pki

    ca = pki.root()
    uri = pki.write(tmp_path, pki.leaf(ca), ca)
    issued = pki.leaf(ca)
    (tmp_path / "chain.pem").write_text(issued.pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem())
    (tmp_path / "locked.pem").write_bytes(issued.key_pem(phrase=PHRASE.encode()))
    for name in ("key.pem", "locked.pem"):
        (tmp_path / name).chmod(0o600)
    (tmp_path / "phrase").write_text(PHRASE)
    (tmp_path / "phrase").chmod(0o600)
    said = {"kind": "ai_generated", "prompt": {"text": PROMPT}, "people": [{"id": "p1", "name": PERSON}]}
    (tmp_path / "label.json").write_text(json.dumps(said))
    source = tmp_path / "source.jpg"
    _with_place(source)
    label = label_from_dict(said, source="label")
    media = tmp_path / "media"
    media.mkdir()
    label_file(source, media / "a.jpg", label, open_signer(uri), personal=True, prompt_mode="clear", sandbox=sandbox)
    shutil.copy(MEDIA / "still.png", media / "b.png")
    assert {PROMPT, PERSON, PLACE} <= _found((media / "a.jpg").read_bytes())
    return tmp_path


def _with_place(path: Path) -> None:
    from PIL import Image

    with Image.open(MEDIA / "cover.jpg") as image:
        exif = Image.Exif()
        exif.get_ifd(0x8825)[0x001C] = b"ASCII\0\0\0" + PLACE.encode()
        image.save(path, exif=exif)


def _found(content: bytes) -> set[str]:
    return {word for word in CANARIES.values() if word.encode() in content}


SIGN = ("--signer", "file:locked.pem?chain=chain.pem", "--pass-file", "phrase")
TRUST = ("--trust", "root.pem")
#: Each command with what it takes, and what it may tell because it is asked to.
RUNS: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "media", *TRUST),
    **{
        f"verify --format {name}": ("verify", "media", *TRUST, "--format", name)
        for name in ("json", "sarif", "junit", "github", "markdown", "html")
    },
    "verify --law": ("verify", "media/a.jpg", *TRUST, "--law", "eu,us-ca"),
    "verify --init-policy": ("verify", "media", *TRUST, "--init-policy"),
    "show": ("show", "media/a.jpg", *TRUST),
    "show as JSON": ("show", "media/a.jpg", *TRUST, "--format", "json"),
    "diff": ("diff", "media/a.jpg", "media/b.png", *TRUST),
    "diff for git": ("diff", "--textconv", "media/a.jpg", "media/a.jpg"),
    "export": ("export", "media/a.jpg", *TRUST, "--to", "csv"),
    "export as JSON": ("export", "media/a.jpg", *TRUST, "--to", "jsonl"),
    "export to DDEX": ("export", "media/a.jpg", *TRUST, "--to", "ddex"),
    "export to shops": ("export", "media/a.jpg", *TRUST, "--to", "dsp=all"),
    "lint": ("lint", "label.json", "--format", "json"),
    "conform": ("conform", "media/a.jpg", "media/b.png"),
    "conform as JSON": ("conform", "media/a.jpg", "--format", "json"),
    "label": ("label", "source.jpg", "-o", "one.jpg", "--label", "label.json", *SIGN, "--format", "json"),
    "batch": ("batch", "media", "--out-dir", "out", "--label", "label.json", *SIGN, "--format", "json"),
    "batch again": ("batch", "media", "--out-dir", "out", "--label", "label.json", *SIGN, "--dry-run"),
    "redact": ("redact", "media/a.jpg", "--personal", "-o", "red.jpg", *SIGN, "--format", "json"),
    "unlabel": ("unlabel", "media/a.jpg", "-o", "un.jpg", "--format", "json"),
    "stamp": ("stamp", "media/a.jpg", "-o", "st.jpg", "--tsa", "http://127.0.0.1:9/", "--format", "json"),
    "key": ("key", "check", *SIGN, "--format", "json"),
    "trust": ("trust", "show", *TRUST, "--format", "json"),
    "import": ("import", "label.json", "--from", "jsonl", "--out-dir", "drafts"),
    "init": ("init", "source.jpg", "--kind", "human_made", "-o", "new.toml"),
    "init of a folder": ("init", "media", "-o", "new.csv"),
    "kinds": ("kinds",),
    "rules": ("rules",), "law": ("law", "list"),
    "formats": ("formats",), "schema": ("schema", "label"), "samples": ("samples", "some"),
}  # fmt: skip
#: What these leave is media, or labels that say what they were given: there the words stand where they belong.
MAY_HOLD = frozenset({".jpg", ".png", ".c2pa"})


def ran(args: tuple[str, ...], at: Path, cli: Cli, **env: str) -> str:
    """Run a command; return all that it said, and the content of all that it left but media."""
    before = {path for path in at.rglob("*") if path.is_file()}
    done = cli(*args, cwd=at, PROVLABEL_DEBUG="1", XDG_CACHE_HOME=str(at / "cache"), **env)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1, 2, 3)
    left = [path for path in at.rglob("*") if path.is_file() and path not in before and path.suffix not in MAY_HOLD]
    said = [path.read_bytes().decode("latin-1") for path in left]
    return "\n".join([done.stdout, done.stderr, *said, *(path.name for path in left)])


@pytest.mark.parametrize("name", RUNS)
def test_no_command_tells_a_secret(name: str, scene: Path, cli: Cli) -> None:
    with tempfile.TemporaryDirectory(prefix="c") as temporary:
        assert leaks(ran(RUNS[name], scene, cli, TMPDIR=temporary)) == []
        assert [path for path in Path(temporary).rglob("*") if path.is_file()] == []


def test_every_command_takes_part() -> None:
    assert {args[0] for args in RUNS.values()} == set(_COMMANDS)


def test_what_is_asked_for_is_told(scene: Path, cli: Cli) -> None:
    """So the canaries are where the commands read."""
    assert set(leaks(ran(("show", "media/a.jpg", *TRUST, "--personal"), scene, cli))) >= {"prompt", "person"}


def test_what_is_signed_without_being_asked_holds_none(scene: Path, cli: Cli) -> None:
    """Names and prompt of the label stay out of the file; the place in its EXIF is the source's own."""
    ran(RUNS["label"], scene, cli)
    ran(RUNS["batch"], scene, cli)
    made = [(scene / "one.jpg").read_bytes(), (scene / "out" / "b.png").read_bytes()]
    assert [_found(content) - {PLACE} for content in made] == [set(), set()]


def leaks(text: str) -> list[str]:
    return [name for name, word in CANARIES.items() if word in text]


TRACE = ("strace", "-f", "-v", "-s", "4096", "-e", "trace=execve")


@needs("strace")
def test_no_child_is_handed_a_secret(scene: Path, home: Path, tmp_path: Path) -> None:
    """Neither as an argument nor in its environment, whoever started provlabel with what."""
    log = tmp_path / "calls"
    env: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_SECRET_ACCESS_KEY": PHRASE,
    }
    for args in (RUNS["label"], RUNS["batch"], RUNS["verify"]):
        subprocess.run(
            [
                "strace",
                "-f",
                "-v",
                "-s",
                "4096",
                "-e",
                "trace=execve",
                "-o",
                log,
                sys.executable,
                "-m",
                "provlabel",
                *args,
            ],
            cwd=scene,
            env=env,
            capture_output=True,
            check=False,
        )
        first, *others = [line for line in log.read_text().splitlines() if "execve(" in line]
        assert PHRASE in first  # given to provlabel itself, in its environment
        assert [line for line in others if leaks(line)] == []
        assert others or args[0] != "batch"
