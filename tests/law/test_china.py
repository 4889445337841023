"""China's law on real files: the objects of generators, at every place; characters; marks for people."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import aigc_files
from aigc_files import ASIDE, HELD, JUDGE, NOT_HELD, PLACES, REAL, VCUT, ZAI, ZAI_OBJECT, Written
from laws import FAKE, SOUND, LawFiles, cn, signed
from project import Cli
from provlabel import TrustStore, verify_bytes
from provlabel.report import LawResult
from provlabel.sandbox import Sandbox

DAY = dt.date(2026, 12, 1)


def told(content: bytes, sandbox: Sandbox) -> dict[str, LawResult]:
    """Judge a file that nobody signed, by the number of each rule."""
    [file] = verify_bytes(content, trust=TrustStore(()), sandbox=sandbox, laws=["cn"], as_of=DAY).files
    return {item.number: item for item in file.law}


@pytest.mark.parametrize("written", REAL, ids=lambda item: item.by)
def test_objects_of_generators_are_judged_each_rule_by_its_own_cause(written: Written, sandbox: Sandbox) -> None:
    found = told(aigc_files.png(written.text, "iTXt"), sandbox)
    rules = ("CN-1", "CN-2", "CN-3", "CN-5")
    assert {rule: found[rule].outcome for rule in rules} == dict(
        zip(rules, (written.form, written.producer, written.code, written.distributor), strict=True)
    ), {rule: found[rule].reason for rule in rules}
    assert found["CN-6"].outcome == ASIDE


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "wrapped"])
def test_an_object_is_read_wherever_it_stands(place: str, wrapped: bool, sandbox: Sandbox) -> None:
    if wrapped and place == "JPEG comment":
        return  # is wrapped already
    text = f'{{"AIGC": {ZAI_OBJECT}}}' if wrapped else ZAI_OBJECT
    found = told(PLACES[place](text), sandbox)
    outcomes = {rule: found[rule].outcome for rule in ("CN-1", "CN-2", "CN-3", "CN-5")}
    around = JUDGE if place == "JPEG segment" else HELD  # the word in front of it is no part of the format
    assert outcomes == {"CN-1": around, "CN-2": HELD, "CN-3": HELD, "CN-5": HELD}, found["CN-1"].reason


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (aigc_files.png(ZAI_OBJECT, name="TC260:AIGC"), HELD),
        (aigc_files.png(ZAI_OBJECT, name="aigc-metadata"), HELD),
        (aigc_files.mp3(ZAI_OBJECT, name="TC260:AIGC"), HELD),
        (aigc_files.png(ZAI_OBJECT, name="Comment"), JUDGE),
        (aigc_files.described(f'{{"AIGC": {ZAI_OBJECT}}}'), JUDGE),
        (aigc_files.mp3(ZAI_OBJECT, name="comment"), JUDGE),
    ],
)
def test_an_object_is_one_in_a_field_of_any_name(content: bytes, outcome: str, sandbox: Sandbox) -> None:
    """Annex E a wants AIGC in the name of the field or in a keyword, and gives no name."""
    found = told(content, sandbox)
    outcomes = {rule: found[rule].outcome for rule in ("CN-1", "CN-2", "CN-3", "CN-5")}
    assert outcomes == {"CN-1": outcome, "CN-2": HELD, "CN-3": HELD, "CN-5": HELD}, found["CN-1"].reason


@pytest.mark.parametrize(
    "text",
    ['{"nodes": [{"ContentProducer": "x"}]}', "ContentProducer: who is it?", '{"ContentProducer": ""}', "AIGC {}"],
)
def test_a_text_that_speaks_of_the_object_is_none(text: str, sandbox: Sandbox) -> None:
    found = told(aigc_files.png(text, name="Comment"), sandbox)
    assert found["CN-1"].reason.startswith("nothing in the file says whether AI took part")


def test_no_second_object_is_written_beside_one_of_another_name(law_files: LawFiles) -> None:
    made = signed(china=CHINA)._replace(texts={"TC260:AIGC": cn.aigc()}, options={"carriers": ("aigc",)})
    found = {item.number: item.outcome for item in law_files.report(made, "cn", as_of=DAY).law}
    assert (found["CN-1"], found["CN-6"]) == (HELD, HELD)


def test_tags_that_are_not_read_are_not_blamed(tmp_path: Path, cli: Cli) -> None:
    """A BMP has no tags that are read here; a Matroska file has, and they can hold an object."""
    picture = tmp_path / "cover.bmp"
    Image.new("RGB", (8, 8)).save(picture)
    plain = cli("verify", picture, "--law", "cn", "-v")
    assert "tags of this format are not read here" in plain.stdout
    assert "error law.cn" not in plain.stdout
    cli("label", picture, "--kind", "ai_generated", "--system", "A@1", "--signer", "test", "--detached")
    done = cli("verify", picture, "--trust", "test", "--law", "cn", "-v")
    assert "law.cn.1: CN-1 needs a human judgement: tags of this format are not read here" in done.stdout, done.stdout
    assert "error law.cn" not in done.stdout


@pytest.mark.parametrize("code", [ZAI, VCUT, aigc_files.DOUBAO, aigc_files.TENCENT, aigc_files.KLING, aigc_files.BAIDU])
def test_provider_codes_that_are_in_use(code: str, sandbox: Sandbox) -> None:
    assert told(aigc_files.png(cn.aigc(ContentProducer=code)), sandbox)["CN-3"].outcome == HELD


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("0021" + ZAI[4:], JUDGE),
        (ZAI[:-1] + "x", JUDGE),
        (ZAI + "0", JUDGE),
        (ZAI[:-1], JUDGE),
        ("Zhipu", ASIDE),
        ("智谱", ASIDE),
    ],
)
def test_codes_of_other_forms_are_for_people(code: str, outcome: str, sandbox: Sandbox) -> None:
    assert told(aigc_files.png(cn.aigc(ContentProducer=code), "iTXt"), sandbox)["CN-3"].outcome == outcome


def test_the_command_line_judges_a_file_of_z_ai(tmp_path: Path, cli: Cli) -> None:
    file = tmp_path / "zai.png"
    file.write_bytes(aigc_files.png(ZAI_OBJECT))
    done = cli("verify", file, "--law", "cn", "--as-of", "2026-12-01", "-v")
    assert "1 needs a human judgement, 4 held, 1 not applicable" in done.stdout, done.stdout
    assert "error law.cn" not in done.stdout


def test_two_objects_are_one_too_many_and_nothing_else(sandbox: Sandbox) -> None:
    both = aigc_files.segment(f"AIGC{ZAI_OBJECT}".encode())
    both = both[:2] + aigc_files.segment(f"AIGC{ZAI_OBJECT}".encode())[2:-2][: len(ZAI_OBJECT) + 8] + both[2:]
    found = told(both, sandbox)
    assert found["CN-1"].reason == "there are 2 AIGC objects, and exactly one may be there"
    assert (found["CN-2"].outcome, found["CN-5"].outcome) == (HELD, HELD)


# --- labels ----------------------------------------------------------------------------------------

CHINA = {"producer": ZAI, "produce_id": "20261201-0001"}


@pytest.mark.parametrize(
    ("china", "outcome", "words"),
    [
        (CHINA, HELD, "repeat the producer"),
        ({**CHINA, "propagator": VCUT, "propagate_id": "V-1"}, HELD, "are filled in"),
    ],
)
def test_a_label_writes_who_passes_the_content_on(
    china: dict[str, str], outcome: str, words: str, law_files: LawFiles
) -> None:
    made = signed(china=china)._replace(options={"carriers": ("aigc",)})
    found = {item.number: item for item in law_files.report(made, "cn", as_of=DAY).law}
    assert (found["CN-5"].outcome, words in found["CN-5"].reason) == (outcome, True)
    assert {found[rule].outcome for rule in ("CN-1", "CN-2", "CN-3", "CN-6")} == {HELD}


@pytest.mark.parametrize("name", ["艾克米", "Acme Imaging", "a\\b"])
def test_a_name_of_other_letters_is_labeled_and_left_to_people(name: str, law_files: LawFiles) -> None:
    made = signed(china={**CHINA, "producer": name})._replace(options={"carriers": ("aigc",)})
    file = law_files.report(made, "cn", as_of=DAY)
    assert file.state == "trusted"
    assert all(item.agreement == "signed" for item in file.carriers or ())
    found = {item.number: item for item in file.law}
    assert (found["CN-1"].outcome, found["CN-2"].outcome) == (JUDGE, HELD)
    assert "ContentProducer, ContentPropagator" in found["CN-1"].reason


# --- marks for people ------------------------------------------------------------------------------


def mark(kind: str, text: str = "AI生成", place: str = "", /, **more: Any) -> list[dict[str, str]]:
    return [{"kind": kind, **({"text": text} if text else {}), **({"place": place} if place else {}), **more}]


@pytest.mark.parametrize(
    ("disclosure", "outcome", "words"),
    [
        (mark("text", "人工智能合成", "lower right corner"), HELD, "5 %"),
        (mark("text", "AI生成", "右下角"), HELD, "5 %"),
        (mark("text", "AI生成", "top edge, 6 % high"), HELD, "5 %"),
        (mark("text", "AI生成", "top edge, 3 % high"), NOT_HELD, "lower than 5 %"),
        (mark("text", "AI生成", "centre"), NOT_HELD, "in the middle"),
        (mark("text", "AI生成"), JUDGE, "edge"),
        (mark("text", "AI generated", "corner"), NOT_HELD, "the words"),
        (mark("text", "MAIL 生成", "corner"), NOT_HELD, "the words"),
        (mark("text", "", "corner"), JUDGE, "not its words"),
        (mark("icon", "", "corner"), NOT_HELD, "kind text"),
        (mark("icon", "", "corner") + mark("text", "AI生成", "corner"), HELD, ""),
        ([], JUDGE, "Art. 9"),
    ],
)
def test_marks_in_pictures(disclosure: list[Any], outcome: str, words: str, law_files: LawFiles) -> None:
    made = signed(judgements=FAKE, disclosure=disclosure or None)
    [found] = [item for item in law_files.report(made, "cn", as_of=DAY).law if item.number == "CN-4"]
    assert (found.outcome, words in found.reason) == (outcome, True), found.reason


@pytest.mark.parametrize(
    ("disclosure", "outcome"),
    [
        (mark("audio", "本音频由AI生成"), HELD),
        (mark("audio", "短长 短短"), HELD),
        (mark("audio", "", "rhythm short-long short-short at the start"), HELD),
        (mark("audio", "", "a rhythm at the start"), JUDGE),
        (mark("audio", ""), JUDGE),
        (mark("audio", "made with AI"), NOT_HELD),
        (mark("text", "AI生成", "beside the player"), JUDGE),
        (mark("text", "made with AI", "beside the player"), NOT_HELD),
        (mark("icon", ""), NOT_HELD),
    ],
)
def test_marks_in_sounds(disclosure: list[Any], outcome: str, law_files: LawFiles) -> None:
    made = signed(SOUND, judgements=FAKE, disclosure=disclosure)
    [found] = [item for item in law_files.report(made, "cn", as_of=DAY).law if item.number == "CN-4"]
    assert found.outcome == outcome, found.reason


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        ("opening frame, lower right corner, 3 s", HELD),
        ("throughout, top left", HELD),
        ("片头右下角 2秒", HELD),
        ("lower right corner", JUDGE),
        ("opening frame, lower right corner", JUDGE),
        ("opening frame, corner, for 1.5 seconds", NOT_HELD),
        ("end credits, corner, 5 s", NOT_HELD),
        ("opening frame, centre, 3 s", NOT_HELD),
    ],
)
def test_marks_in_films(place: str, outcome: str, law_files: LawFiles) -> None:
    made = signed(film, judgements=FAKE, disclosure=mark("text", "AI生成", place))
    [found] = [item for item in law_files.report(made, "cn", as_of=DAY).law if item.number == "CN-4"]
    assert found.outcome == outcome, found.reason


def film() -> bytes:
    return aigc_files.mp4(b"")


def test_who_confuses_nobody_is_asked_and_not_blamed(law_files: LawFiles) -> None:
    wrong = signed(disclosure=mark("text", "AI generated", "corner"))
    [found] = [item for item in law_files.report(wrong, "cn", as_of=DAY).law if item.number == "CN-4"]
    assert (found.outcome, "confuse the public" in found.reason) == (JUDGE, True)
