"""Whoever labels has the original: what they are told to do is not what whoever got a file is told, and it helps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from format_files import Make
from project import MEDIA, needs
from provlabel import InputError, Label, label_file, verify_file
from provlabel.report.rules import RULES
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

LABEL = Label(kind="ai_generated")


@needs("ffmpeg")
def test_a_sound_that_is_cut_off_is_written_anew_as_the_hint_says(
    signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    cut, new = tmp_path / "cut.wav", tmp_path / "new.wav"
    cut.write_bytes((MEDIA / "take.wav").read_bytes()[:100_000])
    with pytest.raises(InputError, match="no manifest can be put into it: its header announces") as told:
        label_file(cut, None, LABEL, signer, sandbox=sandbox)
    assert told.value.hint.startswith("write it anew, where ffmpeg can read it: ffmpeg -i FILE -c copy NEW, ")
    said = told.value.hint.partition(": ")[2].partition(",")[0]
    args = [{"FILE": str(cut), "NEW": str(new)}.get(word, word) for word in said.split()]
    subprocess.run([*args, "-v", "error"], check=True)
    assert label_file(new, None, LABEL, signer, sandbox=sandbox).format == "WAV"
    [finding] = verify_file(cut, sandbox=sandbox).files[0].findings[:1]
    assert (finding.rule, finding.hint) == ("content.malformed", RULES["content.malformed"].hint)


def test_a_picture_is_saved_anew(signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    for name, cut in (("cover.jpg", 2_000), ("cover.jpg", 12_000), ("still.png", 3_000)):
        path = tmp_path / name
        path.write_bytes((MEDIA / name).read_bytes()[:cut])
        with pytest.raises(InputError) as told:
            label_file(path, None, LABEL, signer, sandbox=sandbox)
        assert told.value.hint.startswith("export it again, or open it and save it anew")


@needs("heif-enc")
def test_a_motion_photo_is_refused_before_it_is_signed_with_the_reason(
    make: Make, signer: Signer, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A film behind a picture, as phones append it."""
    photo = make("still.heic")
    photo.write_bytes(photo.read_bytes() + make("clip.mp4").read_bytes())
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(
        InputError, match="cannot be embedded: a second file is appended to it, such as the film of a motion photo"
    ) as told:
        label_file(photo, None, LABEL, signer, sandbox=sandbox)
    assert told.value.hint == "use --detached: it leaves the file as it is"
    assert sorted(os.listdir(tmp_path)) == before
    label_file(photo, None, LABEL, signer, detached=True, sandbox=sandbox)
    assert verify_file(photo, sandbox=sandbox).files[0].axes.content == "intact"
