"""Delivery sheets: real releases through the command line, and no answer that no label gives."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec import UNSET, structs

from labels import LABELS
from project import DOCS, EXAMPLE_LABELS, MEDIA, ROOT, Cli, needs
from provlabel import Label, System, UsageError, label_file, load_label
from provlabel.exchange.ddex import FileFacts, dump, parts_of
from provlabel.exchange.ern import read_message
from provlabel.exchange.sheet_outputs import json_of, to_csv, to_text
from provlabel.exchange.sheets import Sheet, SheetAnswer, SheetItem, credits_of, sheet_of
from provlabel.exchange.shops import Shop, load_shops, shop_names
from provlabel.label.lint import semantic_faults
from provlabel.label.records import Contribution, Identifier, Judgements, Likeness, Person, Provider, Span
from provlabel.label.vocabularies import KINDS, PartName, Role
from provlabel.signers import Signer
from sample_files import video

RELEASE = EXAMPLE_LABELS / "release"
SONGS = {"01-lighthouse": "take.wav", "02-night-ferry": "take.flac", "03-harbour": "take.mp3"}
ACME = System(name="AcmeSynth", version="2.1")
SHOPS = load_shops("all")


def shop(name: str) -> Shop:
    [found] = load_shops(name)
    return found


def ask(name: str, label: Label, media: Any = "audio") -> dict[str, SheetAnswer]:
    """The answers for one file, by the id of the question."""
    return {answer.question.id: answer for answer in sheet_of([SheetItem("a", media, label)], shop(name)).answers}


def texts(name: str, label: Label, media: Any = "audio") -> dict[str, str | None]:
    return {key: answer.text for key, answer in ask(name, label, media).items()}


def by(part: Any, extent: Any, agent: Any = "", **more: Any) -> Contribution:
    return Contribution(part=part, extent=extent, by=agent or ("human" if extent == "None" else "ai"), **more)


def partly(*contributions: Contribution, **more: Any) -> Label:
    return Label(kind="ai_partly_created", systems=(ACME,), contributions=contributions, **more)


# --- the shops -------------------------------------------------------------------------------------

#: The answers that each way of answering can give.
KEYS = {"any": {"yes", "no"}, "whole": {"yes", "no"}, "material": {"yes", "no"}, "realistic": {"yes", "no"}}
KEYS["extent"] = {"all", "partly", "none"}


def test_the_shops_of_the_issue_are_there() -> None:
    wanted = "apple bandcamp deezer distrokid meta soundcloud spotify steam symphonic tidal tiktok tunecore youtube"
    assert set(wanted.split()) <= set(shop_names())


@pytest.mark.parametrize("name", shop_names())
def test_each_shop_says_what_it_asks_and_where_that_stands(name: str) -> None:
    found = shop(name)
    assert found.name == name
    ids = [row.id for row in found.question]
    assert len(ids) == len(set(ids)) > 0
    for row in found.question:
        assert set(row.answers) == KEYS.get(row.rule, set()), row.id
        assert row.hint or row.rule not in ("material", "realistic", "person"), row.id
        assert (row.rule == "describe") <= (row.about == "release"), row.id
        assert row.about != "release" or row.rule in ("any", "describe", "person"), row.id


def test_a_shop_of_another_name_is_asked_back() -> None:
    with pytest.raises(UsageError) as caught:
        load_shops("apple,spotfy")
    assert "did you mean dsp=spotify" in str(caught.value.hint)
    assert [found.name for found in load_shops(" Spotify,apple,spotify")] == ["spotify", "apple"]


def test_what_is_not_known_of_a_shop_breaks_its_file() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode((ROOT / "src/provlabel/exchange/shops/apple.toml").read_text() + "\nsize = 1\n", type=Shop)


# --- a release -------------------------------------------------------------------------------------


@pytest.fixture
def release(tmp_path: Path, signer: Signer) -> Path:
    """Three songs, a cover and a teaser, signed."""
    folder = tmp_path / "release"
    folder.mkdir()
    clip = tmp_path / "clip.mp4"
    video("-c:a", "aac")(clip)
    sources = {**{name: MEDIA / source for name, source in SONGS.items()}, "cover": MEDIA / "cover.jpg", "teaser": clip}
    for name, source in sources.items():
        label = load_label(RELEASE / f"{name}.toml")
        label_file(source, folder / f"{name}{source.suffix}", label, signer, personal=True)
    return folder


@needs("ffmpeg")
def test_a_label_manager_has_nothing_left_but_what_the_sheet_says(cli: Cli, release: Path) -> None:
    done = cli("export", release, "--to", "dsp=apple,spotify,distrokid", "--trust", "test", "-o", "sheet.txt")
    assert done.returncode == 0, done.stderr
    told = [line.rpartition("release/")[2] for line in done.stderr.splitlines() if "you have to say" in line]
    assert [line.split(":")[0] + line.split(":")[2] for line in told] == [
        "01-lighthouse.wav apple.track",
        "teaser.mp4 apple.video",
        "02-night-ferry.flac distrokid.persona",
    ]
    assert "unverified: spotify.composer" in done.stderr
    sheet = (release.parent / "sheet.txt").read_text()
    apple, spotify, distrokid = (sheet.partition(f"{name}: WHAT")[2].partition("Source:")[0] for name in HEADS)
    assert "Release: 3 tracks, 1 picture, 1 video." in apple
    assert "2 answers are yours to give:" in apple
    for text in (apple, spotify, distrokid):
        assert text.count("\nTRACK ") == 3
        assert text.count("[ ]") == text.count("> YOU HAVE TO SAY")
    assert answers_in(apple, "TRACK 2") == ["Set the tag", "Set the tag"]
    assert answers_in(apple, "TRACK 3") == ["Do not set the tag", "Do not set the tag"]
    assert answers_in(apple, "PICTURE 1") == ["Set the tag"]
    assert answers_in(spotify, "TRACK 1")[1] == "AI credit as StudioMusician"
    assert "Nothing is left for you to answer" in spotify
    assert answers_in(distrokid, "TRACK 1") == ["Yes", "Leave empty", "Leave empty", "Part of the audio"]
    assert answers_in(distrokid, "TRACK 2")[:4] == ["Yes", "Tick", "Tick", "All of the audio"]
    assert answers_in(distrokid, "TRACK 3") == ["No", "Leave empty", "Leave empty", "Leave empty"]


HEADS = ("APPLE MUSIC", "SPOTIFY", "DISTROKID")


def answers_in(sheet: str, heading: str) -> list[str]:
    block = re.split(r"\n(?=TRACK |PICTURE |VIDEO |NOTES)", sheet)
    [found] = [part for part in block if part.startswith(heading)]
    return re.findall(r"^  > (.*)$", found, re.MULTILINE)


@needs("ffmpeg")
def test_tables_say_the_same_as_the_sheet(cli: Cli, release: Path, tmp_path: Path) -> None:
    for name in ("sheet.csv", "sheet.json", "sheet.txt"):
        assert cli("export", release, "--to", "dsp=all", "--trust", "test", "-o", name).returncode == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "sheet.csv").read_bytes().decode("utf-8-sig"))))
    sheets = json.loads((tmp_path / "sheet.json").read_text())
    assert [sheet["shop"] for sheet in sheets] == list(shop_names())
    flat = [(sheet["shop"], answer) for sheet in sheets for answer in sheet["answers"]]
    assert [(row["shop"], row["question"], row["answer"] or None) for row in rows] == [
        (name, answer["question"], answer["answer"]) for name, answer in flat
    ]
    assert {row["you_have_to_say"] == "yes" for row in rows if not row["answer"]} == {True}
    text = (tmp_path / "sheet.txt").read_text()
    for _, answer in flat:
        assert answer["answer"] is None or f"  > {answer['answer']}\n" in text
    assert {item["contains_ai"] for item in sheets[0]["files"]} == {"All", "Partly", "None"}


@needs("ffmpeg")
def test_names_of_people_come_only_when_asked_for(cli: Cli, release: Path) -> None:
    bare = cli("export", release, "--to", "dsp=spotify", "--trust", "test")
    assert "left out: personal fields: add --personal" in bare.stderr
    assert "Ada Example" not in bare.stdout + bare.stderr
    assert "human credit as LeadVocalist\n" in bare.stdout
    named = cli("export", release, "--to", "dsp=spotify", "--trust", "test", "--personal")
    assert "human credit as LeadVocalist: Ada Example\n" in named.stdout


def test_a_file_without_a_label_is_refused(cli: Cli, media: Path, signer: Signer, tmp_path: Path) -> None:
    label_file(media / "take.wav", tmp_path / "one.wav", load_label(RELEASE / "01-lighthouse.toml"), signer)
    done = cli("export", tmp_path / "one.wav", media / "cover.jpg", "--to", "dsp=all", "-o", "sheet.txt")
    assert done.returncode == 1
    assert "cover.jpg: unsigned" in done.stderr
    assert not (tmp_path / "sheet.txt").exists()


def test_a_signer_nobody_trusts_is_told(cli: Cli, media: Path, signer: Signer, tmp_path: Path) -> None:
    label_file(media / "take.wav", tmp_path / "one.wav", load_label(RELEASE / "01-lighthouse.toml"), signer)
    done = cli("export", tmp_path / "one.wav", "--to", "dsp=apple")
    assert (done.returncode, "nobody you trust vouches for 1 of 1" in done.stderr) == (0, True)


# --- the command -----------------------------------------------------------------------------------

COVER = RELEASE / "cover.toml"


@pytest.mark.parametrize(
    ("to", "near"),
    [
        ("dsp=aple", "dsp=apple"),
        ("apple", "dsp=apple"),
        ("DDEX", "ddex"),
        ("dsp=", "dsp=apple"),
        ("dsp=all,tidl", "dsp=tidal"),
        ("dsp=instagram", "dsp=meta"),
        ("xyz", "ddex, csv, jsonl"),
    ],
)
def test_a_name_that_is_none_is_answered_with_one(cli: Cli, to: str, near: str) -> None:
    done = cli("export", COVER, "--to", to, "--media", "image")
    assert (done.returncode, done.stdout) == (2, "")
    assert near in done.stderr


def test_a_label_file_has_to_be_told_what_it_is_about(cli: Cli) -> None:
    assert cli("export", COVER, "--to", "dsp=apple").returncode == 2
    done = cli("export", COVER, COVER, "--to", "dsp=apple", "--media", "image")
    assert done.returncode == 0
    assert done.stdout.count("> Set the tag") == 1


@pytest.mark.fresh
def test_a_shell_completes_shops(cli: Cli) -> None:
    words = {"_PROVLABEL_COMPLETE": "zsh_complete", "COMP_WORDS": "provlabel export --to dsp=t", "COMP_CWORD": "3"}
    done = cli(**words)
    assert [line for line in done.stdout.split() if line.startswith("dsp=")] == [
        "dsp=tidal",
        "dsp=tiktok",
        "dsp=tunecore",
    ]


def test_labels_of_two_releases_are_no_single_sheet(cli: Cli, tmp_path: Path) -> None:
    for number, code in enumerate(("4006381333931", "036000291452")):
        label = Label(kind="human_made", identifiers=(Identifier(type="upc", value=code),))
        (tmp_path / f"{number}.json").write_bytes(msgspec.json.encode(label))
    done = cli("export", "0.json", "1.json", "--to", "dsp=apple", "--media", "audio")
    assert "the labels name several releases" in done.stderr
    assert "these are several releases" in done.stdout


# --- nothing is guessed ----------------------------------------------------------------------------


def test_what_a_label_does_not_say_is_no_no() -> None:
    """Drums by AI: nobody says who sang, wrote or composed."""
    label = partly(by("instrumental", "All", stem="drums"))
    assert texts("distrokid", label) == {"ai": "Yes", "lyrics": None, "music": None, "audio": "Part of the audio"}
    answer = ask("distrokid", label)["lyrics"]
    assert answer.field == "contributions: lyrics"
    assert "no contribution says who made the lyrics" in answer.why
    modified = ask("distrokid", Label(kind="ai_modified"))["ai"].why
    assert modified.endswith("and no contribution says who made the vocals, instrumental, composition, lyrics")
    assert modified.count("no contribution") == 1
    assert texts("spotify", label)["vocalist"] is None
    named = structs.replace(label, people=(Person(id="ada", roles=("ComposerLyricist",)),))
    assert ask("distrokid", named)["lyrics"].why.endswith(
        "ComposerLyricist is named, and whether AI helped is not said"
    )


def test_a_part_without_ai_is_said_by_its_whole_and_not_by_a_stretch_of_it() -> None:
    drums = by("instrumental", "All", stem="drums")
    stretch = by("vocals", "None", span=Span(start=0, end=9))
    whole = by("vocals", "None")
    assert texts("tunecore", partly(drums, stretch))["vocals"] is None
    assert texts("tunecore", partly(drums, stretch, whole))["vocals"] == "No"
    assert texts("tunecore", partly(by("vocals", "All"), stretch))["vocals"] == "Yes, in part"
    assert texts("tunecore", partly(by("vocals", "All"), by("lyrics", "None")))["vocals"] == "Yes, wholly"


def test_the_whole_is_said_of_what_is_not_named_otherwise() -> None:
    band, master = by("whole", "None"), by("mastering", "All")
    assert texts("tunecore", partly(band, master))["vocals"] == "No"
    assert texts("tunecore", partly(band))["vocals"] is None  # then nothing says where the AI of this kind is
    words = partly(by("whole", "All"), by("lyrics", "None"))
    assert texts("distrokid", words) == {**ALL_BUT_WORDS, "persona": None}
    voice = partly(by("whole", "All", role="LeadVocalist"), by("instrumental", "None"))
    assert texts("tunecore", voice)["vocals"] == "Yes, wholly"  # as DDEX has it: of the whole, the role is left
    assert texts("tunecore", voice)["lyrics"] is None


ALL_BUT_WORDS = {"ai": "Yes", "lyrics": "Leave empty", "music": "Tick", "audio": "All of the audio"}


def test_how_much_is_material_is_for_a_person() -> None:
    rest = (by("instrumental", "None"), by("composition", "None"), by("lyrics", "None"))
    for extent, track, permitted in (("All", "Set the tag", "Yes: do not offer it"), ("Partly", None, None)):
        label = partly(by("vocals", extent), *rest)
        assert texts("apple", label)["track"] == track
        said = texts("bandcamp", label)["permitted"]
        assert said is None if permitted is None else str(said).startswith(permitted)


def test_production_by_ai_is_asked_about_and_mixing_where_a_shop_leaves_it_out_is_not() -> None:
    rest = (by("vocals", "None"), by("instrumental", "None"), by("composition", "None"), by("lyrics", "None"))
    assert texts("distrokid", partly(*rest, by("mastering", "All")))["ai"] == "No"
    assert texts("distrokid", partly(*rest, by("production", "All")))["ai"] is None
    assert texts("apple", partly(*rest, by("mastering", "All")))["track"] is None


def test_a_work_that_is_all_by_ai_need_not_have_words() -> None:
    label = Label(kind="ai_generated", systems=(ACME,))
    said = texts("distrokid", label)
    assert (said["ai"], said["lyrics"], said["audio"]) == ("Yes", None, "All of the audio")
    assert ask("distrokid", label)["lyrics"].why.endswith("whether it has lyrics is not said; if it has: Tick")
    assert set(texts("spotify", label).values()) == {None}
    assert set(texts("spotify", Label(kind="human_made")).values()) == {"no AI credit"}


@pytest.mark.parametrize("found", SHOPS, ids=shop_names())
@pytest.mark.parametrize("media", ["audio", "image", "video"])
def test_a_mix_that_may_contain_ai_answers_nothing(found: Shop, media: Any) -> None:
    sheet = sheet_of([SheetItem("a", media, Label(kind="may_contain_ai", title="Mix"))], found)
    assert [answer for answer in sheet.answers if answer.text is not None] == []


def test_where_ai_is_certain_and_its_extent_is_not_one_answer_of_two_follows() -> None:
    label = Label(kind="may_contain_ai", systems=(ACME,), contributions=(by("vocals", "All"),))
    assert texts("symphonic", label)["audio"] == "Yes"
    assert (texts("symphonic", label)["extent"], texts("deezer", label)["wholly"]) == (None, None)
    for made in ("vocals", "whole"):
        mixed = structs.replace(label, contributions=(by(made, "All"), by("lyrics", "None")))
        assert texts("symphonic", mixed)["extent"] == "AI-assisted"
    assert (
        texts("symphonic", structs.replace(label, contributions=(by("whole", "All"),)))["extent"]
        == "Fully AI-generated"
    )


def test_ai_that_only_enhanced_is_not_generated_and_may_count() -> None:
    label = Label(kind="ai_assisted_technical", systems=(ACME,), contributions=(by("mastering", "All"),))
    assert texts("symphonic", label)["audio"] == "No"
    assert texts("soundcloud", label)["ai"] is None
    assert texts("spotify", label)["vocalist"] == "no AI credit"
    assert "other-roles" not in texts("spotify", label)  # as DDEX leaves that contributor out


def test_what_looks_real_is_said_by_the_signer_alone() -> None:
    made = Label(kind="ai_generated", systems=(ACME,))
    fake = structs.replace(made, judgements=Judgements(deep_fake=True))
    none = structs.replace(made, judgements=Judgements(deep_fake=False))
    voice = structs.replace(made, likeness=(Likeness(depicts="voice", synthetic=True, real_person=True, consent="17"),))
    said = {name: texts("youtube", label, "video")["ai-use"] for name, label in {"made": made, "none": none}.items()}
    assert said == {"made": None, "none": None}
    assert texts("youtube", fake, "video")["ai-use"] == texts("youtube", voice, "video")["ai-use"] == "Yes"
    assert texts("youtube", Label(kind="human_made"), "video")["ai-use"] == "No"


def test_a_label_that_contradicts_itself_answers_nothing_about_that() -> None:
    label = Label(kind="ai_generated", systems=(ACME,), contributions=(by("vocals", "None"),))
    assert semantic_faults(label)
    said = ask("tunecore", label)["vocals"]
    assert (said.text, "vocals by people" in said.why) == (None, True)
    assert texts("deezer", label)["wholly"] is None


def test_a_release_without_a_cover_says_so() -> None:
    [found] = [answer for answer in sheet_of([SheetItem("a", "audio", Label(kind="human_made"))], shop("apple")).open]
    assert (found.question.id, found.why) == ("artwork", "no cover is among the files")


def test_moving_artwork_is_artwork() -> None:
    label = Label(kind="ai_generated", systems=(ACME,), contributions=(by("motion_artwork", "All"),))
    assert texts("apple", label, "video") == {"artwork": "Set the tag"}


def test_systems_are_named_with_their_provider_and_missed_where_there_is_none() -> None:
    label = structs.replace(partly(), provider=Provider(name="Acme Audio Ltd"))
    assert texts("symphonic", label)["systems"] == "AcmeSynth 2.1 (Acme Audio Ltd)"
    assert ask("symphonic", structs.replace(label, systems=()))["systems"].field == "systems"
    assert "systems" not in texts("symphonic", Label(kind="human_made"))


def test_a_game_is_asked_what_no_label_says() -> None:
    items = [SheetItem("a.wav", "audio", load_label(RELEASE / "02-night-ferry.toml"))]
    sheet = sheet_of([*items, SheetItem("b", "image", Label(kind="human_made"))], shop("steam"))
    assert [answer.question.id for answer in sheet.open] == ["ships", "live-generated", "guardrails"]
    said = {answer.question.id: answer.text for answer in sheet.answers}
    assert said["pre-generated"] == "Yes"
    assert str(said["description"]).startswith("Night Ferry: made by AI: vocals (AcmeSynth 2.1.0), lyrics")
    people = sheet_of([SheetItem("b", "image", Label(kind="human_made"))], shop("steam"))
    assert {answer.text for answer in people.answers} == {None, "No, of these files"}


#: Who can have made how much of a part beside a kind, by what DDEX says of it (``ContainsAI``).
MADE = {"All": [("ai", "All")], "None": [("human", "None")]}
ANY = [("ai", "All"), ("ai", "Partly"), ("human", "None"), ("human", "Partly")]


@st.composite
def tracks(draw: st.DrawFn) -> Label:
    """Labels of sounds whose contributions fit their kind, in every part and role."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    made = MADE.get(KINDS[kind].contains_ai or "", ANY)
    entries = []
    for part in draw(st.lists(st.sampled_from(get_args(PartName)), max_size=6)):
        agent, extent = draw(st.sampled_from(made))
        names = [role for role in get_args(Role) if part in parts_of(role)]
        role = draw(st.sampled_from([UNSET, *names]))
        stem = draw(st.sampled_from([UNSET, UNSET, "stem 1"]))
        entries.append(by(part, extent, agent, role=role, stem=stem))
    if kind == "ai_assisted_technical" and draw(st.booleans()):
        entries.append(by("mastering", "All"))
    return Label(kind=kind, systems=(ACME,), contributions=tuple(entries))


@settings(max_examples=300, deadline=None)
@given(tracks())
def test_sheets_and_ddex_say_the_same_of_each_contribution(label: Label) -> None:
    """The same extent, for the same role, of the same kind of contributor; what DDEX leaves out is not counted."""
    [resource] = read_message(dump([(label, FileFacts("audio"))]).content, "it").resources
    sent = [(item.ai, item.roles, item.extent) for item in resource.contributors if item.extent is not None]
    counted = [credit for credit in credits_of(label) if credit.counted]
    assert sent == [(credit.ai, (credit.role,) if credit.role else (), credit.extent) for credit in counted]
    assert resource.contains_ai == KINDS[label.kind].contains_ai
    told = json.loads(json_of([sheet_of([SheetItem("a", "audio", label)], shop("spotify"))]))[0]
    assert told["files"][0]["contains_ai"] == resource.contains_ai
    wholly = {role for ai, roles, extent in sent if ai and extent == "All" for role in roles}
    credited = {word for answer in told["answers"] for word in re.findall(r"AI credit as (\w+)", without_none(answer))}
    asked = {credit.role for credit in counted if credit.part in ASKED}
    assert credited == wholly & asked


ASKED = {part for row in shop("spotify").question for part in row.parts}


def without_none(answer: dict[str, Any]) -> str:
    return re.sub(r"no AI credit as \w+", "", answer["answer"] or "")


@settings(max_examples=300, deadline=None)
@given(tracks() | LABELS, st.sampled_from(["audio", "image", "video"]))
def test_no_answer_says_no_where_the_label_is_silent(label: Label, media: Any) -> None:
    """A no needs a kind in which nothing is generated, or a word about each part that is asked about, or the whole."""
    for found in SHOPS:
        for answer in sheet_of([SheetItem("a", media, label)], found).answers:
            row = answer.question
            if answer.text is None or answer.text not in (row.answers.get("no"), row.answers.get("none")):
                continue
            if row.rule == "whole" and any(entry.extent != "All" for entry in label.contributions):
                continue
            contains = KINDS[label.kind].contains_ai
            clean = {entry.part for entry in label.contributions if entry.extent == "None"}
            if row.rule == "whole":
                assert contains in ("Partly", "None") or clean, (found.name, row.id)
            else:
                said = clean | {"composition", "lyrics"} if "ComposerLyricist" in roles(label) else clean
                assert contains == "None" or "whole" in clean or said.issuperset(row.parts), (found.name, row.id)


def roles(label: Label) -> set[str]:
    return {str(entry.role) for entry in label.contributions}


@settings(max_examples=60, deadline=None)
@given(st.lists(LABELS, max_size=3))
def test_no_text_of_a_label_acts_on_a_terminal_or_a_spreadsheet(labels: list[Label]) -> None:
    items = [SheetItem(f"{number}\x1b[2J\n.wav", "audio", label) for number, label in enumerate(labels)]
    sheets = [sheet_of(items, found) for found in SHOPS]
    text = to_text(sheets)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "compliant" not in text
    for row in csv.reader(io.StringIO(to_csv(sheets).decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_a_hostile_title_is_shown_and_does_nothing() -> None:
    people = (Person(id="x", name="Mallory\u202e"),)
    label = partly(by("vocals", "None", person="x"), title="=1+1\u202e", people=people)
    sheets: list[Sheet] = [sheet_of([SheetItem("a.wav", "audio", label)], shop("apple"))]
    assert "“=1+1\\u{202e}”" in to_text(sheets)
    assert "Mallory\\u{202e}" in to_text(sheets)
    assert "'=1+1" in to_csv(sheets).decode()


def test_no_page_and_no_shop_calls_a_file_compliant() -> None:
    for path in (DOCS / "sheets.md", *(ROOT / "src/provlabel/exchange/shops").glob("*.toml")):
        assert "complian" not in path.read_text().lower(), path
