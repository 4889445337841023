"""Labels as CSV and JSON Lines: without loss both ways, safe in a spreadsheet, and every fault told with its place."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec import to_builtins

from labels import LABELS, LINE
from project import EXAMPLE_LABELS, Cli
from provlabel import label_file, load_label
from provlabel.exchange.table import Row, dump_csv, dump_jsonl, load_csv, load_jsonl
from provlabel.label import Label, label_from_dict
from provlabel.signers import Signer

EXAMPLES = EXAMPLE_LABELS


def rows_of(*labels: Label) -> list[Row]:
    return [Row(f"cd/{index}.wav", to_builtins(label)) for index, label in enumerate(labels)]


# --- without loss ----------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=3))
def test_csv_brings_every_label_back(labels: list[Label]) -> None:
    table = load_csv(dump_csv(rows_of(*labels)))
    assert table.faults == ()
    assert [label_from_dict(row.label) for row in table.rows] == labels


@settings(max_examples=50, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=3))
def test_json_lines_bring_every_label_back(labels: list[Label]) -> None:
    table = load_jsonl(dump_jsonl(rows_of(*labels)))
    assert table.faults == ()
    assert [label_from_dict(row.label) for row in table.rows] == labels


@settings(max_examples=50, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=2), LINE)
def test_another_reader_finds_the_same_cells_and_no_formula(labels: list[Label], title: str) -> None:
    """Python's own reader of CSV is the judge; what begins a cell is what spreadsheets take for a formula."""
    rows = [Row(row.path, row.label | {"title": title}) for row in rows_of(*labels)]
    text = dump_csv(rows).decode("utf-8-sig")
    csv.field_size_limit(1 << 24)
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["path"] for row in read] == [row.path for row in rows]
    assert all(row["title"] in (title, "'" + title) for row in read)
    cells = [cell for row in read for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")]


def test_what_a_label_manager_fills_in_has_a_column_of_its_own() -> None:
    label = load_label(EXAMPLES / "ai-assisted-track.toml")
    (row,) = csv.DictReader(io.StringIO(dump_csv(rows_of(label)).decode("utf-8-sig")))
    assert row["kind"] == "ai_partly_created"
    assert row["identifiers.isrc"] == "GBAYE2600001"
    assert row["systems.0.name"] == "AcmeDrums"
    assert row["provider.name"] == "Acme Audio Ltd"
    assert row["people.0.roles"] == "LeadVocalist; Lyricist"
    assert row["permissions.generative_training"] == "constrained"
    assert json.loads(row["contributions.2.span"]) == {"start": 12, "end": 58}


# --- tables of others ------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_spreadsheets_write_is_read(delimiter: str, ends: str, mark: bytes) -> None:
    lines = (
        ("path", "kind", "title", "systems.1.name", "judgements.artistic"),
        ("a.wav", "ai_generated", f'"one{delimiter}two"', "Acme; Co" if delimiter != ";" else "Acme", "TRUE"),
        ("", "", "", "", ""),
    )
    text = ends.join(delimiter.join(line) for line in lines)
    table = load_csv(mark + text.encode())
    assert table.faults == ()
    (row,) = table.rows
    assert row.label["title"] == f"one{delimiter}two"
    assert row.label["judgements"] == {"artistic": True}
    assert len(row.label["systems"]) == 1


@pytest.mark.parametrize("written", ["=cmd()", "+1", "-1", "@x", "'=x", "''x", "'Round Midnight", "'", "\uff1dx"])
def test_an_apostrophe_before_a_formula_goes_and_another_stays(written: str) -> None:
    content = dump_csv([Row("a.wav", {"kind": "human_made", "title": written})])
    assert load_csv(content).rows[0].label["title"] == written


FAULTY = """path,kind,sistems.0.name,extra,judgements.artistic,provider,provider.name
a.wav,ai_generated,Acme,{,true,,
b.wav,ai_generated,Acme,,perhaps,,
,ai_generated,,,,,
c.wav,human_made,,,,"{""name"":""A""}",B
d.wav,human_made,,,,,,beyond
e.wav,human_made,"open
"""


def test_every_fault_is_told_at_once_with_line_and_column(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(FAULTY)
    done = cli("import", "t.csv", "--from", "csv", "--out-dir", "out")
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()
    told = [line for line in done.stderr.splitlines() if line.startswith("error")]
    for wanted in (
        "line 1, column 3: unknown column sistems.0.name",
        "line 2, column 4: extra is no JSON",
        "line 3, column 5: perhaps is neither true nor false",
        "line 4: no path",
        "line 5: provider stands in a column of its own and in others",
        "line 6, column 8: a cell beyond the last column",
        "line 7, column 3: a cell in quotes does not end",
    ):
        assert any(wanted in line for line in told), wanted
    assert len(told) == 7
    assert "did you mean systems" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("csv", b"path,kind\na.wav,\xff\n", "line 2: no UTF-8"),
        ("csv", b"", "no column path"),
        ("csv", b"kind\nhuman_made\n", "no column path"),
        ("csv", b"path,path\na,b\n", "stands twice"),
        ("csv", b"path," + b",x" * 6000, "more than 5,000 cells"),
        ("csv", b"path,extra\na," + b"[" * 100_000, "extra is no JSON"),
        ("jsonl", b'{"path":"a","label":{}}\n{"path":"b","label":' + b"[" * 100_000, "line 2"),
        ("jsonl", b'{"path":"a","label":{"kind":NaN}}', "NaN"),
        ("jsonl", b'{"path":"a","label":{"kind":1,"kind":2}}', "stands twice"),
        ("jsonl", b'{"path":"a","label":{},"more":1}', "unknown: more"),
        ("jsonl", b"[1]\n\xff", "no UTF-8"),
        ("jsonl", b"{\n}", "line 1"),
    ],
)
def test_hostile_tables_are_faults(cli: Cli, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / "table").write_bytes(content)
    done = cli("import", "table", "--from", name)
    assert done.returncode == 1
    assert said in done.stderr
    assert "internal fault" not in done.stderr
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_without_rows_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,kind\n")
    assert cli("import", "t.csv", "--from", "csv").returncode == 2


def test_a_large_cell_and_a_large_table_are_read() -> None:
    text = "long, " * 300_000
    rows = [Row("a.wav", {"kind": "human_made", "prompt": {"text": text}})]
    rows += [Row(f"{index}.wav", {"kind": "human_made"}) for index in range(20_000)]
    table = load_csv(dump_csv(rows))
    assert table.rows == tuple(rows)


# --- the commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_labeled_files_go_out_and_come_back(cli: Cli, media: Path, signer: Signer, tmp_path: Path, form: str) -> None:
    label = load_label(EXAMPLES / "ai-assisted-track.toml")
    (tmp_path / "out").mkdir()
    label_file(media / "take.wav", tmp_path / "out" / "take.wav", label, signer, personal=True)
    label_file(media / "cover.jpg", tmp_path / "out" / "cover.jpg", Label(kind="human_made"), signer)
    done = cli("export", "out", "--to", form, "--trust", "test", "--personal", "-o", f"t.{form}")
    assert (done.returncode, done.stderr) == (0, "")
    done = cli("import", f"t.{form}", "--from", form, "--out-dir", "back")
    assert done.returncode == 0, done.stdout
    back = load_label(tmp_path / "back" / "out_take.wav.label.json")
    assert to_builtins(back) == to_builtins(label) | {"origin": "created"}
    assert load_label(tmp_path / "back" / "out_cover.jpg.label.json").kind == "human_made"


def test_names_of_people_go_out_only_when_asked(cli: Cli, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "ai-assisted-track.toml", tmp_path / "take.toml")
    done = cli("export", "take.toml", "--to", "jsonl")
    assert done.returncode == 0
    assert "Ada Example" not in done.stdout
    assert "left out: people.name: add --personal" in done.stderr
    assert "Ada Example" in cli("export", "take.toml", "--to", "jsonl", "--personal").stdout


def test_a_file_that_does_not_hold_is_not_exported(cli: Cli, media: Path, signer: Signer, tmp_path: Path) -> None:
    label_file(media / "take.wav", tmp_path / "good.wav", Label(kind="human_made"), signer)
    content = bytearray((tmp_path / "good.wav").read_bytes())
    content[5000] ^= 1
    (tmp_path / "bad.wav").write_bytes(content)
    shutil.copy(media / "take.mp3", tmp_path / "plain.mp3")
    done = cli("export", "good.wav", "bad.wav", "plain.mp3", "--to", "csv", "--trust", "test", "-o", "t.csv")
    assert done.returncode == 1
    assert "bad.wav: invalid" in done.stderr
    assert "plain.mp3: unsigned" in done.stderr
    assert "nothing was exported" in done.stderr
    assert not (tmp_path / "t.csv").exists()
    done = cli("export", "good.wav", "--to", "csv")
    assert done.returncode == 0
    assert "nobody you trust vouches for 1 of 1 files" in done.stderr
    assert cli("export", "none.wav", "--to", "csv").returncode == 3


def test_nothing_is_overwritten_without_force(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,kind\na.wav,human_made\n../../b.wav,human_made\n")
    assert cli("import", "t.csv", "--from", "csv", "--out-dir", "out").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.wav.label.json", "b.wav.label.json"]
    done = cli("import", "t.csv", "--from", "csv", "--out-dir", "out")
    assert (done.returncode, "exists already" in done.stderr) == (3, True)
    assert cli("import", "t.csv", "--from", "csv", "--out-dir", "out", "--force").returncode == 0
    assert cli("export", EXAMPLES / "human-made.toml", "--to", "csv", "-o", "t.csv").returncode == 3
    assert (tmp_path / "t.csv").read_text().startswith("path,kind\na.wav")
    assert cli("export", EXAMPLES / "human-made.toml", "--to", "csv", "-o", "t.csv", "--force").returncode == 0


def test_names_that_others_wrote_make_no_folder_and_hide_nothing(cli: Cli, tmp_path: Path) -> None:
    names = ["/etc/passwd", "..\\..\\x.wav", ".hidden", "a\u202eb", "A.wav", "a.wav", "é" * 300, "...", "-rf"]
    lines = [json.dumps({"path": name, "label": {"kind": "human_made"}}) for name in names]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    done = cli("import", "t.jsonl", "--from", "jsonl", "--out-dir", "out")
    assert done.returncode == 0, done.stderr
    found = [path.name for path in (tmp_path / "out").iterdir()]
    assert len(found) == len(names)
    assert all(name.endswith(".label.json") and name[0] not in ".-" and len(name.encode()) < 256 for name in found)
    assert {"etc_passwd.label.json", "x.wav.label.json", "a.wav-2.label.json"} <= set(found)
    assert "\u202e" not in done.stdout


def test_each_label_that_comes_in_is_linted(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,kind,identifiers.isrc\na.wav,ai_generatd,GBAYE26000\n")
    done = cli("import", "t.csv", "--from", "csv")
    assert done.returncode == 1
    assert "did you mean ai_generated" in done.stdout
    assert (tmp_path / "a.wav.label.json").exists()


@pytest.mark.parametrize(
    ("load", "content", "rows"),
    [
        (load_csv, b"path\n" + b"a,x\n" * 200_000, 0),
        (load_csv, b"path\n" + (b"a" + b",x" * 4000 + b"\n") * 200, 0),
        (load_csv, b"path,kind\n" + b",x\n" * 200_000, 0),
        (load_jsonl, b"x\n" * 500_000, 0),
        (load_jsonl, b'{"path":"a","label":{}}\n' * 100_001, 100_000),
    ],
    ids=["beyond", "many", "no-path", "no-json", "rows"],
)
def test_a_table_of_faults_or_rows_without_end_is_told_as_that(load: Any, content: bytes, rows: int) -> None:
    table = load(content)
    assert len(table.rows) == rows
    assert 0 < len(table.faults) <= 6_000
    assert "more than" in table.faults[-1].message


@pytest.mark.parametrize("content", [b'path\n"' + b'""' * 2_000_000, b',path\n"a', b'path\n"a"x'])
def test_a_quote_that_does_not_end_takes_neither_memory_nor_time(content: bytes) -> None:
    import tracemalloc

    tracemalloc.start()
    table = load_csv(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [fault.message for fault in table.faults] == ["a cell in quotes does not end"]
    assert peak < 10 * len(content) + 1_000_000


def test_many_rows_of_one_path_get_names_of_their_own_in_time() -> None:
    from provlabel.cli.import_ import _names

    begun = time.process_time()
    names = _names(["take.wav"] * 50_000 + ["TAKE.wav"])
    assert len({name.casefold() for name in names}) == 50_001
    assert time.process_time() - begun < 10


def test_half_a_character_in_a_line_is_a_fault_and_no_crash(cli: Cli, tmp_path: Path) -> None:
    """JSON can say a lone surrogate, which no label and no terminal can hold."""
    table = tmp_path / "table.jsonl"
    label = r'{"kind":"human_made","title":"\ud800","extra":{"n":99999999999999999999}}'
    table.write_text(f'{{"path":"a.wav","label":{label}}}\n')
    done = cli("import", table, "--from", "jsonl", "--out-dir", tmp_path / "labels")
    assert done.returncode == 1, done.stderr
    assert "error /title: half a character" in done.stdout
    assert "error /extra/n: a whole number of more than 64 bits" in done.stdout


def test_a_folder_in_the_place_of_a_label_is_told_before_anything_is_written(cli: Cli, tmp_path: Path) -> None:
    table, labels = tmp_path / "table.csv", tmp_path / "labels"
    table.write_text("path,kind\na.wav,human_made\nb.wav,human_made\n")
    (labels / "b.wav.label.json").mkdir(parents=True)
    done = cli("import", table, "--from", "csv", "--out-dir", labels, "--force")
    assert done.returncode == 3
    assert [path.name for path in labels.iterdir()] == ["b.wav.label.json"]
    table.write_text("path,kind\n")
    assert "has no rows" in cli("import", table, "--from", "csv", "--out-dir", labels).stderr


def test_a_file_that_is_one_long_heading_is_told_with_little_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    table = load_csv(b"\0" * 4_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "unknown column" in table.faults[-1].message
    assert peak < 60_000_000
