"""C2PA's conformance rubric over every output: each option that changes a manifest, in every format, and every label.

All traits hold, or the file and what broke them are named.  What provlabel refuses to sign is counted.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

from proving import ROOT, Figure, rng
from provlabel import Actor, Label, ProvlabelError, Timestamper, label_file, open_signer, redact_file, stamp_file
from provlabel.conformance import TRAITS, Conformance, conform_file
from provlabel.label import label_from_dict
from provlabel.label.vocabularies import KINDS, NOT_IN, Extent, OperationName, PartName
from provlabel.sandbox import Sandbox
from provlabel.sandbox.drawing import drawing_sandbox
from provlabel.sandbox.requests import AnySandbox
from provlabel.signers import Signer

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import pki
import sample_files as formats
import tsa
from project import MEDIA, SAMPLES

#: A label that has something for every option to write.
FULL: dict[str, Any] = {
    "kind": "ai_partly_created",
    "title": "Lighthouse",
    "event_time": "2026-11-22T10:00:00Z",
    "provider": {"name": "Acme Audio Ltd"},
    "systems": [{"name": "AcmeSynth", "version": "2.1", "model_type": "c2pa.types.model.pytorch"}],
    "people": [{"id": "p1", "name": "Ada Example"}],
    "prompt": {"text": "slow waltz for a lighthouse keeper"},
    "references": [
        {"type": "seed", "value": "8675309"},
        {"type": "reference", "title": "a sketch", "url": "https://acme.example/sketch"},
    ],
    "contributions": [{"part": "whole", "extent": "Partly", "by": "ai", "system": "AcmeSynth", "person": "p1"}],
    "operations": [{"operation": "edited"}, {"operation": "enhanced", "technique": "denoise", "by": "human"}],
    "permissions": {"ai_training": "notAllowed", "mining": "constrained", "constraint": "By licence only"},
    "rights": {"notice": "© 2026 Acme Records", "holder": "Acme Records"},
    "identifiers": [{"type": "isrc", "value": "GBAYE2600001"}],
    "china": {"producer": "001191110102MACQD9K64010000", "produce_id": "20261122-0002"},
}


class Scene(NamedTuple):
    """What files are labeled with."""

    signer: Signer
    identity: Actor
    timestamper: Timestamper
    others: dict[str, Path]  #: labeled files by what they serve as
    sandbox: AnySandbox
    drawing: AnySandbox


Way = Callable[[Scene, Path, Label, Path], Path]


def with_options(**options: Any) -> Way:
    """Return a way to label with these options of :func:`label_file`; a function is asked what it has for the scene."""

    def label(scene: Scene, source: Path, label: Label, dest: Path) -> Path:
        given = {key: value(scene) if callable(value) else value for key, value in options.items()}
        return _label(scene, source, label, dest, **given)

    return label


def _label(scene: Scene, source: Path, label: Label, dest: Path, **options: Any) -> Path:
    """Label ``source`` into ``dest``; a manifest beside goes with it."""
    given = {"sandbox": scene.sandbox, "drawing": scene.drawing, "same_label_for_all": True, **options}
    label_file(source, dest, label, scene.signer, **given)
    return dest


def _again(scene: Scene, source: Path, label: Label, dest: Path) -> Path:
    """Label what is labeled: it becomes its own parent."""
    first = _label(scene, source, label, dest.with_name(f"first-{dest.name}"))
    return _label(scene, first, label, dest)


def _moved(scene: Scene, source: Path, label: Label, dest: Path) -> Path:
    """Say that a labeled file was altered since."""
    first = _label(scene, source, label, dest.with_name(f"first-{dest.name}"))
    altered = label_from_dict({**FULL, "kind": "ai_modified", "origin": "altered"})
    return _label(scene, first, altered, dest)


def _redacted(scene: Scene, source: Path, label: Label, dest: Path) -> Path:
    first = _label(scene, source, label, dest.with_name(f"first-{dest.name}"), personal=True, prompt_mode="clear")
    redact_file(first, dest, scene.signer, sandbox=scene.sandbox)
    return dest


def _stamped_later(scene: Scene, source: Path, label: Label, dest: Path) -> Path:
    first = _label(scene, source, label, dest.with_name(f"first-{dest.name}"), stamp_room=5000)
    stamp_file(first, None, scene.timestamper, replace=True, sandbox=scene.sandbox)
    return first


#: Name of an option, or of several -> how a file is labeled with it.
WAYS: dict[str, Way] = {
    "no option": with_options(),
    "prompt hashed": with_options(prompt_mode="hash"),
    "prompt in clear, personal, inputs": with_options(prompt_mode="clear", personal=True, inputs=True),
    "no carriers": with_options(carriers=()),
    "aigc": with_options(carriers=("aigc",)),
    "thumbnail": with_options(thumbnail=True),
    "detached": with_options(detached=True, carriers=()),
    "strip_prompt": with_options(strip_prompt=True),
    "urn": with_options(urn="urn:c2pa:4e3ffb1c-7bb5-4f5c-8b4d-1a2b3c4d5e6f"),
    "identity": with_options(identity=lambda scene: scene.identity),
    "timestamp": with_options(timestamper=lambda scene: scene.timestamper),
    "room for a timestamp": with_options(stamp_room=5000),
    "parent": with_options(parents=lambda scene: [scene.others["parent"]]),
    "parent that is not labeled": with_options(parents=lambda scene: [scene.others["plain"]]),
    "ingredients": with_options(ingredients=lambda scene: [scene.others["part"], scene.others["plain"]]),
    "input files": with_options(input_files=lambda scene: [scene.others["part"], scene.others["plain"]]),
    "all files, with inputs": with_options(
        parents=lambda scene: [scene.others["parent"]],
        ingredients=lambda scene: [scene.others["part"]],
        input_files=lambda scene: [scene.others["plain"]],
        inputs=True,
    ),
    "labeled again": _again,
    "altered since": _moved,
    "redact": _redacted,
    "stamp": _stamped_later,
}


class Cell(NamedTuple):
    """One output that was asked for, and what the rubric says of it."""

    source: str
    way: str
    found: Conformance | None = None
    refused: str = ""  #: why there is no output

    @property
    def broken(self) -> str:
        """What is not as it should be, with the name of the cell; empty where all traits hold."""
        if self.found is None:
            return ""
        odd = [item.id for item in self.found.traits if item.outcome in ("fail", "warning")]
        odd += [self.found.problem] * bool(self.found.problem)
        return f"{self.source}, {self.way}: {', '.join(odd)}" if odd else ""


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Label every cell, and hold each output against the rubric; ``scale`` below 1 takes as large a part of them."""
    with tempfile.TemporaryDirectory() as name, scene(Path(name)) as at:
        folder = Path(name)
        cells = list(_of_options(at, folder, _some(scale, seed)))
        yield from _figures("options × formats", cells)
        made = [cell for cell in cells if cell.found]
        ways, kinds = {cell.way for cell in made}, {_format_of(cell.source) for cell in made}
        counted = f"{len(ways)} and {len(kinds)}"
        yield Figure("ways to label, and formats, among them", "counted", counted, True, ", ".join(sorted(ways)))
        cells = list(_of_labels(at, folder, _some(scale, seed)))
        yield from _figures("what labels say: kinds × operations × who, parts × extents", cells)


def _some(scale: float, seed: int) -> Callable[[list[Any]], list[Any]]:
    """Return a function that takes a part of a list by chance, and all of it at the full scale."""
    return lambda cells: cells if scale >= 1 else rng(seed, "conform").sample(cells, max(20, round(len(cells) * scale)))


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Yield signers, a time authority on loopback, and files that others can be made from."""
    root = pki.root()
    signer = open_signer(f"test:{folder / 'key'}")
    person = open_signer(pki.write(folder / "person", pki.leaf(root, common="Ada Example"), root))
    others = {name: folder / f"{name}.jpg" for name in ("plain", "parent", "part")}
    shutil.copy(MEDIA / "cover.jpg", others["plain"])
    with (
        Sandbox() as sandbox,
        drawing_sandbox() as drawing,
        tsa.serving(tsa.Authority(folder / "tsa", root)) as (url, _),
    ):
        for name in ("parent", "part"):
            label_file(others["plain"], others[name], Label(kind="ai_generated"), signer, sandbox=sandbox)
        stamper = Timestamper(urls=(url,))
        yield Scene(signer, Actor(person, ["creator"]), stamper, others, sandbox, drawing)


def _sources(folder: Path) -> dict[str, Path]:
    """Make a file of every kind that a test knows; programs that are not installed make none."""
    found = {}
    for name in (*SAMPLES, *formats.MAKERS):
        path = folder / name
        with contextlib.suppress(FileNotFoundError):
            if name in SAMPLES:
                shutil.copy(MEDIA / name, path)
            else:
                formats.MAKERS[name](path)
            found[name] = path
    return found


_SAMPLE_FORMATS = dict(zip(SAMPLES, ("JPEG", "PNG", "WAV", "MP3", "FLAC"), strict=True))


def _format_of(name: str) -> str:
    return {**formats.FORMAT_OF, **_SAMPLE_FORMATS}[name]


def _of_options(at: Scene, folder: Path, some: Callable[[list[Any]], list[Any]]) -> Iterator[Cell]:
    label, sources = label_from_dict(FULL), _sources(folder)
    for name, way in some(list(itertools.product(sources, WAYS))):
        yield _cell(at, sources[name], label, way, WAYS[way], folder)


def _of_labels(at: Scene, folder: Path, some: Callable[[list[Any]], list[Any]]) -> Iterator[Cell]:
    for words, label in some(list(_labels())):
        sound = any(one["part"] in NOT_IN["image"] for one in label.get("contributions", ()))
        source = MEDIA / ("take.wav" if sound else "cover.jpg")
        yield _cell(at, source, label, words, with_options(), folder)


def _labels() -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, operation, by in itertools.product(KINDS, get_args(OperationName), ("nobody", "human", "ai")):
        said = {"operation": operation, **({} if by == "nobody" else {"by": by})}
        said |= {"source_language": "de", "target_language": "en"} if operation == "translated" else {}
        yield f"{kind}, {operation} by {by}", {"kind": kind, "operations": [said]}
    for kind, part, extent in itertools.product(KINDS, get_args(PartName), get_args(Extent)):
        said = {"part": part, "extent": extent, "by": "human" if extent == "None" else "ai"}
        yield f"{kind}, {part} {extent}", {"kind": kind, "contributions": [said]}


def _cell(at: Scene, source: Path, label: Label | dict[str, Any], words: str, way: Way, folder: Path) -> Cell:
    """Label one file in one way, hold the result against the rubric, and leave nothing behind."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        dest = Path(place) / source.name
        try:
            stated = label_from_dict(label) if isinstance(label, dict) else label
            made = way(at, source, stated, dest)
        except ProvlabelError as exc:
            return Cell(source.name, words, refused=f"{type(exc).__name__}: {_kind_of(str(exc))}")
        return Cell(source.name, words, conform_file(made, sandbox=at.sandbox))


def _kind_of(message: str) -> str:
    """Return a message without the name of the file."""
    return message.rpartition(": ")[2][:70]


def _figures(what: str, cells: list[Cell]) -> Iterator[Figure]:
    made = [cell for cell in cells if cell.found is not None]
    broken = [cell.broken for cell in made if cell.broken]
    refused = Counter(cell.refused for cell in cells if cell.refused)
    counts = Counter(item.outcome for cell in made if cell.found for item in cell.found.traits)
    yield Figure(
        f"{what}: outputs with all {len(TRAITS)} traits of the rubric",
        "all",
        f"{len(made) - len(broken):,} of {len(made):,}",
        bool(made) and not broken,
        "; ".join(broken[:5]) or ", ".join(f"{word} {count:,}" for word, count in sorted(counts.items())),
    )
    yield Figure(
        f"{what}: refused, so that there is no output",
        "counted",
        f"{refused.total():,}",
        True,
        "; ".join(f"{why} ({count:,})" for why, count in refused.most_common(6)),
    )
