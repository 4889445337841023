"""Nothing of a file but its label differs once it is labeled: odd files of every format, and our samples, read back.

Each file is embedded into, and then all that other programs find in it is as before; or it is refused with a hint,
leaves nothing behind, and is signed beside itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from odd_boxes import BOXES
from odd_files import Odd
from odd_pictures import PICTURES
from odd_sounds import SOUNDS
from project import MEDIA, ROOT, needs
from provlabel import InputError, Label, Labeler, TrustStore, verify_paths
from provlabel.media.formats import FORMATS
from provlabel.media.sidecar import beside
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from readback import differences, seen
from sample_files import known

pytestmark = [needs(program) for program in ("exiftool", "ffmpeg", "ffprobe")]

Compare = Callable[[Iterable[Odd]], int]
SIGNED = ROOT / "samples" / "signed"
#: Those that are no label any more, which none of ours can follow.
_SPOILED = ("altered.wav",)
_MORE = {"HEIC": (needs("heif-enc"), needs("heif-convert")), "JPEG XL": (needs("cjxl"), needs("djxl"))}
#: Of each container the odd files of one format stand for those of another, of which one sample is enough.
_ALIKE = {"DNG": "TIFF", "HEIF": "HEIC"}
MAKERS = PICTURES | SOUNDS | BOXES
KINDS = [pytest.param(kind, marks=_MORE.get(kind, ())) for kind in MAKERS]


@pytest.fixture
def compare(tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox) -> Compare:
    """Label files and read them back; says how many values were compared."""

    def run(odds: Iterable[Odd]) -> int:
        before, after = tmp_path / "before", tmp_path / "after"
        before.mkdir()
        after.mkdir()
        rows = {before / odd.name: odd for odd in odds}
        for source, odd in rows.items():
            source.write_bytes(odd.content)
        with Labeler(signer, sandbox=sandbox) as labeler:
            for source, odd in rows.items():
                if odd.refused:
                    _refused(labeler, source, after, odd, label)
                else:
                    labeler.file(source, after / source.name, label)
        embedded = [source for source, odd in rows.items() if not odd.refused]
        old, new = seen(embedded), seen([after / source.name for source in embedded])
        found = {
            source.name: told
            for source in embedded
            if (told := list(_unmeant(differences(old[source], new[after / source.name]), rows[source])))
        }
        assert found == {}
        judged = verify_paths([before, after], trust=trust, sandbox=sandbox).files
        states = {Path(file.path): file.state for file in judged}
        signed = [after / path.name if path in old else path for path in rows]
        assert {path.name: states[path] for path in signed if states[path] != "trusted"} == {}
        assert {path: path.read_bytes() for path in rows} == {path: odd.content for path, odd in rows.items()}
        return sum(one.fields for one in old.values())

    return run


def _refused(labeler: Labeler, source: Path, after: Path, odd: Odd, label: Label) -> None:
    with pytest.raises(InputError, match=odd.refused) as caught:
        labeler.file(source, after / source.name, label)
    assert "--detached" in caught.value.hint
    assert [path for path in after.iterdir() if source.name in path.name] == []
    labeler.file(source, None, label, detached=True)


def _unmeant(found: Iterable[str], odd: Odd) -> Iterator[str]:
    return (one for one in found if not (odd.changed and re.match(rf"({odd.changed}): ", one)))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_the_label_differs(kind: str, compare: Compare) -> None:
    odds = list(MAKERS[kind]())
    assert len({odd.name for odd in odds}) == len(odds)
    assert {row.name for odd in odds if (row := known(odd.content))} <= {kind}
    assert compare(odds) > 8 * len(odds)


@pytest.mark.parametrize("marks", [pytest.param(None, marks=[mark for more in _MORE.values() for mark in more])])
def test_there_are_as_many_odd_files_as_are_promised(marks: None) -> None:
    assert {row.name for row in FORMATS if row.embed} == MAKERS.keys() | _ALIKE.keys()
    assert _ALIKE.items() <= {(name, kind) for name in _ALIKE for kind in MAKERS}
    made = [odd for make in MAKERS.values() for odd in make()]
    assert len(made) >= 200
    by_hand = PICTURES | SOUNDS  # encoders write the time
    first, second = ([odd for make in by_hand.values() for odd in make()] for _ in range(2))
    assert first == second


# --- the old samples -------------------------------------------------------------------------------


def test_nothing_but_the_label_differs_in_our_samples(compare: Compare) -> None:
    odds = [Odd(path.name, path.read_bytes()) for path in sorted(MEDIA.iterdir()) if known(path.read_bytes())]
    assert len(odds) >= 5
    assert compare(odds) > 20 * len(odds)


def test_nothing_but_the_label_differs_in_samples_that_were_signed(compare: Compare) -> None:
    """Labeled again, with the old manifest as the parent."""
    folders = [folder for folder in sorted(SIGNED.iterdir()) if folder.is_dir()]
    odds = [
        Odd(f"{folder.name}-{path.name}", path.read_bytes())
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.name not in _SPOILED and not beside(path).exists() and _embeds(path)
    ]
    assert len(odds) >= 20
    assert compare(odds) > 20 * len(odds)


def _embeds(path: Path) -> bool:
    row = known(path.read_bytes())
    return row is not None and row.embed
