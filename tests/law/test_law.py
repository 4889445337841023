"""Laws as dated data: each rule passes, fails and stands aside, and nobody chooses a law by choosing a date."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, strategies as st

import laws
from laws import LawFiles, Three, cn, eu, others, platforms, us
from project import ROOT, Cli, engine_credential
from provlabel import Label, Provider, System, TrustStore, UsageError, label_file, verify_file
from provlabel.engine import signing
from provlabel.evidence import Action, Carrier
from provlabel.label import signed_label
from provlabel.label.records import Disclosure, Identifier, Judgements, Likeness, Mark
from provlabel.label.vocabularies import IPTC
from provlabel.law import LAWS, Subject, judge_law, law_rules, load_laws, subject_of_label
from provlabel.law.checks import CHECKS
from provlabel.law.conditions import CONDITIONS
from provlabel.law.records import Law, LawRule
from provlabel.manifest.write import Definition, definition
from provlabel.policy.records import LawName
from provlabel.report import LawResult
from provlabel.report.renderers import RENDERERS, Extras
from provlabel.report.rules import RULES
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

HELD, NOT_HELD, JUDGE, ASIDE, OUTSIDE = (
    "held",
    "not held",
    "needs a human judgement",
    "not applicable",
    "outside the file",
)

# --- subjects --------------------------------------------------------------------------------------

CREATED = (Action("c2pa.created", IPTC + "trainedAlgorithmicMedia"),)
ALTERED = (
    Action("c2pa.opened"),
    Action("c2pa.edited", IPTC + "compositeWithTrainedAlgorithmicMedia"),
)
FULL = laws.FULL
CODE, aigc = cn.CODE, cn.aigc
ICON = [{"kind": "icon", "place": "lower right corner", "alternative": "made with AI"}]
SPOKEN = [{"kind": "audio", "language": "en", "place": "at the start", "alternative": "in the notes"}]


def signed(actions: tuple[Action, ...] = CREATED, /, **label: Any) -> Subject:
    """A trusted picture with a full label, changed by ``label``; ``None`` takes a field out."""
    told = {key: value for key, value in {**FULL, **label}.items() if value is not None}
    return Subject(
        label=told,
        state="trusted",
        media="image",
        source="embedded",
        manifest="urn:c2pa:1",
        actions=actions,
    )


def but(subject: Subject, **changes: Any) -> Subject:
    return msgspec.structs.replace(subject, **changes)


def with_aigc(*values: str) -> Subject:
    return but(signed(), carriers=(Carrier("xmp", "XMP", {"TC260:AIGC": values}),))


HUMAN = signed((Action("c2pa.created", IPTC + "digitalCreation"),), kind="human_made", systems=None)
UNSIGNED = Subject(state="unsigned", media="image", claims_ai=True)
MARKED = signed(marks=[{"type": "watermark", "algorithm": "com.adobe.trustmark.P"}])
PRINTED = signed(marks=[{"type": "fingerprint", "algorithm": "io.iscc.v0"}])
FAKE = {"deep_fake": True}
NO_FAKE = signed(judgements={"deep_fake": False})
AD = {
    "judgements": {"advertising": True},
    "likeness": [{"depicts": "image", "synthetic": True, "real_person": False}],
}


CASES: dict[str, Three] = {**eu.CASES, **us.CASES, **cn.CASES, **others.CASES, **platforms.CASES}
#: Conditions that no file ever answers: where one stands, what is missing stays a question for a person.
UNANSWERABLE = {"new-system", "large-provider", "prominent"}
ROWS = [row for law in load_laws(LAWS) for row in law.rule]
IDS = [f"{row.id}@{row.start}" for row in ROWS]


#: Rules that no file shows, whatever it holds.
ALWAYS_OUTSIDE = {row.id for row in ROWS if row.holds == "outside-the-file"}


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_each_rule_is_held_broken_and_not_applicable(row: LawRule, law_files: LawFiles) -> None:
    if row.id in ALWAYS_OUTSIDE:
        found = law_files.result(row, laws.signed())
        assert (found.outcome, found.reason) == (OUTSIDE, row.given.why)
        return
    three = CASES[row.id]
    if three.held is not None:
        found = law_files.result(row, three.held)
        assert found.outcome == HELD, found.reason
    found = law_files.result(row, three.broken)
    asked = three.undecided or UNANSWERABLE.intersection(row.applies)
    assert found.outcome == (JUDGE if asked else NOT_HELD), found.reason
    found = law_files.result(row, three.aside)
    assert found.outcome == ASIDE, found.reason
    assert (found.source, found.certainty, found.number) == (row.source, row.certainty, row.number)


def test_every_rule_has_its_three_files() -> None:
    assert {row.id for row in ROWS} == set(CASES) | ALWAYS_OUTSIDE
    assert not set(CASES) & ALWAYS_OUTSIDE
    assert {code for code, three in CASES.items() if three.held is None} == {
        row.id for row in ROWS if row.holds == "human-judgement"
    }


# --- the files of the package ----------------------------------------------------------------------


@pytest.mark.parametrize("law", load_laws(LAWS), ids=LAWS)
def test_a_file_of_rules_is_sound(law: Law) -> None:
    assert law.rule
    for row in law.rule:
        assert row.id.startswith(f"law.{law.law}.")
        assert set(row.applies) <= set(CONDITIONS)
        assert row.holds in CHECKS
        assert row.start is None or row.end is None or row.start < row.end
        assert bool(row.given.why) == (row.holds in ("outside-the-file", "human-judgement"))
        assert bool(row.given.media) == ("medium" in row.applies)
    for code in {row.id for row in law.rule}:
        spans = sorted((row.start or dt.date.min, row.end or dt.date.max) for row in law.rule if row.id == code)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans)), code


def test_all_files_are_loaded_and_all_conditions_and_checks_are_used() -> None:
    assert sorted(LAWS) == sorted(path.stem for path in (ROOT / "src/provlabel/law").glob("*.toml"))
    assert {name for row in ROWS for name in row.applies} == set(CONDITIONS)
    assert {row.holds for row in ROWS} == set(CHECKS)


def test_numbers_of_the_map_are_all_there() -> None:
    numbers = {row.number for row in ROWS} | {part.number for law in load_laws(LAWS) for part in law.scope}
    eu = {f"EU-{number}" for number in (*range(1, 10), *range(20, 26))}
    california = {f"CA-{number}" for number in range(1, 14)} - {"CA-12"} | {"CA-12a", "CA-12b", "CA-12c"}
    others = {*(f"CN-{number}" for number in range(1, 7)), "IN-1", "IN-2", "IN-3", "KR-1", "KR-2", "KR-3"}
    assert eu | california | others | {"NY-1", "WA-1", "UT-1"} <= numbers


def test_an_unknown_law_is_the_wrong_request() -> None:
    with pytest.raises(UsageError, match="no law is named 'us-cal'") as caught:
        load_laws(["eu", "us-cal"])
    assert "did you mean us-ca?" in caught.value.hint
    assert all(name in caught.value.hint for name in LAWS)


FORBIDDEN = re.compile("complian", re.IGNORECASE)


def test_no_file_of_ours_says_that_something_complies() -> None:
    for folder in ("src", "docs", "schemas"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml", ".md", ".json"):
                assert not FORBIDDEN.search(path.read_text()), path


# --- days ------------------------------------------------------------------------------------------


def judged(subject: Subject, code: str, at: str) -> list[LawResult]:
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.timezone.utc)
    results = judge_law(subject, load_laws([code.split(".")[1]]), moment)
    return [item for item in results if item.rule == code]


def test_california_on_30_september_2026() -> None:
    """Claimed to be older than the new text: both texts count, and the worse one decides."""
    claimed = signed(provider=None, event_time="2026-09-15T10:00:00Z")
    old, new = judged(claimed, "law.us-ca.1", "2026-11-22")
    assert (old.outcome, old.counts, old.era) == (JUDGE, False, "2026-08-02 to 2026-09-29")
    assert "1,000,000 users" in old.reason
    assert (new.outcome, new.counts, new.era) == (NOT_HELD, True, "since 2026-09-30")
    assert (old.basis, new.basis) == ("claimed", "possible")
    gap, since = judged(claimed, "law.us-ca.5", "2026-11-22")
    assert (gap.outcome, gap.era, gap.counts) == (ASIDE, "before 2026-09-30", False)
    assert (since.outcome, since.counts) == (HELD, True)
    [since] = judged(claimed, "law.us-ca.8", "2026-11-22")
    assert (since.outcome, since.counts) == (JUDGE, True)


def test_a_timestamp_proves_which_text_it_was() -> None:
    claimed = signed(provider=None, event_time="2026-09-15T10:00:00Z")
    stamp = dt.datetime(2026, 9, 16, tzinfo=dt.timezone.utc)
    [old] = judged(but(claimed, not_later=stamp), "law.us-ca.1", "2026-11-22")
    assert (old.outcome, old.counts, old.basis, old.date) == (JUDGE, True, "claimed", "2026-09-15")
    late = dt.datetime(2026, 10, 1, tzinfo=dt.timezone.utc)  # proves less than is claimed
    assert [item.outcome for item in judged(but(claimed, not_later=late), "law.us-ca.1", "2026-11-22")] == [
        JUDGE,
        NOT_HELD,
    ]


def test_the_eu_on_2_december_2026() -> None:
    made = signed(judgements={"code_signatory": True})  # on 22 November
    [early] = judged(made, "law.eu.3", "2026-12-01")
    assert early.outcome == JUDGE
    assert "2 August 2026" in early.reason
    first, second = judged(made, "law.eu.3", "2026-12-02")
    assert (first.outcome, first.counts) == (JUDGE, False)
    assert (second.outcome, second.counts, second.era) == (NOT_HELD, True, "since 2026-12-02")


def test_eras_with_one_outcome_are_one_result() -> None:
    [one] = judged(MARKED, "law.eu.3", "2027-06-01")
    assert (one.outcome, one.date, one.basis) == (HELD, "2026-11-22", "claimed")


def test_a_day_in_the_future_is_no_way_out() -> None:
    claimed = signed(provider=None, event_time="2031-01-01T00:00:00Z")
    [one] = judged(claimed, "law.us-ca.1", "2026-11-22")
    assert one.outcome == NOT_HELD
    assert [item.outcome for item in judged(claimed, "law.eu.7", "2026-11-22")] == [ASIDE, JUDGE]


def test_without_an_event_date_the_day_of_judgement_counts() -> None:
    [one] = judged(signed(event_time=None), "law.us-ca.1", "2026-11-22")
    assert (one.date, one.basis) == ("2026-11-22", "judgement")
    stamp = dt.datetime(2026, 9, 1, tzinfo=dt.timezone.utc)
    [one] = judged(but(signed(event_time=None), not_later=stamp), "law.us-ca.1", "2026-11-22")
    assert (one.date, one.basis) == ("2026-09-01", "proven")


def test_the_end_of_an_event_counts_and_days_are_those_of_utc() -> None:
    spread = signed(event_time="2026-01-01T00:00:00Z", event_end="2026-09-29T23:30:00-07:00")
    [one] = judged(spread, "law.us-ca.5", "2026-11-22")
    assert one.date == "2026-09-30"


def test_the_law_of_one_day_can_be_asked_for(
    media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox, cli: Cli
) -> None:
    """Whatever the file says about its day, and whenever it is judged."""
    file = made(media, Label(kind="ai_generated", event_time="2026-11-22T10:00:00Z"), signer, sandbox)
    day = dt.date(2026, 9, 15)
    [report] = verify_file(file, trust=trust, at=NOON, laws=["us-ca"], as_of=day, sandbox=sandbox).files
    [told] = [item for item in report.law if item.rule == "law.us-ca.1"]
    assert (told.outcome, told.era, told.date) == (JUDGE, "2026-08-02 to 2026-09-29", "2026-09-15")
    assert told.basis == "asked"
    run = ("verify", file, "--trust", "test", "--law", "us-ca", "--as-of")
    assert "by the law of 2020-01-01, which was asked for" in cli(*run, "2020-01-01", "-v").stdout
    for wrong in ("2026-13-01", "tomorrow", ""):
        done = cli(*run, wrong)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert "no date" in done.stderr
    for command in (("verify", file), ("lint", media / "take.json")):
        (media / "take.json").write_text('{"schema": "label-v1", "kind": "human_made"}')
        done = cli(*command, "--as-of", "2026-01-01")
        assert done.returncode == 2
        assert "add --law NAME" in done.stderr
    told = cli("lint", media / "take.json", "--law", "us-ca", "--as-of", "2020-01-01", "--format", "json").stdout
    assert {item["basis"] for item in json.loads(told)["law"]} == {"asked"}


# --- judgements, alterations, China ----------------------------------------------------------------


def test_what_a_signer_states_decides_and_is_told_as_that() -> None:
    [unsaid] = judged(signed(), "law.eu.20", "2026-11-22")
    assert unsaid.outcome == JUDGE
    assert unsaid.hint == "state judgements.deep_fake in the label"
    [denied] = judged(NO_FAKE, "law.eu.20", "2026-11-22")
    assert (denied.outcome, denied.reason) == (ASIDE, "the signer states that it is not a deep fake")
    [silent] = judged(signed(judgements=FAKE), "law.eu.20", "2026-11-22")
    assert silent.outcome == JUDGE
    [foreign] = judged(
        signed(judgements=FAKE, disclosure=[{"kind": "text", "text": "KI-erzeugt", "language": "de"}]),
        "law.eu.20",
        "2026-11-22",
    )
    assert foreign.outcome == JUDGE


@pytest.mark.parametrize("code", ["law.eu.1", "law.us-ca.1", "law.us-wa.1", "law.cn.2", "law.eu.20", "law.us-ny.1"])
def test_nobody_is_freed_by_what_an_invalid_file_says(code: str) -> None:
    """A label that was changed to say that people made it, or that it is no deep fake, counts for nothing."""
    for freed in (HUMAN, signed(judgements={"deep_fake": False, "advertising": False})):
        found = judged(but(freed, state="invalid"), code, "2027-03-01")
        assert ASIDE not in {item.outcome for item in found if item.counts}, code


def test_laws_draw_the_line_of_small_changes_differently() -> None:
    cropped = signed(ALTERED, kind="ai_modified", operations=[{"operation": "cropped"}, {"operation": "resized"}])
    filtered = signed(ALTERED, kind="ai_modified", operations=[{"operation": "filtered"}], provider=None)
    small = signed(ALTERED, kind="ai_modified", judgements={"substantial_change": False})
    technical = signed((), kind="ai_assisted_technical")
    assert [item.outcome for item in judged(cropped, "law.us-ca.1", "2026-11-22")] == [ASIDE]
    more = signed(ALTERED, **{**(cropped.label or {}), "judgements": {"substantial_change": True}})
    assert [item.outcome for item in judged(more, "law.us-ca.1", "2026-11-22")] == [HELD]
    assert [item.outcome for item in judged(small, "law.us-ut.1", "2027-01-01")] == [ASIDE]
    assert [item.outcome for item in judged(filtered, "law.us-ca.1", "2026-11-22")] == [NOT_HELD]
    assert [item.outcome for item in judged(small, "law.eu.1", "2027-01-01")] == [ASIDE]
    assert [item.outcome for item in judged(technical, "law.eu.1", "2027-01-01")] == [JUDGE]
    assert [item.outcome for item in judged(technical, "law.cn.1", "2026-11-22")] == [ASIDE]


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ([{"operation": "adjustedColor"}, {"operation": "converted"}, {"operation": "transcoded"}], ASIDE),
        ([{"operation": "enhanced", "technique": "Denoising"}, {"operation": "cropped"}], ASIDE),
        ([{"operation": "enhanced", "technique": "Noise-Reduction"}], ASIDE),
        ([{"operation": "filtered", "technique": "sharpen"}], ASIDE),
        ([{"operation": "resized"}, {"operation": "addedText", "by": "human"}], ASIDE),
        ([{"operation": "enhanced"}], JUDGE),
        ([{"operation": "edited", "technique": "sharpen, and a new sky"}], JUDGE),
        ([{"operation": "cropped", "technique": "generative fill"}], JUDGE),
        ([{"operation": "resized", "technique": "scaling"}], ASIDE),
        ([{"operation": "filtered", "technique": "style of a painter"}], JUDGE),
        ([{"operation": "addedText", "by": "human"}], JUDGE),
        ([{"operation": "filtered"}], NOT_HELD),
        ([{"operation": "cropped"}, {"operation": "edited"}, {"operation": "dubbed", "by": "ai"}], NOT_HELD),
        ([{"operation": "trimmed"}], NOT_HELD),
    ],
)
def test_california_lists_eight_minor_modifications_and_no_more(done: list[dict[str, str]], expected: str) -> None:
    made = signed(ALTERED, kind="ai_modified", operations=done, provider=None)
    [one] = judged(made, "law.us-ca.1", "2026-11-22")
    assert one.outcome == expected, one.reason
    [known] = judged(made, "law.us-ca.9", "2026-11-22")
    assert known.outcome == (JUDGE if expected == JUDGE else HELD)


def test_what_ai_made_is_no_minor_modification() -> None:
    cropped = {"kind": "ai_modified", "operations": [{"operation": "cropped", "by": "ai"}], "provider": None}
    outcomes = []
    for part, by, extent in (
        ("vocals", "ai", "All"), ("artwork", "ai", "Partly"), ("vocals", "human", "None"), ("mastering", "ai", "All")
    ):  # fmt: skip
        told = signed(ALTERED, **cropped, contributions=[{"part": part, "by": by, "extent": extent}])
        outcomes += [item.outcome for item in judged(told, "law.us-ca.1", "2026-11-22")]
    assert outcomes == [NOT_HELD, NOT_HELD, ASIDE, ASIDE]


@pytest.mark.parametrize("kind", ["ai_assisted_technical", "human_made", "algorithmic_not_trained"])
@pytest.mark.parametrize("code", ["law.eu.20", "law.in.1", "law.kr.2", "law.vn.2", "law.cn.4"])
def test_a_stated_deep_fake_is_not_freed_by_its_kind(kind: str, code: str) -> None:
    [found] = judged(signed(kind=kind, systems=None, judgements=FAKE), code, "2026-12-02")
    assert found.outcome == JUDGE, found.reason
    [free] = judged(signed(kind=kind, systems=None), code, "2026-12-02")
    assert free.outcome == ASIDE, free.reason


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"kind": "ai_modified"}, ASIDE),
        ({"kind": "ai_modified", "operations": [{"operation": "translated"}, {"operation": "cropped", "by": "human"}]},
         ASIDE),
        ({"kind": "ai_modified", "contributions": [{"part": "translation", "extent": "All", "by": "ai"}]}, ASIDE),
        ({"kind": "ai_modified", "contributions": [{"part": "vocals", "extent": "All", "by": "ai"}]}, JUDGE),
        ({"kind": "ai_generated"}, JUDGE),
    ],
)  # fmt: skip
def test_only_a_translation_and_nothing_beside_it_is_one(more: dict[str, Any], expected: str) -> None:
    told: dict[str, Any] = {"operations": [{"operation": "translated", "by": "ai"}], "judgements": FAKE, **more}
    [found] = judged(signed(**told), "law.in.1", "2026-12-02")
    assert found.outcome == expected, found.reason


def test_minor_modifications_of_real_files(law_files: LawFiles) -> None:
    """What the label signs of them is what decides, whoever reads the file."""
    [row] = [row for row in ROWS if row.id == "law.us-ca.1" and row.end is None]
    cases: list[tuple[list[dict[str, str]], str]] = [
        ([{"operation": "adjustedColor", "by": "ai"}, {"operation": "converted", "by": "ai"}], ASIDE),
        ([{"operation": "enhanced", "technique": "denoise", "by": "ai"}], ASIDE),
        ([{"operation": "enhanced", "technique": "red-eye removal", "by": "ai"}], JUDGE),
        ([{"operation": "filtered", "by": "ai"}], NOT_HELD),
    ]
    for done, expected in cases:
        made = laws.signed(kind="ai_modified", provider=None, operations=done)._replace(parents=(laws.Made(),))
        found = law_files.result(row, made)
        assert found.outcome == expected, found.reason


def test_an_artistic_advertisement_of_a_real_file_is_not_free(law_files: LawFiles) -> None:
    [row] = [row for row in ROWS if row.id == "law.us-ny.1"]
    art = {"advertising": True, "artistic": True}
    found = law_files.result(row, laws.signed(likeness=AD["likeness"], judgements=art))
    assert found.outcome == JUDGE
    found = law_files.result(
        row,
        laws.signed(likeness=AD["likeness"], judgements={**art, "promotes_expressive_work": False}, disclosure=SPOKEN),
    )
    assert found.outcome == NOT_HELD


def test_the_older_text_of_california_speaks_of_what_was_created() -> None:
    bare = {"provider": None, "event_time": "2026-09-15T10:00:00Z"}
    cropped = signed(ALTERED, kind="ai_modified", operations=[{"operation": "cropped"}], **bare)
    [old, new] = judged(cropped, "law.us-ca.1", "2026-11-22")
    assert (old.outcome, new.outcome) == (JUDGE, ASIDE)
    assert "content that was created" in old.reason
    technical = signed((), kind="ai_assisted_technical", operations=[{"operation": "drawing"}], **bare)
    assert judged(technical, "law.us-ca.1", "2026-09-16")[0].outcome == ASIDE


@pytest.mark.parametrize("law", ["law.us-ny.1", "law.us-ca.14"])
def test_an_advertisement_is_free_for_the_work_that_it_promotes_and_not_for_its_art(law: str) -> None:
    spoken = {"disclosure": SPOKEN, "likeness": AD["likeness"], "event_time": "2027-01-01T10:00:00Z"}
    for art in (True, False):
        told = {**AD["judgements"], "artistic": art}
        [one] = judged(signed(**spoken, judgements=told), law, "2027-01-01")
        assert one.outcome != ASIDE
        assert one.hint.startswith("state judgements.promotes_expressive_work")
        [one] = judged(signed(**spoken, judgements={**told, "promotes_expressive_work": True}), law, "2027-01-01")
        assert one.outcome == ASIDE


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"kind": "text", "text": "No human performer is depicted"}, HELD),
        ({"kind": "audio", "text": "this ad features SYNTHETIC PERFORMERS"}, HELD),
        ({"kind": "text", "text": "Made with AI"}, JUDGE),
        ({"kind": "audio"}, JUDGE),
        ({"kind": "icon"}, JUDGE),
    ],
)
def test_california_asks_for_words_about_the_performer(shown: dict[str, str], expected: str) -> None:
    judgements = {"advertising": True, "promotes_expressive_work": False}
    made = signed(likeness=AD["likeness"], judgements=judgements, disclosure=[shown], event_time=None)
    for media in ("image", "audio", "video"):
        [one] = judged(but(made, media=media), "law.us-ca.14", "2027-01-01")
        assert one.outcome == expected, one.reason
        assert "prominent" in one.reason
        assert ("the law asks for words" in one.reason) == (shown == {"kind": "icon"})


def test_a_link_is_enough_in_utah_but_nobody_looks_at_it() -> None:
    linked = signed(event_time=None, identifiers=[{"type": "url", "value": "https://acme.example/1"}])
    [one] = judged(linked, "law.us-ut.1", "2027-01-01")
    assert "it may stand on https://acme.example/1, not looked at" in one.reason


def test_india_asks_only_about_what_passes_for_real() -> None:
    nothing = (Action("c2pa.created", IPTC + "algorithmicallyEnhanced"),)
    [abstract] = judged(signed(nothing), "law.in.2", "2026-12-01")
    assert abstract.outcome == JUDGE
    assert "real person or a real event" in abstract.reason
    [real] = judged(signed(nothing, judgements=FAKE), "law.in.2", "2026-12-01")
    assert real.outcome == NOT_HELD


def test_marks_for_machines_in_vietnam_need_no_signature() -> None:
    [one] = judged(UNSIGNED, "law.vn.1", "2026-12-01")
    assert one.outcome == JUDGE
    assert "tags that nothing signs" in one.reason
    [none] = judged(but(signed(()), claims_ai=False), "law.vn.1", "2026-12-01")
    assert none.outcome == NOT_HELD


@pytest.mark.parametrize(
    ("text", "outcome", "said"),
    [
        ("{", NOT_HELD, "no JSON"),
        ("[1]", NOT_HELD, "no JSON object"),
        ("[" * 50_000, NOT_HELD, "no JSON"),
        (aigc().replace('"Label":"1",', ""), NOT_HELD, "Label is missing"),
        (aigc().replace('"1"', "1", 1), NOT_HELD, "Label is a number"),
        (aigc()[:-1] + ',"Label":"1"}', JUDGE, "more than once"),
        (aigc(ProduceID="20 26"), JUDGE, "ProduceID"),
        (aigc(ReservedCode1="x" * 70_000), JUDGE, "longer than"),
    ],
)
def test_an_aigc_object_that_is_wrong_or_odd(text: str, outcome: str, said: str) -> None:
    [one] = judged(with_aigc(text), "law.cn.1", "2026-11-22")
    assert one.outcome == outcome
    assert said in one.reason


def test_an_aigc_object_that_was_cut_off_in_reading_is_not_blamed() -> None:
    cut = but(signed(), carriers=(Carrier("xmp", "XMP", {"TC260:AIGC": (aigc()[:40],)}, ("is too long and was cut",)),))
    for code in ("law.cn.1", "law.cn.2", "law.cn.5"):
        [one] = judged(cut, code, "2026-11-22")
        assert (one.outcome, "could not be read" in one.reason) == (JUDGE, True)


@pytest.mark.parametrize(
    ("carrier", "field", "value"),
    [
        ("xmp", "TC260:AIGC", aigc()),
        ("exif", "UserComment", f'{{"AIGC":{aigc()}}}'),
        ("text", "AIGC", f'{{"AIGC":{aigc()}}}'),
        ("id3", "TXXX:AIGC", aigc()),
        ("vorbis", "AIGC", aigc()),
        ("riff", "AIGC", aigc()),
        ("mp4", "keys:AIGC", aigc()),
    ],
)
def test_an_aigc_object_is_found_at_each_of_its_places(carrier: str, field: str, value: str) -> None:
    subject = but(signed(), carriers=(Carrier(carrier, "", {field: (value,)}),))
    assert [item.outcome for item in judged(subject, "law.cn.1", "2026-11-22")] == [HELD]
    twice = but(subject, carriers=(*subject.carriers, Carrier("xmp", "", {"TC260:AIGC": (aigc(),)})))
    [one] = judged(twice, "law.cn.1", "2026-11-22")
    assert (one.outcome, one.reason) == (NOT_HELD, "there are 2 AIGC objects, and exactly one may be there")


def test_a_comment_that_is_no_aigc_object_is_none() -> None:
    subject = but(signed(), carriers=(Carrier("exif", "EXIF", {"UserComment": ("holiday",)}),))
    [one] = judged(subject, "law.cn.1", "2026-11-22")
    assert one.reason == "there is no AIGC object in the file"
    [one] = judged(but(subject, carriers=(Carrier("xmp", "XMP", {}, ("not XML",)),)), "law.cn.1", "2026-11-22")
    assert one.outcome == JUDGE


def test_what_the_map_is_not_sure_of_is_left_to_people() -> None:
    [one] = judged(with_aigc(aigc(ContentProducer="002" + CODE[3:])), "law.cn.3", "2026-11-22")
    assert one.outcome == JUDGE
    [one] = judged(with_aigc(aigc(ContentPropagator="", PropagateID="")), "law.cn.5", "2026-11-22")
    assert one.outcome == JUDGE
    [one] = judged(with_aigc(aigc(Label="2")), "law.cn.2", "2026-11-22")
    assert one.outcome == JUDGE
    [one] = judged(with_aigc(aigc(Label="7")), "law.cn.2", "2026-11-22")
    assert one.outcome == NOT_HELD


def test_a_file_that_says_nothing_is_a_question_and_an_unreadable_one_too() -> None:
    for state in ("unsigned", "unreadable", "remote"):
        outcomes = {item.outcome for item in judge_all(Subject(state=state))}
        assert outcomes <= {JUDGE, ASIDE, OUTSIDE}
        assert JUDGE in outcomes


def judge_all(subject: Subject) -> tuple[LawResult, ...]:
    return judge_law(subject, load_laws(LAWS), dt.datetime(2026, 11, 22, tzinfo=dt.timezone.utc))


# --- never an exception ----------------------------------------------------------------------------

_KEYS = st.sampled_from([*Label.__struct_encode_fields__, "type", "name", "text", "value", "kind", "operation", "x"])
_WORDS = st.sampled_from([*FULL, "ai_generated", "ai_modified", "9999-12-31T23:59:59-23:59", "url", "text", "audio"])
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=5), below, max_size=4),
    max_leaves=15,
)
_CARRIERS = st.builds(
    Carrier,
    st.sampled_from(["xmp", "exif", "text", "id3", "vorbis", "mp4", "riff", "x"]),
    st.text(max_size=5),
    st.dictionaries(
        st.sampled_from(
            ["TC260:AIGC", "AIGC", "UserComment", "keys:AIGC", "TXXX:AIGC", "Iptc4xmpExt:DigitalSourceType"]
        ),
        st.lists(st.text(max_size=30) | st.just(aigc()) | _PLAIN.map(lambda value: json.dumps(value)), max_size=2).map(
            tuple
        ),
    ),
)


@given(
    label=st.dictionaries(_KEYS, _PLAIN) | st.none(),
    carriers=st.lists(_CARRIERS, max_size=3).map(tuple),
    state=st.sampled_from([None, "trusted", "valid", "invalid", "unsigned", "remote", "unreadable"]),
    media=st.sampled_from([None, "image", "audio", "video"]),
)
def test_judging_never_raises(label: Any, carriers: Any, state: Any, media: Any) -> None:
    results = judge_all(Subject(label=label, carriers=carriers, state=state, media=media, claims_ai=True))
    assert {item.rule for item in results} == {row.id for row in ROWS}
    for code in {item.rule for item in results}:
        assert sum(item.counts for item in results if item.rule == code) == 1
    assert all(item.reason for item in results)


@given(_PLAIN)
def test_any_label_file_can_be_held_against_laws(data: Any) -> None:
    assert judge_all(subject_of_label(data))


# --- real files ------------------------------------------------------------------------------------


@pytest.fixture
def whole() -> Label:
    """A label by which California's rules are held."""
    return Label(
        kind="ai_generated",
        provider=Provider(name="Acme Imaging Ltd"),
        systems=(System(name="AcmePaint", version="4.2", identifier="pkg:huggingface/acme/paint@4.2"),),
        event_time=LATE,
        identifiers=(Identifier(type="guid", value="0b4ff6ad-2b71-4b8c-9fa8-2a0c8e1f7d10"),),
        marks=(Mark(type="watermark", algorithm="com.adobe.trustmark.P"),),
        judgements=Judgements(deep_fake=False, advertising=True),
        likeness=(Likeness(depicts="image", synthetic=True, real_person=False),),
        disclosure=(Disclosure(kind="icon", place="lower right corner", alternative="made with AI"),),
    )


def made(media: Path, label: Label, signer: Signer, sandbox: Sandbox, name: str = "cover.jpg") -> Path:
    target = media / f"signed-{name}"
    label_file(media / name, target, label, signer, sandbox=sandbox)
    return target


#: A day on which every rule is in force, whenever the tests are run; the test credential is valid until 2036.
LATE = "2030-06-01T10:00:00Z"
NOON = dt.datetime(2030, 6, 1, 12, tzinfo=dt.timezone.utc)


def outcomes(file: Path, trust: TrustStore, sandbox: Sandbox, *laws: str) -> dict[str, str]:
    [report] = verify_file(file, trust=trust, at=NOON, laws=laws, sandbox=sandbox).files
    return {item.rule: item.outcome for item in report.law if item.counts}


@pytest.mark.parametrize("name", ["cover.jpg", "take.flac"])
def test_a_signed_file_under_every_law(
    name: str, whole: Label, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    signed_file = made(media, whole, signer, sandbox, name)
    [report] = verify_file(signed_file, trust=trust, at=NOON, sandbox=sandbox).files
    assert report.state == "trusted", report.findings
    found = outcomes(signed_file, trust, sandbox, *LAWS)
    assert set(found) == {row.id for row in ROWS}
    assert {code: found[f"law.us-ca.{code}"] for code in "1234568"} == {
        **dict.fromkeys("1234 5 8".replace(" ", ""), HELD),
        "6": ASIDE,
    }
    assert found["law.eu.1"] == found["law.eu.3"] == found["law.in.2"] == HELD
    assert found["law.us-ny.1"] == (HELD if name == "cover.jpg" else ASIDE)
    assert found["law.platforms.google"] == (HELD if name == "cover.jpg" else ASIDE)
    assert found["law.platforms.tiktok-linkedin"] == (HELD if name == "cover.jpg" else ASIDE)
    assert found["law.platforms.youtube"] == ASIDE
    assert found["law.cn.6"] == NOT_HELD
    assert found["law.us-wa.1"] == found["law.us-ut.1"] == HELD
    assert (found["law.eu.7"], found["law.us-ca.7"]) == (JUDGE, JUDGE)


def test_what_people_made_and_what_was_tampered_with(
    whole: Label, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    human = made(media, Label(kind="human_made", event_time=LATE), signer, sandbox, "still.png")
    assert set(outcomes(human, trust, sandbox, *LAWS).values()) == {ASIDE, OUTSIDE}
    target = made(media, whole, signer, sandbox)
    target.write_bytes(target.read_bytes()[:-100] + bytes(100))
    found = outcomes(target, trust, sandbox, "us-ca", "eu")
    assert {found[f"law.us-ca.{number}"] for number in "12345"} == {NOT_HELD}
    assert (found["law.eu.1"], found["law.eu.2"]) == (NOT_HELD, JUDGE)


def test_a_modified_picture_keeps_the_mark_of_its_input(
    whole: Label, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    first = made(media, whole, signer, sandbox)
    changed = Label(kind="ai_modified", systems=whole.systems, event_time=LATE)
    label_file(first, media / "second.jpg", changed, signer, sandbox=sandbox)
    found = outcomes(media / "second.jpg", trust, sandbox, "eu", "us-ca")
    assert (found["law.eu.5"], found["law.us-ca.5"]) == (HELD, HELD)
    plain = media / "third.jpg"
    label_file(media / "cover.jpg", plain, changed, signer, parents=[media / "still.png"], sandbox=sandbox)
    assert outcomes(plain, trust, sandbox, "eu")["law.eu.5"] == JUDGE


# --- the command line ------------------------------------------------------------------------------


def test_exit_codes_of_verify(whole: Label, media: Path, signer: Signer, sandbox: Sandbox, cli: Cli) -> None:
    good = made(media, whole, signer, sandbox)
    done = cli("verify", good, "--trust", "test", "--law", "us-ca,us-ny", "--law", "in")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^law us-ca \(no legal advice; read 20..-..-..\): .*\d+ held", done.stdout, re.MULTILINE)
    full = cli("verify", good, "--trust", "test", "--law", "us-ca,us-ny", "-v").stdout
    assert "law us-ca: " in full
    assert "as the signer claims" in full
    assert "no legal advice: us-ca (" in full
    done = cli("verify", good, "--trust", "test", "--law", "cn")
    assert done.returncode == 1
    assert "error law.cn.1: CN-1 not held: " in done.stdout
    assert "hint: remove every AIGC object, and label the file again with aigc among --carriers" in done.stdout
    done = cli("verify", good, "--trust", "test", "--law", "eu,us-cal")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean us-ca?" in done.stderr
    assert cli("verify", good, "--trust", "test", "--law", "eu,").returncode == 2


def test_both_eras_are_told(whole: Label, media: Path, signer: Signer, sandbox: Sandbox, cli: Cli) -> None:
    bare = msgspec.structs.replace(whole, provider=msgspec.UNSET, event_time="2026-09-15T10:00:00Z")
    file = made(media, bare, signer, sandbox)
    done = cli("verify", file, "--trust", "test", "--law", "us-ca", "--format", "json")
    assert done.returncode == 1
    told = [item for item in json.loads(done.stdout)["files"][0]["law"] if item["rule"] == "law.us-ca.1"]
    assert [(item["outcome"], item["counts"]) for item in told] == [(JUDGE, False), (NOT_HELD, True)]
    text = cli("verify", file, "--trust", "test", "--law", "us-ca").stdout
    assert "(wording since 2026-09-30)" in text
    assert "nothing proves that day" in text


def test_a_policy_lowers_and_excepts_single_rules(
    whole: Label, media: Path, signer: Signer, sandbox: Sandbox, cli: Cli
) -> None:
    bare = msgspec.structs.replace(whole, provider=msgspec.UNSET)
    file = made(media, bare, signer, sandbox)
    policy = media / "gate.toml"
    run = ("verify", file, "--trust", "test", "--law", "us-ca", "--policy", policy, "--root", media)
    policy.write_text('schema = "policy-v1"\nstates = ["trusted"]\n')
    assert cli(*run).returncode == 1
    policy.write_text('schema = "policy-v1"\n[levels]\n"law.us-ca.1" = "warning"\n')
    assert cli(*run).returncode == 0
    policy.write_text(
        'schema = "policy-v1"\n[[exceptions]]\nrule = "law.us-ca.1"\npath = "**"\nreason = "asked"\n'
        'owner = "ann"\nexpires = 2099-01-01\n'
    )
    done = cli(*run)
    assert done.returncode == 0, done.stdout
    assert "EXCEPTED" in done.stdout
    policy.write_text('schema = "policy-v1"\n[levels]\n"law.us-ca.99" = "warning"\n')
    assert cli(*run).returncode == 2


def test_a_policy_asks_for_laws(whole: Label, media: Path, signer: Signer, sandbox: Sandbox, cli: Cli) -> None:
    """Also one that is merely found, which can only tighten."""
    assert get_args(LawName) == LAWS
    file = made(media, whole, signer, sandbox)
    run = ("verify", file, "--trust", "test", "--format", "json")
    assert cli(*run, cwd=media).returncode == 0
    (media / "provlabel.toml").write_text('schema = "policy-v1"\nlaws = ["cn"]\n')
    done = cli(*run, "--law", "us-ca", cwd=media)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [item["name"] for item in told["laws"]] == ["us-ca", "cn"]
    assert {item["law"] for item in told["files"][0]["law"]} == {"us-ca", "cn"}
    (media / "provlabel.toml").write_text('schema = "policy-v1"\nlaws = ["us-cal"]\n')
    done = cli(*run, cwd=media)
    assert done.returncode == 2
    assert "did you mean us-ca?" in done.stderr


def test_a_soft_binding_of_others_is_read(media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> None:
    """Signed with the bare engine, as others sign: an algorithm alone does not say that it is a watermark."""
    label = Label(kind="ai_generated", event_time=LATE)
    found = {}
    for name in ("com.adobe.trustmark.P", "io.iscc.v0"):
        plain = definition(label, signed_label(label), has_parent=False).manifest
        binding = {"alg": name, "blocks": [{"scope": {}, "value": "YTFiMmMz"}]}
        plain["assertions"].append({"label": "c2pa.soft-binding", "data": binding})
        out = io.BytesIO()
        source = io.BytesIO((media / "cover.jpg").read_bytes())
        signing.sign(Definition(plain), source, out, "image/jpeg", engine_credential(signer))
        (media / "bound.jpg").write_bytes(out.getvalue())
        found[name] = outcomes(media / "bound.jpg", trust, sandbox, "eu")
    assert found["com.adobe.trustmark.P"]["law.eu.3"] == JUDGE
    assert (found["io.iscc.v0"]["law.eu.3"], found["io.iscc.v0"]["law.eu.4"]) == (JUDGE, HELD)


def test_what_is_missing_may_stand_on_a_page_that_is_linked() -> None:
    linked = signed(provider=None, identifiers=[{"type": "url", "value": "https://acme.example/1"}])
    [one] = judged(linked, "law.us-ca.1", "2026-11-22")
    assert one.outcome == JUDGE
    assert "https://acme.example/1" in one.reason


def test_lint_holds_a_label_against_laws(media: Path, cli: Cli) -> None:
    label = media / "take.json"
    label.write_text(json.dumps({"schema": "label-v1", **FULL}))
    done = cli("lint", label, "--law", "us-ca")
    assert done.returncode == 0, done.stdout
    assert "law us-ca: " in done.stdout
    bare = {key: value for key, value in FULL.items() if key != "provider"}
    label.write_text(json.dumps({"schema": "label-v1", **bare}))
    done = cli("lint", label, "--law", "us-ca")
    assert done.returncode == 1
    assert "error law.us-ca.1: CA-1 not held" in done.stdout
    assert re.search(r"take\.json: 1 errors, \d+ warnings$", done.stdout.rstrip())
    told = json.loads(cli("lint", label, "--law", "us-ca,eu", "--format", "json").stdout)["law"]
    by_rule = {item["rule"]: item["outcome"] for item in told}
    assert (by_rule["law.eu.2"], by_rule["law.us-ca.4"]) == (OUTSIDE, OUTSIDE)
    assert cli("lint", label, "--law", "usca").returncode == 2
    assert "law" not in json.loads(cli("lint", label, "--format", "json").stdout)


def test_rules_lists_laws_too(cli: Cli) -> None:
    rows = json.loads(cli("rules", "--format", "json").stdout)
    assert [row["code"] for row in rows] == [*RULES, *law_rules()]


@pytest.mark.parametrize("name", ["text", "html", "markdown", "sarif", "junit", "github", "json"])
def test_every_output_tells_what_is_not_held(
    name: str, whole: Label, media: Path, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    report = verify_file(made(media, whole, signer, sandbox), trust=trust, laws=["cn"], sandbox=sandbox)
    text = RENDERERS[name].render(report, Extras())
    assert "law.cn.1" in text or "CN-1" in text
    assert "there is no AIGC object in the file" in text
    assert not FORBIDDEN.search(text)
    if name == "sarif":
        ids = [rule["id"] for rule in json.loads(text)["runs"][0]["tool"]["driver"]["rules"]]
        assert ids == [*RULES, *(row.id for row in load_laws(["cn"])[0].rule)]
    if name == "html":
        assert "GB 45438-2025" in text


def test_a_run_without_laws_reads_none(media: Path, trust: TrustStore, sandbox: Sandbox) -> None:
    [file] = verify_file(media / "cover.jpg", trust=trust, sandbox=sandbox).files
    assert file.law == ()
