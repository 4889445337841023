"""Public time authorities by name: the table, how a name becomes an address, what is said. None is asked."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import pki
import tsa
from project import DOCS, ROOT, Cli, needs
from provlabel import Label, Timestamper, label_file
from provlabel.errors import UsageError
from provlabel.law import load_laws
from provlabel.report.rules import RULES
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from provlabel.trust import authorities
from provlabel.trust.authorities import PROPOSED, address_of, public_at, public_authorities

ROWS = public_authorities().authority


def test_names_and_addresses_are_each_one_of_its_kind() -> None:
    assert len({row.name for row in ROWS}) == len({row.url for row in ROWS}) == len(ROWS) > 5
    for row in ROWS:
        assert urlsplit(row.url).hostname
        Timestamper(urls=(row.url,))  # which refuses what it could not ask
        assert public_at(row.url) == row


def test_the_proposed_one_is_in_the_table_and_in_fixed_hints() -> None:
    assert PROPOSED in {row.name for row in ROWS}
    hints = [RULES["time.unproven"].hint, *(rule.hint for law in load_laws(["eu"]) for rule in law.rule)]
    told = [hint for hint in hints if "--tsa" in hint]
    assert len(told) == 3
    assert all(f"--tsa {PROPOSED}" in hint for hint in told)


def test_the_page_has_the_table() -> None:
    page = (DOCS / "keys.md").read_text()
    for row in ROWS:
        terms = row.terms + (f"; {row.note}" if row.note else "")
        assert f"| `{row.name}` | {row.url} | {row.operator} | {terms} | " in page
    assert f"As of {public_authorities().as_of}; {public_authorities().c2pa_list}." in page


def test_addresses_stay_as_they_are() -> None:
    for address in ("http://127.0.0.1:1/", "https://tsa.example/tsr", "HTTP://A.EXAMPLE", "ftp://no"):
        assert address_of(address) == address


@pytest.mark.parametrize(
    ("given", "hint"),
    [("digicrt", "did you mean digicert?"), ("DigiCert", "did you mean digicert?"), ("", "one of digicert, "),
     ("timestamp", "or an address, http://…")],
)  # fmt: skip
def test_what_is_neither_gets_a_hint(given: str, hint: str) -> None:
    with pytest.raises(UsageError, match="no time authority of this name") as refused:
        address_of(given)
    assert hint in refused.value.hint


@needs("openssl")
def test_a_name_leads_to_its_authority(
    tmp_path: Path, media: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tsa.serving(tsa.Authority(tmp_path / "tsa", pki.root("Clock Root"))) as (url, asked):
        row = f'name = "here"\nurl = "{url}"\noperator = "Us"\nterms = "free"\nc2pa = "no"\nconfirmed = "operator"\n'
        table = f'as_of = 2026-12-01\nc2pa_list = "none"\n[[authority]]\n{row}source = "this test"\n'
        (tmp_path / "table.toml").write_text(table)
        monkeypatch.setattr(authorities, "_TABLE", tmp_path / "table.toml")
        stamper = Timestamper(urls=("http://127.0.0.1:1/", address_of("here")))  # the first is down
        receipt = label_file(
            media / "cover.jpg", media / "out.jpg", label, signer, timestamper=stamper, sandbox=sandbox
        )
    assert receipt.authority == url
    assert len(asked) == 1
    found = authorities.public_at(url)
    assert found is not None
    assert found.words == f"{url} (Us), a public time authority: it gets a digest and no file"


def test_who_will_be_asked_is_said_before(media: Path, cli: Cli) -> None:
    """A dry run asks nobody."""
    run = ("batch", media, "--out-dir", media / "out", "--label", ROOT / "samples" / "labels" / "ai-artwork.toml",
           "--signer", "test", "--dry-run", "--tsa", "sectigo", "--tsa", "http://127.0.0.1:1/")  # fmt: skip
    done = cli(*run)
    [told] = [line for line in done.stderr.splitlines() if "time authority" in line]
    assert told.startswith(
        "http://timestamp.sectigo.com (Sectigo), a public time authority: it gets a digest and no file"
    )
    assert "15 seconds" in told
    assert "time authority" not in cli(*run, "--quiet").stderr


@pytest.mark.parametrize("command", ["label", "stamp", "redact", "batch"])
def test_every_command_takes_names(command: str, media: Path, cli: Cli) -> None:
    done = cli(command, media / "cover.jpg", "--tsa", "sectgo")
    assert done.returncode == 2
    assert "did you mean sectigo?" in done.stderr


def test_names_are_completed() -> None:
    from provlabel.cli._signing import _TimeAuthority

    offered = _TimeAuthority().shell_complete(None, None, "s")  # type: ignore[arg-type]
    assert [item.value for item in offered] == [row.name for row in ROWS if row.name.startswith("s")] != []


def test_the_list_of_them(cli: Cli) -> None:
    shown = cli("trust", "authorities").stdout
    table = json.loads(cli("trust", "authorities", "--format", "json").stdout)
    assert [row["name"] for row in table["authority"]] == [row.name for row in ROWS]
    for row in ROWS:
        assert f"{row.name}  {row.url}" in shown
        assert row.terms in shown


def test_a_warning_says_which(media: Path, cli: Cli) -> None:
    done = cli("label", media / "cover.jpg", "--kind", "ai_generated", "--signer", "test")
    assert f"add --tsa {PROPOSED}" in done.stderr
    room = cli("label", media / "take.wav", "--kind", "ai_generated", "--signer", "test", "--stamp-room")
    assert f"provlabel stamp FILE --tsa {PROPOSED}" in room.stderr
