"""``--format json`` where there is no result: one document on standard output, and the sentence on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from project import Cli
from provlabel.schemas import SCHEMAS

LABELED = ("--signer", "test", "--label", "good.toml")
#: What was typed, the class of the error, the exit code, and a part of the message.
FAILURES: dict[str, tuple[tuple[str, ...], str, int, str]] = {
    "no file": (("verify",), "UsageError", 2, "PATHS is missing"),
    "an option like none": (("label", "cover.jpg", "--sing", "test"), "UsageError", 2, "--sing: no such option"),
    "no value": (("label", "cover.jpg", "--kind"), "UsageError", 2, "--kind: needs a value"),
    "a bad kind": (("label", "cover.jpg", "--kind", "AI", "--signer", "test"), "UsageError", 2, "AI: no such kind"),
    "no signer": (("label", "cover.jpg", "--kind", "ai_generated"), "ConfigError", 2, "no signer"),
    "a missing file": (("show", "nope.jpg"), "InputError", 3, "nope.jpg"),
    "a missing label": (("lint", "nope.toml"), "InputError", 3, "nope.toml"),
    "a missing policy": (("verify", "cover.jpg", "--policy", "nope.toml"), "ConfigError", 2, "nope.toml"),
    "a missing second": (("diff", "cover.jpg", "nope.jpg"), "InputError", 3, "nope.jpg"),
    "nothing to redact": (("redact", "cover.jpg", "--signer", "test"), "UsageError", 2, "nothing to redact"),
    "what to redact is missing": (
        ("redact", "nope.jpg", "--personal", "--signer", "test"), "InputError", 3, "nope.jpg",
    ),
    "no authority": (("stamp", "cover.jpg", "--in-place"), "UsageError", 2, "no time authority"),
    "nothing to take out": (("unlabel", "cover.jpg"), "InputError", 3, "holds no manifest"),
    "no job": (("batch", "--out-dir", "out"), "UsageError", 2, "what should be labeled?"),
    "a refused batch": (("batch", "x.jpg", "--out-dir", "out", "--signer", "test"), "RefusedBatch", 2, "x.jpg"),
    "no list": (("trust", "check"), "UsageError", 2, "no list was named"),
    "no such rule": (("law", "show", "EU-999"), "UsageError", 2, "EU-999"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_it_is_told_as_json_and_in_words(name: str, cli: Cli, media: Path) -> None:
    typed, kind, code, message = FAILURES[name]
    words = 2 if typed[0] in ("law", "trust") else 1
    done = cli(*typed[:words], "--format", "json", *typed[words:], cwd=media)
    told = json.loads(done.stdout)
    jsonschema_rs.Draft202012Validator(SCHEMAS["error"]()).validate(told)
    error = told["error"]
    assert (done.returncode, error["class"], error["exit_code"]) == (code, kind, code)
    assert message in error["message"]
    assert done.stderr.startswith(f"error: {error['message']}\n")


def test_each_fault_is_listed(cli: Cli, media: Path) -> None:
    (media / "good.toml").write_text('kind = "human_made"')
    told = json.loads(cli("batch", "x.jpg", "y.jpg", "--out-dir", "o", "--format", "json", *LABELED, cwd=media).stdout)
    assert [fault["path"] for fault in told["error"]["faults"]] == ["x.jpg", "y.jpg"]
    (media / "bad.toml").write_text('kind = "AI"')
    command = ("label", "cover.jpg", "--label", "bad.toml", "--signer", "test", "--format=json")
    assert json.loads(cli(*command, cwd=media).stdout)["error"]["faults"][0]["path"] == "/kind"


def test_nothing_is_told_so_where_text_is_asked_for_or_the_file_goes(cli: Cli, media: Path) -> None:
    for typed in (
        ("show", "nope.jpg"),
        ("show", "nope.jpg", "--format", "text"),
        ("label", "-", "--format", "json"),
        ("lint", "--", "--format", "json"),
    ):
        done = cli(*typed, cwd=media, stdin="x")
        assert done.returncode in (2, 3)
        assert done.stdout == ""
