"""Mistakes of people, one a row: what was typed, how it ends, what is said, and the hint; no internals are printed.

A command that a hint names is there: its help can be shown.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from project import Cli
from terminal import escaped

AI = ("--kind", "ai_generated", "--signer", "test")
LABEL = ("label", "a.jpg", *AI)
VERIFY = ("verify", "a.jpg")
#: What was typed, the exit code, a part of the message, a part of the hint.
MISTAKES: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    # what click finds
    "no file": (("label",), 2, "FILES is missing", "provlabel label --help"),
    "an option without a value": (("label", "a.jpg", "--kind"), 2, "--kind: needs a value", "provlabel label --help"),
    "a flag with one": ((*VERIFY, "--quiet=yes"), 2, "--quiet: takes no value", "provlabel verify --help"),
    "a letter too much": (("label", "a.jpg", "--kindd", "x"), 2, "--kindd: no such option", "did you mean --kind?"),
    "two letters swapped": ((*VERIFY, "--trsut", "x"), 2, "--trsut: no such option", "did you mean --trust?"),
    "sign for signer": (("label", "a.jpg", "--sign", "test"), 2, "--sign: no such option", "did you mean --signer?"),
    "a short option like none": (("label", "a.jpg", "-x"), 2, "-x: no such option", "--help names all"),
    "a format like one": ((*VERIFY, "--format", "jsn"), 2, "--format: there is no jsn", "did you mean json?"),
    "a format like none": (("show", "a.jpg", "--format", "xml"), 2, "--format: there is no xml", "one of: text, json"),
    "a format without its file": ((*VERIFY, "--format", "json="), 2, "json= names no file", "--format json=FILE"),
    "a word for a number": ((*VERIFY, "-j", "abc"), 2, "--workers: abc is not a whole number from 1 to 64", "--help"),
    "a number out of range": ((*VERIFY, "-j", "0"), 2, "--workers: 0 is not a whole number from 1 to 64", "--help"),
    "a schema like one": (("schema", "lable"), 2, "NAME: there is no lable", "did you mean label?"),
    "one too many": (("schema", "label", "x"), 2, "x: more than this command takes", "provlabel schema --help"),
    "a list without its option": (("trust", "check", "root.pem"), 2, "root.pem: more than", "--trust PEM"),
    "a command of a group": (("law", "shw"), 2, "shw: no such command of provlabel law", "provlabel law show"),
    "a mode like one": ((*LABEL, "--prompt-mode", "cleer"), 2, "there is no cleer", "did you mean clear?"),
    "no source of an import": (("import", "l.csv"), 2, "--from is missing", "one of: ddex, csv, jsonl"),
    "a carrier like none": ((*LABEL, "--carriers", "id3"), 2, "--carriers: there is no id3", "xmp, tags, aigc"),
    # paths
    "a name like another": (("show", "aa.jpg"), 3, "aa.jpg: no such file", "did you mean a.jpg?"),
    "a name like none": (("show", "qqqq.wav"), 3, "qqqq.wav: no such file", "check the name"),
    "a missing folder": (("show", "no/a.jpg"), 3, "no/a.jpg: no such file", "there is no folder no"),
    "a pattern in quotes": (("show", "*.xyz"), 3, "*.xyz: no such file", "no file matches this pattern"),
    "a path of Windows": (("show", r"C:\Users\a.jpg"), 3, r"C:\Users\a.jpg: no such file", "a path of Windows"),
    "an address": (("verify", "https://example.com/a.jpg"), 2, "is an address, not a path", "fetch it first"),
    "an empty path": (("verify", ""), 2, "an empty path names nothing", ". is this folder"),
    "a folder as a label": (("lint", "s"), 3, "s: a folder, not a regular file", "name a file in it"),
    "a folder as a receipt": ((*LABEL, "--receipt", "s"), 3, "s: a folder, not a file", "name a file in it"),
    "a folder as a report": ((*VERIFY, "-O", "s"), 3, "s: a folder, not a file", "name a file in it"),
    "no folder for the output": ((*LABEL, "-o", "no/x.jpg"), 3, "no/x.jpg: cannot write there", "name a place"),
    "a file as a folder": ((*LABEL, "--out-dir", "l.toml"), 3, "l.toml: cannot make this folder", "name a place"),
    "a file twice": (("label", "a.jpg", "a.jpg", *AI), 2, "a.jpg: named twice", "name it once"),
    "two for one output": (
        ("label", "a.jpg", "s/a.jpg", *AI, "--out-dir", "o"), 2, "have the same output", "different folders",
    ),
    "an output for two": (("label", "a.jpg", "s/a.jpg", *AI, "-o", "x"), 2, "-o takes one file", "use --out-dir"),
    "the source itself": ((*LABEL, "-o", "a.jpg"), 3, "a.jpg: is the source itself", "--in-place"),
    "text to be labeled": (("label", "notes.txt", *AI), 3, "does not read this format", "provlabel formats"),
    # labels
    "no kind": (("label", "a.jpg", "--signer", "test"), 2, "a label needs a kind", "add --kind (provlabel kinds"),
    "an empty kind": (("label", "a.jpg", "--kind", "", "--signer", "test"), 2, "--kind: an empty value", "leave the"),
    "an empty title": ((*LABEL, "--title", ""), 2, "--title: an empty value", "leave the option away"),
    "an empty provider": ((*LABEL, "--provider", ""), 2, "--provider: an empty value", "leave the option away"),
    "an empty reason": ((*LABEL, "--contradict", ""), 2, "--contradict: an empty value", "leave the option away"),
    "an empty identifier": ((*LABEL, "--identifier", ""), 2, "--identifier : no TYPE:VALUE", "isrc:GBAYE2600001"),
    "binary as a label": (("lint", "bin.toml"), 2, "bin.toml: is no text, so no label", "a label is a text file"),
    "a comma too much": (("lint", "bad.json"), 2, "bad.json: is no JSON: line 1", "provlabel init writes one"),
    "a picture as a prompt": ((*LABEL, "--prompt-file", "a.jpg"), 2, "a.jpg: is no text in UTF-8", "a text file"),
    "a local time": ((*LABEL, "--event-time", "2026-01-01T10:00:00"), 2, "with a zone", "provlabel init"),
    "no label to keep": (("label", "a.jpg", "--keep-label", "--signer", "test"), 3, "it has none", "--parent FILE"),
    # whom to believe, and by what
    "a missing list": ((*VERIFY, "--trust", "nope.pem"), 2, "nope.pem: no such file", "a PEM file, or one of c2pa"),
    "a list like one": ((*VERIFY, "--trust", "tset"), 2, "tset: no such file", "did you mean test?"),
    "an empty list": ((*VERIFY, "--trust", ""), 2, "--trust: an empty value", "a PEM file"),
    "a picture as a list": ((*VERIFY, "--trust", "a.jpg"), 2, "holds no PEM certificate", "openssl x509"),
    "a missing list of clocks": ((*VERIFY, "--tsa-trust", "nope.pem"), 2, "nope.pem: no such file", "check the name"),
    "binary as a policy": ((*VERIFY, "--policy", "bin.toml"), 2, "bin.toml: is no text in UTF-8", "--init-policy"),
    "YAML as a policy": ((*VERIFY, "--policy", "bad.yaml"), 2, "bad.yaml: is no TOML", "a policy is a TOML file"),
    "a picture as a baseline": ((*VERIFY, "--baseline", "a.jpg"), 2, "no text in UTF-8", "--format json=baseline.json"),
    "no time": ((*VERIFY, "--at", "tomorrow"), 2, "--at tomorrow: no time", "such as 2026-03-01"),
    "no zone": ((*VERIFY, "--at", "2026-03-01T12:00:00"), 2, "a time without a zone", "2026-03-01T12:00:00Z"),
    "no zone, and a space": ((*VERIFY, "--at", "2026-03-01 12:00"), 2, "a time without a zone", "2026-03-01T12:00:00Z"),
    "no such day": ((*VERIFY, "--at", "2026-02-30"), 2, "--at 2026-02-30: no time", "such as 2026-03-01"),
    "a law in capitals": ((*VERIFY, "--law", "EU"), 2, "no law is named 'EU'", "did you mean eu?"),
    # who signs
    "no signer": (("label", "a.jpg", "--kind", "ai_generated"), 2, "no signer", "--signer test"),
    "a file as a signer": ((*LABEL, "--signer", "key.pem"), 2, "names no signer", "file:key.pem?chain=chain.pem"),
    "a missing key": ((*LABEL, "--signer", "file:no.pem?chain=c.pem"), 3, "no.pem: no such file", "check the name"),
    "a missing program": ((*LABEL, "--signer", "cmd:nope"), 3, "nope: cannot be run: no such file", "with its path"),
    "no address of a clock": ((*LABEL, "--tsa", "nope"), 2, "nope: no time authority of this name", "http://"),
    # batch
    "a missing job": (("batch", "no.jpg", "--out-dir", "o", "--label", "l.toml", "--signer", "test"), 2,
                      "1 finding; nothing was done", "take it off the list"),
    "no place for outputs": (("batch", "s", "--signer", "test"), 2, "where should the outputs go?", "--out-dir FOLDER"),
}  # fmt: skip


@pytest.fixture
def desk(media: Path) -> Path:
    """A folder as a new user has it: media, labels good and bad, what is no label at all."""
    (media / "cover.jpg").rename(media / "a.jpg")
    (media / "s").mkdir()
    (media / "s" / "a.jpg").write_bytes((media / "a.jpg").read_bytes())
    (media / "l.toml").write_text('kind = "ai_generated"\n')
    (media / "l.csv").write_text("path,kind\n")
    (media / "bad.yaml").write_text("kind: ai_generated\n")
    (media / "bad.json").write_text('{"kind": "ai_generated",}')
    (media / "bin.toml").write_bytes(b"\xff\xfe\x00binary")
    (media / "notes.txt").write_text("hello\n")
    return media


@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_sentence_and_a_hint(mistake: str, cli: Cli, desk: Path) -> None:
    typed, code, message, hint = MISTAKES[mistake]
    done = cli(*typed, cwd=desk)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("  hint: ") and hint in line], done.stderr
    assert not re.search(r"Usage:|Errno|codec|Invalid value|internal fault", done.stderr)
    assert str(desk) not in done.stderr
    escaped(done)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_command_that_a_hint_names_is_there(mistake: str, cli: Cli, desk: Path) -> None:
    told = [line for line in cli(*MISTAKES[mistake][0], cwd=desk).stderr.splitlines() if line.startswith("  hint: ")]
    for named in re.findall(r"provlabel ([a-z]+(?: (?:show|list|check|fetch))?)", "\n".join(told)):
        assert cli(*named.split(), "--help").returncode == 0, named


def test_a_signer_of_the_environment_is_named(cli: Cli, desk: Path) -> None:
    done = cli("label", "a.jpg", "--kind", "ai_generated", cwd=desk, PROVLABEL_SIGNER="hunter2")
    assert (done.returncode, "PROVLABEL_SIGNER: what was given names no signer" in done.stderr) == (2, True)
    assert "hunter2" not in done.stderr
