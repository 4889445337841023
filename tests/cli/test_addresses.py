"""An address that is given as a path is refused with 2, shows nothing secret, and never becomes a folder's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project import Cli
from provlabel import (
    Label,
    Labeler,
    TrustStore,
    UsageError,
    label_file,
    load_label,
    load_policy,
    redact_file,
    run_batch,
    unlabel_file,
    verify_file,
    verify_paths,
)
from provlabel._support.paths import is_address, path_of, without_secrets
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

ADDRESS = "postgresql://user:s3cret@db.example/media?token=s3cret"
KIND = ("--kind", "ai_generated", "--signer", "test")
RUNS = {
    "label": ("label", ADDRESS, *KIND),
    "label -o": ("label", "a.jpg", *KIND, "-o", ADDRESS),
    "label --out-dir": ("label", "a.jpg", *KIND, "--out-dir", ADDRESS),
    "label --label": ("label", "a.jpg", "--label", ADDRESS, "--signer", "test"),
    "label --prompt-file": ("label", "a.jpg", *KIND, "--prompt-file", ADDRESS),
    "label --parent": ("label", "a.jpg", *KIND, "--parent", ADDRESS),
    "label --receipt": ("label", "a.jpg", *KIND, "--receipt", ADDRESS),
    "verify": ("verify", ADDRESS),
    "verify --trust": ("verify", "a.jpg", "--trust", ADDRESS),
    "verify --trust-leaf": ("verify", "a.jpg", "--trust-leaf", ADDRESS),
    "verify --policy": ("verify", "a.jpg", "--policy", ADDRESS),
    "verify --baseline": ("verify", "a.jpg", "--baseline", ADDRESS),
    "verify --against": ("verify", "a.jpg", "--against", ADDRESS),
    "verify -o": ("verify", "a.jpg", "-o", ADDRESS),
    "verify --format": ("verify", "a.jpg", "--format", f"json={ADDRESS}"),
    "show": ("show", ADDRESS),
    "unlabel": ("unlabel", ADDRESS),
    "redact": ("redact", ADDRESS, "--personal"),
    "lint": ("lint", ADDRESS),
    "batch": ("batch", ADDRESS, "--out-dir", "out", "--label", "l.json", "--signer", "test"),
    "batch --out-dir": ("batch", "a.jpg", "--out-dir", ADDRESS, "--label", "l.json", "--signer", "test"),
    "batch --jobs": ("batch", "--jobs", ADDRESS, "--out-dir", "out", "--signer", "test"),
    "batch --ledger": ("batch", "a.jpg", "--out-dir", "out", "--ledger", ADDRESS, "--signer", "test"),
    "import": ("import", "x.csv", "--from", "csv", "--out-dir", ADDRESS),
    "export": ("export", "a.jpg", "--to", "csv", "-o", ADDRESS),
    "samples": ("samples", ADDRESS),
    "key init": ("key", "init", ADDRESS),
}


@pytest.fixture
def place(media: Path) -> Path:
    os.rename(media / "cover.jpg", media / "a.jpg")
    (media / "l.json").write_text('{"kind": "ai_generated"}')
    return media


@pytest.mark.parametrize("run", RUNS)
def test_it_is_refused_wherever_a_path_is_asked_for(run: str, cli: Cli, place: Path) -> None:
    before = sorted(os.listdir(place))
    done = cli(*RUNS[run], cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "postgresql://…@db.example/media?…: is an address, not a path" in done.stderr
    assert "s3cret" not in done.stderr
    assert sorted(os.listdir(place)) == before


def test_lists_of_jobs_name_none_either(cli: Cli, place: Path) -> None:
    (place / "list.jsonl").write_text(
        f'{{"path": "{ADDRESS}"}}\n{{"path": "a.jpg", "output": "s3://bucket/a.jpg"}}\n'
        '{"path": "a.jpg", "label": "https://example.org/l.json"}\n'
    )
    done = cli("batch", "--jobs", "list.jsonl", "--out-dir", "out", "--label", "l.json", "--signer", "test", cwd=place)
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")] == [
        "error: postgresql://…@db.example/media?…: path: is an address, not a path",
        "error: a.jpg: output: is an address, not a path",
        "error: a.jpg: label: is an address, not a path",
        "error: 3 findings; nothing was done",
    ]
    assert "s3cret" not in done.stderr


CALLS: dict[str, Callable[[Signer, Sandbox], Any]] = {
    "label_file": lambda signer, box: label_file(ADDRESS, None, Label(kind="ai_generated"), signer, sandbox=box),
    "its result": lambda signer, box: label_file("a.jpg", ADDRESS, Label(kind="ai_generated"), signer, sandbox=box),
    "its parts": lambda signer, box: label_file(
        "a.jpg", None, Label(kind="ai_generated"), signer, ingredients=[ADDRESS], sandbox=box
    ),
    "many": lambda signer, box: list(
        Labeler(signer, sandbox=box).paths(["a.jpg"], ADDRESS, Label(kind="ai_generated"))
    ),
    "verify_file": lambda _, box: verify_file(ADDRESS, sandbox=box),
    "verify_paths": lambda _, box: verify_paths([ADDRESS], sandbox=box),
    "unlabel_file": lambda _, box: unlabel_file(ADDRESS, sandbox=box),
    "redact_file": lambda signer, box: redact_file(ADDRESS, None, signer, sandbox=box),
    "load_label": lambda *_: load_label(ADDRESS),
    "load_policy": lambda *_: load_policy(ADDRESS),
    "TrustStore": lambda *_: TrustStore.load(ADDRESS),
    "run_batch": lambda *_: run_batch(["a.jpg"], "test", out_dir=ADDRESS, label="l.json"),
}


@pytest.mark.parametrize("call", CALLS)
def test_python_refuses_it_too(
    call: str, place: Path, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    before = sorted(os.listdir(place))
    with pytest.raises(UsageError, match="is an address, not a path") as refused:
        CALLS[call](signer, sandbox)
    assert "s3cret" not in str(refused.value)
    assert sorted(os.listdir(place)) == before


def test_a_path_that_was_an_address_makes_no_folder(place: Path, signer: Signer, sandbox: Sandbox) -> None:
    labeler = Labeler(signer, sandbox=sandbox)
    with pytest.raises(UsageError, match=r"^s3://…: is an address"):
        list(labeler.paths([place / "a.jpg"], Path("s3://bucket/out"), Label(kind="ai_generated")))
    assert not os.path.lexists("s3:")


def test_a_file_of_such_a_name_can_be_named(cli: Cli, place: Path) -> None:
    (place / "s3:").mkdir()
    os.rename(place / "a.jpg", place / "s3:" / "a.jpg")
    done = cli("label", "./s3://a.jpg", *KIND, "-o", "./s3:/b.jpg", cwd=place)
    assert done.returncode == 0
    assert (place / "s3:" / "b.jpg").is_file()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("s3://bucket/key", "s3://bucket/key"),
        ("https://user:pa/ss?w@rd@host/x", "https://…@host/x"),
        ("https://host/x?sig=1#2", "https://host/x?…"),
        ("HTTP://host", "HTTP://host"),
    ],
)
def test_what_is_shown_of_it(address: str, shown: str) -> None:
    assert is_address(address)
    assert without_secrets(address) == shown


@pytest.mark.parametrize("text", ["a.jpg", "./s3://x", "/s3://x", "C:/x", "a:b", "://x", "1s://x", "dir/http://x"])
def test_what_is_none(text: str) -> None:
    assert path_of(text) == Path(text)
