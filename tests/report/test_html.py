"""The HTML report, as a real browser shows it: no request, no script, for everybody, and whatever strings come."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from attacks import ATTACKS, infect
from browser import browse
from project import EXAMPLE_LABELS, MEDIA, Cli, needs
from provlabel import Label, TrustStore, label_file, load_label, verify_paths
from provlabel.label.records import Contribution, Point, Region, Span
from provlabel.media.previews import Preview
from provlabel.report import (
    AccountInfo,
    CarrierValue,
    ExceptionUse,
    Excuse,
    FileReport,
    HistoryNode,
    IdentityInfo,
    Named,
    PolicyInfo,
    Report,
    RevocationInfo,
    Skipped,
    TimeInfo,
)
from provlabel.report.renderers import RENDERERS, Extras, _html_words
from provlabel.report.renderers._html_style import STYLE
from provlabel.report.renderers._markup import escape, figures, join, tag
from provlabel.sandbox import Sandbox
from provlabel.sandbox.drawing import previews_of
from provlabel.signers import Signer

RENDER = RENDERERS["html"].render


def region(number: float = 0, **more: Any) -> Contribution:
    place = Region(**{"shape": "rectangle", "x": 10, "y": 20, "width": 50, "height": 40, **more})
    return Contribution(part="image_region", extent="All", by="ai", description=f"part {number}", region=place)


def spanned(start: float, end: float, extent: Any = "All") -> Contribution:
    by: Any = "human" if extent == "None" else "ai"
    return Contribution(part="vocals", extent=extent, by=by, span=Span(start=start, end=end))


MARKED = (
    region(1),
    region(2, shape="circle", x=50, y=50, width=20),
    region(3, unit="pixel", x=360, y=240, width=180, height=120),
    region(4, unit="pixel", points=(Point(x=0, y=0), Point(x=72, y=0), Point(x=36, y=48)), shape="polygon"),
    region(5, shape="polygon", points=(Point(x=80, y=80), Point(x=90, y=80), Point(x=85, y=95))),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Report:
    """Every state that a reader meets: regions, spans, changed, unsigned, two generations, excepted, unreadable."""
    folder = tmp_path_factory.mktemp("release")
    photo, track = (
        load_label(EXAMPLE_LABELS / "ai-modified-photo.toml"),
        load_label(EXAMPLE_LABELS / "ai-assisted-track.toml"),
    )
    label_file(
        MEDIA / "cover.jpg", folder / "regions.jpg", replace(photo, contributions=MARKED), signer, sandbox=sandbox
    )
    spans = (spanned(1, 2), spanned(1.5, 3, "Partly"), spanned(2.5, 5.12, "None"))
    label_file(MEDIA / "take.wav", folder / "spans.wav", replace(track, contributions=spans), signer, sandbox=sandbox)
    label_file(folder / "regions.jpg", folder / "second.jpg", photo, signer, sandbox=sandbox)
    label_file(folder / "second.jpg", folder / "third.jpg", photo, signer, sandbox=sandbox)
    changed = bytearray((folder / "second.jpg").read_bytes())
    changed[-3000] ^= 1
    (folder / "changed.jpg").write_bytes(changed)
    shutil.copy(MEDIA / "cover.jpg", folder / "unsigned.jpg")
    shutil.copy(MEDIA / "take.mp3", folder / "excepted.mp3")
    (folder / "unreadable.jpg").write_bytes((MEDIA / "cover.jpg").read_bytes()[:500])
    (folder / "notes.txt").write_text("no media")
    (folder / "link").symlink_to("nowhere")
    report = verify_paths([folder, folder / "missing.jpg"], trust=trust, sandbox=sandbox)
    excuse = Excuse(by="exception", reason="archive of 2019", owner="label-team", expires="2027-01-31")
    files = tuple(excused(item, excuse) if "excepted" in item.path else item for item in report.files)
    summary = replace(report.summary, excepted=1, failed=report.summary.failed - 1)
    used = ExceptionUse(
        rule="policy.label", reason="archive", owner="team", expires="2027-01-31", path="*.mp3", expired=False, files=1
    )
    uses = (used, replace(used, expired=True, files=2), replace(used, path=None, sha256="0" * 64, files=0))
    return replace(report, files=files, summary=summary, exceptions=uses, insecure=("--insecure-private-hosts",))


def excused(item: FileReport, excuse: Excuse) -> FileReport:
    findings = tuple(replace(found, excuse=excuse) if found.level == "error" else found for found in item.findings)
    return replace(item, findings=findings, outcome="excepted", passed=True)


@pytest.fixture(scope="module")
def previews(made: Report) -> dict[str, Preview]:
    return previews_of(made)


@pytest.fixture(scope="module")
def page(made: Report, previews: dict[str, Preview], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(RENDER(made, Extras(previews=previews)), encoding="utf-8")
    return path


# --- in a browser ---------------------------------------------------------------------------------


@needs("chromium")
def test_it_asks_for_nothing_runs_nothing_and_everybody_can_read_it(page: Path) -> None:
    """Four ways to read it, each by axe-core too, which must have looked."""
    ways = [{"scheme": scheme, "width": width} for scheme in ("light", "dark") for width in (360, 1200)]
    wide = "document.documentElement.scrollWidth - innerWidth"
    for seen in browse(*({"file": str(page), "poke": True, "axe": True, "eval": wide, **way} for way in ways)):
        assert [url for url in seen["requests"] if not url.startswith(page.as_uri())] == []
        assert (seen["console"], seen["dialogs"], seen["errors"]) == ([], [], [])
        assert seen["axe"]["violations"] == []
        assert seen["axe"]["passes"] > 30
        assert [text for text in seen["axe"]["incomplete"] if not text.startswith("color-contrast:")] == []
        assert seen["eval"] <= 0, "it scrolls sideways"


@needs("chromium")
@needs("pdftotext")
def test_on_paper_everything_is_unfolded(page: Path, made: Report, tmp_path: Path) -> None:
    pdf = tmp_path / "report.pdf"
    browse({"file": str(page), "pdf": str(pdf)})
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    for item in made.files:
        assert item.sha256 is not None
        assert item.sha256 in text, item.path
    assert text.count("The checks one by one") == text.count("Does anybody else stand for it?") == len(made.files)


@needs("chromium")
def test_the_policy_of_the_page_would_stop_a_script(page: Path, tmp_path: Path) -> None:
    """Should a string ever escape: the browser itself refuses script, style and fetching."""
    hole = "<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)><p style='color:red'>x</p>"
    path = tmp_path / "hole.html"
    path.write_text(page.read_text().replace("<main>", f"<main>{hole}"))
    (seen,) = browse({"file": str(path)})
    assert seen["dialogs"] == []
    assert len([text for text in seen["console"] if "Content Security Policy" in text]) >= 4


# --- geometry -------------------------------------------------------------------------------------

_BOXES = """name => {
  const articles = [...document.querySelectorAll('article')];
  const section = articles.find(one => one.querySelector('h3').innerText.endsWith(name));
  const box = element => { const b = element.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; };
  return {
    picture: section.querySelector('img, .timeline') && box(section.querySelector('img, .timeline')),
    shapes: [...section.querySelectorAll('.shape, .lane')].map(box),
    numbers: [...section.querySelectorAll('.dot-number, .lane-number')].map(one => one.textContent),
    rows: [...section.querySelectorAll('.parts tbody tr')].map(one => one.cells[0].innerText),
  };
}"""


def boxes(page: Path, name: str, width: int) -> dict[str, Any]:
    (seen,) = browse({"file": str(page), "eval": f"({_BOXES})('{name}')", "width": width})
    found: dict[str, Any] = seen["eval"]
    return found


@needs("chromium")
@pytest.mark.parametrize("width", [360, 1200])
def test_regions_lie_where_the_label_says(page: Path, width: int) -> None:
    """In percent of the picture: a circle's width is its diameter, and pixels are those of the whole picture."""
    seen = boxes(page, "regions.jpg", width)
    left, top, wide, high = seen["picture"]
    assert wide / high == pytest.approx(720 / 480, rel=0.01)
    found = [
        [100 * (x - left) / wide, 100 * (y - top) / high, 100 * w / wide, 100 * h / high]
        for x, y, w, h in seen["shapes"]
    ]
    wanted = [[10, 20, 50, 40], [40, 35, 20, 30], [50, 50, 25, 25], [0, 0, 10, 10], [80, 80, 10, 15]]
    assert found == [pytest.approx(box, abs=0.5) for box in wanted]
    assert seen["numbers"] == seen["rows"] == ["1", "2", "3", "4", "5"]


@needs("chromium")
@pytest.mark.parametrize("width", [360, 1200])
def test_spans_lie_where_the_label_says(page: Path, width: int) -> None:
    seen = boxes(page, "spans.wav", width)
    left, _, wide, _ = seen["picture"]
    found = [[5.12 * (x - left) / wide, 5.12 * w / wide] for x, _, w, _ in seen["shapes"]]
    assert found == [pytest.approx(span, abs=0.03) for span in ([1, 1], [1.5, 1.5], [2.5, 2.62])]
    tops = [y for _, y, _, _ in seen["shapes"]]
    assert tops[0] == tops[2] < tops[1], "spans that overlap lie below each other"
    assert seen["numbers"] == seen["rows"] == ["1", "2", "3"]


# --- hostile strings ------------------------------------------------------------------------------


def infected(value: Any, attack: str, keys: bool) -> Any:
    """Put ``attack`` into every string of ``value`` at once, but for words that no file chooses."""
    if isinstance(value, msgspec.Struct):
        closed = {row.name for row in msgspec.structs.fields(value) if "Literal" in str(row.type)}
        inner = {name: getattr(value, name) for name in value.__struct_fields__ if name not in closed}
        kept = {"axes", "excuse"} if isinstance(value, FileReport) else set()
        return replace(value, **{name: infected(it, attack, keys) for name, it in inner.items() if name not in kept})
    if isinstance(value, dict):
        return {
            f"{attack}{at}" if keys else key: infected(it, attack, keys) for at, (key, it) in enumerate(value.items())
        }
    if isinstance(value, (list, tuple)):
        return type(value)(infected(it, attack, keys) for it in value)
    return attack if isinstance(value, str) else value


@pytest.fixture(scope="module")
def full(made: Report, previews: dict[str, Preview]) -> tuple[Report, dict[str, Preview]]:
    """A report in which every field is filled, so that none is forgotten."""
    named = Named("list", "0" * 64, False, "timestamp", "2026-01-01T00:00:00Z", 3)
    policy = PolicyInfo(name="house", sha256="1" * 64, source="found", ignored=("signer", "files"))
    first = next(item for item in made.files if item.path.endswith("regions.jpg"))
    assert first.label is not None
    node = HistoryNode(
        relationship="inputTo",
        title="sketch",
        format="image/png",
        manifest="urn",
        signer="S",
        kind="odd",
        state="broken",
    )
    filled = replace(
        first,
        path="folder/regions.jpg",
        label=replace(first.label, personal={"people": [{"name": "Ada"}]}, origins={"kind": "c2pa.actions"}),
        time=TimeInfo(event="2026", stamped="2026"),
        revocation=RevocationInfo(state="not-checked", source="cached", why="why", updated="2026"),
        identity=(
            IdentityInfo(
                name="N",
                organization="O",
                roles=("cawg.editor",),
                issuer="I",
                accounts=(AccountInfo(type="T", provider="P", name="A", username="U", uri="X", verified_at="V"),),
            ),
        ),
        history=(node, replace(node, manifest=None, history=(node,))),
        carriers=(
            CarrierValue(carrier="xmp", place="P", field="F", agreement="changed", values=("V",), expected=("E",)),
        ),
        not_checked=("one", "two"),
    )
    files = (
        filled,
        *(item for item in made.files if item.path.endswith(("spans.wav", "excepted.mp3", "unreadable.jpg"))),
    )
    skipped = (*made.skipped, Skipped("a/.git", "repository"))
    whole = replace(made, files=files, policy=(policy,), anchors=(named,), baseline=named, skipped=skipped)
    return whole, {**previews, "folder/regions.jpg": previews[first.path]}


def rendered(full: tuple[Report, dict[str, Preview]], attack: str, keys: bool) -> str:
    """Render with every string replaced; the pictures stay with their files."""
    report, previews = full
    whole = infected(report, attack, keys)
    unnamed = next(iter(previews.values()))
    return RENDER(whole, Extras(previews={attack: replace(unnamed, why=attack) if unnamed.why else unnamed}))


@needs("chromium")
def test_no_string_becomes_markup(full: tuple[Report, dict[str, Preview]], tmp_path: Path) -> None:
    """Every string at once, with and without the keys of labels: the elements are those of harmless strings."""
    cases = [(text, keys) for text in ("ab", "a/b", *ATTACKS.values()) for keys in (False, True)]
    jobs = []
    for place, (text, keys) in enumerate(cases):
        path = tmp_path / f"{place}.html"
        path.write_text(rendered(full, text, keys), encoding="utf-8")
        jobs.append({"file": str(path), "census": True})
    seen = dict(zip(cases, browse(*jobs), strict=True))
    for name, attack in ATTACKS.items():
        for keys in (False, True):
            attacked = seen[attack, keys]
            assert attacked["census"] == seen["a/b" if "/" in attack else "ab", keys]["census"], (name, keys)
            assert (attacked["dialogs"], attacked["console"], attacked["errors"]) == ([], [], []), name
            assert [url for url in attacked["requests"] if not url.startswith("file://")] == []
            assert [ch for ch in attacked["text"] if not (ch.isprintable() or ch in "\n\t")] == []


class _Census(HTMLParser):
    """Counts elements as a reader of HTML that is not a browser does."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        key = f"{tag} {sorted(name for name, _ in attrs if name != 'open')}"
        self.found[key] = self.found.get(key, 0) + 1


def census(text: str) -> dict[str, int]:
    reader = _Census()
    reader.feed(text)
    return reader.found


@pytest.mark.parametrize("name", ["html close", "attribute", "html comment", "surrogates"])
def test_each_single_string_is_escaped(name: str, full: tuple[Report, dict[str, Preview]]) -> None:
    """One field at a time, all of them: none is escaped only because of another one."""
    report, preview = replace(full[0], files=full[0].files[:1]), full[1][full[0].files[0].path]
    known, cases = known_elements(report, preview), 0
    for where, changed in infect(report, ATTACKS[name]):
        text = RENDER(changed, Extras(previews={item.path: preview for item in changed.files}))
        text.encode("utf-8")
        found = census(text)
        assert set(found) <= known, where
        assert found["footer []"] == 1, where
        assert raw(text) == [], where
        cases += 1
    assert cases > 100


def known_elements(report: Report, preview: Preview) -> set[str]:
    """Every kind of element that the report has with strings that do no harm."""
    reports = (report, *(infected(report, text, keys) for text in ("ab", "a/b") for keys in (False, True)))
    texts = (RENDER(one, Extras(previews={item.path: preview for item in one.files})) for one in reports)
    return {name for text in texts for name in census(text)}


def raw(text: str) -> list[str]:
    return [ch for ch in text if not (ch.isprintable() or ch == "\n")]


@pytest.mark.parametrize("name", ATTACKS)
def test_no_line_is_a_command_to_a_log(name: str, full: tuple[Report, dict[str, Preview]]) -> None:
    text = rendered(full, ATTACKS[name], keys=True)
    assert "##" not in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert raw(text) == []


def test_markup_can_only_be_made_by_tags() -> None:
    assert escape("<&\"'>\x1b##[x]") == "&lt;&amp;&quot;&#x27;&gt;\\u{1b}\\u{23}#[x]"
    assert tag("p", "<b>", tag("br"), None, class_='"x"', hidden=True, open=False).markup == (
        '<p class="&quot;x&quot;" hidden>&lt;b&gt;<br></br></p>'
    )
    assert join("a", None, tag("i", "b")).markup == "a<i>b</i>"
    with pytest.raises(ValueError, match="figures"):
        figures('" onload="')


# --- what it says ---------------------------------------------------------------------------------


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def words(report: Report, previews: dict[str, Preview] | None = None) -> str:
    reader = _Text()
    reader.feed(RENDER(report, Extras(previews=previews or {})))
    return " ".join(" ".join(reader.said).split())


def test_it_says_what_was_judged_and_what_was_not(made: Report, previews: dict[str, Preview]) -> None:
    said = words(made, previews)
    for part in (
        "3 of 8 files did not pass, and 1 could not be judged",
        "Unchanged since it was signed by someone you trust",
        "That does not make it true",
        "does not mean “not AI”",
        "Labeled as changed by AI",
        "Why it did not pass: the content, or a signed statement about it, is not what was signed",
        "rectangle of 50 % by 40 %, 10 % from the left, 20 % from the top",
        "0:01.5–0:03",
        "Does not count: archive of 2019",
        "has ended; would have stood for 2 files",
        "not used: it can be removed",
        "An insecure option was used: --insecure-private-hosts",
        "throw-away test root",
        "missing.jpg",
        "Links that are not followed",
        "made from: second.jpg",
        "No preview: the file could not be read.",
        made.policy[0].sha256,
        made.anchors[0].sha256,
        made.at,
        made.engine.version,
        *(item.path.rpartition("/")[2] for item in made.files),
        *(found.rule for item in made.files for found in item.findings),
        *(check for item in made.files for check in item.not_checked),
    ):
        assert part in said, part


def headline(report: Report) -> str:
    found = re.search("<h1>(.*?)</h1>", RENDER(report, Extras()))
    assert found
    return found[1]


def test_the_headline_is_the_verdict(made: Report) -> None:
    good = next(item for item in made.files if item.state == "trusted")
    bad = next(item for item in made.files if item.outcome == "failed")
    empty = replace(made.summary, files=0, passed=0, failed=0, excepted=0, errors=0)

    def run(*files: FileReport, errors: bool = False, **counts: int) -> Report:
        summary = replace(empty, files=len(files), errors=int(errors), **counts)
        return replace(made, files=files, summary=summary, errors=made.errors if errors else ())

    assert headline(run(good, passed=1)) == "The file passed"
    assert headline(run(good, good, passed=2)) == "All 2 files passed"
    assert headline(run(good, good, passed=1, excepted=1)) == (
        "1 of 2 files would not have passed without an exception or the baseline"
    )
    assert headline(run(good, known=1)) == "The file would not have passed without an exception or the baseline"
    assert headline(run(bad, failed=1)) == "The file did not pass"
    assert headline(run(good, bad, passed=1, failed=1)) == "1 of 2 files did not pass"
    assert headline(run(good, passed=1, errors=True)) == "1 file could not be judged"
    assert headline(run()) == "There was nothing to judge"


def test_every_answer_has_words() -> None:
    from typing import get_args

    from provlabel import report

    axes = {row.name: row.type for row in msgspec.structs.fields(report.Axes)}
    for name, kind in axes.items():
        values = get_args(get_args(kind)[0]) if name == "label" else get_args(kind)
        assert set(_html_words.AXES[name].answers) == set(values), name
    assert set(_html_words.CAVEATS) == set(_html_words.STATE_LOOKS) == set(get_args(report.State))
    assert set(_html_words.OUTCOME_WORDS) == set(_html_words.OUTCOME_GROUPS) == set(get_args(report.Outcome))
    states = {row.name: row.type for row in msgspec.structs.fields(HistoryNode)}["state"]
    assert set(_html_words.HISTORY_WORDS) == set(get_args(states))
    assert set(_html_words.STATE_WORDS) == set(get_args(report.State))
    sources = {row.name: row.type for row in msgspec.structs.fields(PolicyInfo)}["source"]
    assert set(_html_words.POLICY_SOURCES) == set(get_args(sources))


def test_a_policy_that_is_an_option_is_named(media: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("verify", media / "cover.jpg", "--require-revocation", "--format", f"html={tmp_path / 'report.html'}")
    assert done.returncode == 1, done.stderr
    assert "asked for by an option of the command line" in (tmp_path / "report.html").read_text()


def test_names_and_reasons_keep_their_capitals(made: Report) -> None:
    item = next(item for item in made.files if item.outcome == "failed")
    excuse = Excuse(by="exception", reason="From ACME", owner="Ann@ACME", expires="2027-01-31")
    found = tuple(replace(one, excuse=excuse) for one in item.findings)
    assert "Does not count: From ACME — an exception by Ann@ACME, until 2027-01-31." in words(
        replace(made, files=(replace(item, findings=found),))
    )


def test_what_a_file_claims_is_said_to_be_a_claim(made: Report) -> None:
    """In the list of files and in the history too, where there is no room for caveats."""
    trusted = next(item for item in made.files if item.path.endswith("second.jpg"))
    claim = "labeled as changed by AI — as the file claims"
    assert claim not in words(replace(made, files=(trusted,)))
    for state, verdict in (("valid", "unchanged; signer not known to you"), ("invalid", "does not hold")):
        item = replace(trusted, state=state)  # type: ignore[arg-type]
        text = RENDER(replace(made, files=(item,)), Extras())
        assert claim in text.partition("</nav>")[0]
        drawn = text.partition('class="history"')[2].partition("</g>")[0]
        assert f">{verdict}</text>" in drawn


def test_without_the_libraries_it_says_how_to_get_them(made: Report) -> None:
    hint = Preview(kind="none", why="pictures of files need more libraries: pip install 'provlabel[html]'")
    said = words(made, {item.path: hint for item in made.files})
    assert "No preview: pictures of files need more libraries: pip install 'provlabel[html]'." in said
    assert "<img" not in RENDER(made, Extras())


def test_thousands_of_files_make_a_page_that_can_be_used(made: Report) -> None:
    bad = next(item for item in made.files if item.outcome == "failed")
    good = next(item for item in made.files if item.outcome == "passed")
    files = (*(replace(good, path=f"{place}.jpg") for place in range(3000)), replace(bad, path="bad.jpg"))
    text = RENDER(replace(made, files=files, summary=replace(made.summary, files=3001)), Extras())
    assert text.count("<article ") == 500
    assert "2,501 files more were judged and are counted above" in text
    assert text.index("bad.jpg") < text.index(">0.jpg")
    assert len(text) < 8_000_000


def test_labels_that_say_very_much_make_a_page_that_can_be_opened(made: Report) -> None:
    item = next(item for item in made.files if item.label is not None)
    assert item.label is not None
    much = {"contributions": [{"part": "x" * 2000, "system": "y" * 2000, "person": "z" * 2000}] * 200}
    files = (replace(item, label=replace(item.label, value=much)),) * 100
    text = RENDER(replace(made, files=files), Extras())
    assert len(text) < 45_000_000
    assert re.search(r"[0-9]+ files more were judged and are counted above", text)
    assert text.count("<article ") == text.count('href="#f') > 10


def test_a_history_that_never_ends_is_cut(made: Report) -> None:
    node = HistoryNode(
        relationship="parentOf", title="t", format="image/png", manifest="u", signer="s", kind=None, state="clean"
    )
    for _ in range(3000):
        node = replace(node, history=(node,))
    text = RENDER(replace(made, files=(replace(made.files[0], history=(node,)),)), Extras())
    assert text.count('class="node"') == 61
    assert "2,941 more are in the JSON report" in text


ODD_NUMBERS: tuple[Any, ...] = (None, True, "12", [], {}, -5, 1e308, float("nan"), float("inf"), 10**400)


@pytest.mark.parametrize("odd", ODD_NUMBERS, ids=repr)
def test_numbers_of_others_need_not_be_numbers(odd: Any, made: Report, previews: dict[str, Preview]) -> None:
    picture = next(item for item in made.files if item.path.endswith("regions.jpg"))
    sound = next(item for item in made.files if item.path.endswith("spans.wav"))
    keys = ("x", "y", "width", "height", "start", "end")
    place = {**dict.fromkeys(keys, odd), "points": [{"x": odd, "y": odd}] * 4, "shape": odd, "unit": odd}
    parts = [{"part": odd, "extent": odd, "region": place, "span": place, "system": odd}, odd]
    files = []
    for item in (picture, sound):
        assert item.label is not None
        files.append(replace(item, label=replace(item.label, value={"contributions": parts, "systems": odd})))
    text = RENDER(replace(made, files=tuple(files)), Extras(previews=previews))
    assert "nan" not in re.findall(r'="(nan|inf)[^"]*"', text)


@pytest.mark.parametrize(
    "place", [{"width": -5, "height": 9}, {"width": 5, "height": -9}, {"width": -5, "shape": "circle"}]
)
def test_a_shape_without_a_size_is_not_marked(place: dict[str, Any]) -> None:
    from provlabel.report.renderers import _svg

    assert _svg.regions([_svg.PlacedPart(1, "ai", {"x": 1, "y": 1, **place})], 320, 320) is None


def test_the_command_line_draws_the_files(media: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("verify", media, "--format", f"html={tmp_path / 'report.html'}")
    assert done.returncode == 1
    text = (tmp_path / "report.html").read_text()
    assert text.count("data:image/jpeg;base64,") == 2
    assert text.count('class="wave"') == 3
    assert "data:image" not in cli("verify", media, "--format", "markdown").stdout


# --- colours --------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    full = colour[1:] if len(colour) == 7 else "".join(2 * ch for ch in colour[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def schemes() -> Iterator[dict[str, str]]:
    for block in re.findall(r":root\{(.*?)\}", STYLE, re.DOTALL):
        yield dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})", block))


def test_contrast_of_what_is_drawn() -> None:
    """Text inside drawings, which axe-core does not judge."""
    found = list(schemes())
    assert len(found) == 3, "light, dark and paper"
    for colours in found:
        texts = ("ink", "soft", "ok", "bad", "warn", "info", "link")
        grounds = ("page", "card")
        pairs = [(text, ground, 4.5) for text in texts for ground in grounds]
        pairs += [(look, f"{look}-wash", 4.5) for look in ("ok", "bad", "warn", "info")]
        pairs += [(line, "card", 3) for line in ("edge", "wave", "human", "partly", "ai")] + [("card", "ai", 4.5)]
        for text, ground, least in pairs:
            light, dark = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= least, (text, ground)


def test_a_plain_label_needs_no_parts(made: Report, label: Label) -> None:
    item = next(item for item in made.files if item.state == "trusted")
    assert item.label is not None
    bare = replace(item, label=replace(item.label, value={}, kind=None, words=None), signer=None, time=None, history=())
    assert "nothing about AI is said that is known" in words(replace(made, files=(bare,)))
