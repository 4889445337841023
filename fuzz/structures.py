"""Hostile manifests through the whole reading path: sandbox, verdict, report.

``python fuzz/structures.py --structures N --mutations M --seed S`` makes N files with well-formed stores and hostile
values (:mod:`hostile`) and M signed files with changed bytes, reads each in the real sandbox, judges it and renders it.
The sandbox's worker may die; this process may not, nor hang, nor say *trusted* or *valid* of what was not signed so.
"""

from __future__ import annotations

import argparse
import faulthandler
import functools
import hashlib
import io
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hostile
import seeds
from hostile import Plan
from mutating import mutated
from provlabel._support.processes import Child
from provlabel.media import containers
from provlabel.media.containers.edits import Edited
from provlabel.report import FileReport, Report
from provlabel.report.renderers import RENDERERS, Extras
from provlabel.sandbox import Limits, Sandbox
from provlabel.sandbox.process import spawn
from provlabel.verifying.verify import verify_bytes, verify_file

GOOD = ("trusted", "valid")
#: Seconds that one file may take by the clock, as the sandbox has it, and some for a new worker.
WALL = 2 * Limits().cpu_seconds + 10
_SHOWN = 5  # slowest and fattest files that are named


class Case(NamedTuple):
    """One file, and what must not be said of it."""

    name: str
    content: bytes
    sidecar: bytes | None = None
    lies: frozenset[str] = frozenset()  #: what does not hold in it
    label: Any = None  #: the label that was signed, where it is a plain one
    same: Callable[[bytes], bool] | None = None  #: are these bytes what was signed?


# --- files around stores ---------------------------------------------------------------------------

_CARRIERS = ("a.png", "a.png", "a.jpg", "a.jpg", "a.wav", "a.mp3", "a.flac", "a.m4a", "a.webp", "beside")
_CONTAINER = {"png": "png", "jpg": "jpeg", "wav": "riff", "mp3": "id3", "flac": "id3", "m4a": "isobmff", "webp": "riff"}


@functools.cache
def _carriers() -> tuple[str, ...]:
    had = seeds.names(whole=True)
    return tuple(name for name in _CARRIERS if name in had or name == "beside")


@functools.cache
def _bare(name: str) -> bytes:
    return seeds.media(name)


def structured(seed: object) -> Case:
    """Return a file with a hostile manifest in it."""
    chance = random.Random(f"structures:{seed}")
    plan, name = hostile.worsened(chance), chance.choice(_carriers())
    state = chance.getstate()
    if name == "beside":
        content = _bare("a.png")
        honest = {"exclusions": [], "alg": "sha256", "hash": hashlib.sha256(content).digest(), "pad": b""}
        store = hostile.whole_store(chance, plan, ("c2pa.hash.data", honest))
        if _says_the_same(plan.hard(honest), honest):
            plan.lies.discard("hash of the content")
        return _case(f"{seed} beside", plan, content, store)
    content, hole = _embedded(chance, state, plan, name)
    content = _carried(chance, plan, name, content, hole)
    return _case(f"{seed} {name}", plan, content)


def _says_the_same(binding: Any, honest: dict[str, Any]) -> bool:
    """Is it the honest hash of the whole content, over ranges that leave nothing out?"""
    if not isinstance(binding, dict) or binding.get("hash") != honest["hash"]:
        return False
    ranges = binding.get("exclusions") or []
    return isinstance(ranges, list) and not any(isinstance(one, dict) and one.get("length") for one in ranges)


def _case(name: str, plan: Plan, content: bytes, sidecar: bytes | None = None) -> Case:
    label = hostile.LABEL if not plan.odd_label else None
    return Case(name, content, sidecar, frozenset(plan.lies), label)


def _embedded(chance: random.Random, state: Any, plan: Plan, name: str) -> tuple[bytes, tuple[int, int]]:
    """Put a store into a file so that the hash of the content is right, and return both with where it lies."""
    bare = _bare(name)
    container = _CONTAINER[name.rpartition(".")[2]]
    said: tuple[str, Any] = _binding(container, bytes(32), 100_000, 100_000)
    made, hole = b"", (0, 0)
    for _ in range(5):
        chance.setstate(state)
        store = hostile.whole_store(chance, plan, said)
        source = io.BytesIO(bare)
        room = containers.hole_for(container, source, len(bare), len(store))
        around = bytearray(Edited(source, len(bare), room.edits).read())
        around[room.start : room.start + room.length] = room.fill(store)
        found = _binding(container, bytes(around), room.start, room.length)
        made, hole = bytes(around), (room.start, room.length)
        if found == said:
            break
        said = found
    return made, hole


def _binding(container: str, content: bytes, start: int, length: int) -> tuple[str, Any]:
    if container != "isobmff":
        digest = hashlib.sha256(content[:start] + content[start + length :]).digest()
        ranges = [{"start": start, "length": length}]
        return "c2pa.hash.data", {"exclusions": ranges, "alg": "sha256", "hash": digest, "pad": b""}
    ours = {"xpath": "/uuid", "data": [{"offset": 8, "value": bytes.fromhex("d8fec3d61b0e483c92975828877ec481")}]}
    left_out = [ours, {"xpath": "/ftyp"}, {"xpath": "/mfra"}]
    digest = hashlib.sha256()
    for at, end, kind in _top_boxes(content):
        if kind not in (b"ftyp", b"mfra") and not (kind == b"uuid" and at == start):
            digest.update(at.to_bytes(8, "big") + content[at:end])
    return "c2pa.hash.bmff.v3", {"exclusions": left_out, "alg": "sha256", "hash": digest.digest(), "name": "x"}


def _top_boxes(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length == 1:
            length = int.from_bytes(content[at + 8 : at + 16], "big")
        end = at + length if length >= 8 else len(content)
        yield at, end, content[at + 4 : at + 8]
        at = end


def _carried(chance: random.Random, plan: Plan, name: str, content: bytes, hole: tuple[int, int]) -> bytes:
    """Seldom change the file itself: its content, or how it holds the manifest."""
    start, length = hole
    how = chance.random()
    if how < 0.08:
        outside = [at for at in (chance.randrange(len(content)) for _ in range(50)) if not start <= at < start + length]
        # The brands are hashed by nobody (C2PA 2.4 §A.5), and stand in the first box.
        outside = [at for at in outside if not name.endswith(".m4a") or at >= next(_top_boxes(content))[1]]
        changed = bytearray(content)
        for at in outside[:1]:
            changed[at] ^= 1 << chance.randrange(8)
            plan.lies.add("content")
        return bytes(changed)
    if how < 0.2:
        # Checksums, numbers of segments and what nobody signed may change; what was signed is compared all the same.
        held = _held(chance, name, content[start : start + length])
        return content[:start] + held + content[start + length :]
    return content


def _held(chance: random.Random, name: str, piece: bytes) -> bytes:
    """Change how a container holds a manifest: segments and their numbers, chunks, checksums, lengths."""
    if not name.endswith(".jpg") or chance.random() < 0.3:
        return chance.choice((mutated(chance, piece), piece + piece, piece[: len(piece) // 2], b""))
    head, body = piece[4:12], piece[12:]
    size = chance.choice((40, 500, 2_000))
    cuts = [body[at : at + size] for at in range(0, len(body), size)]
    numbered = [(number, cut if number == 1 else body[:8] + cut) for number, cut in enumerate(cuts, 1)]
    how = chance.randrange(7)
    if how == 1:
        chance.shuffle(numbered)
    elif how == 2:
        numbered = [(number + chance.choice((0, 1, 0xFFFFFFF0)), cut) for number, cut in numbered]
    elif how == 3:
        numbered.append(numbered[-1])
    elif how == 4:
        del numbered[chance.randrange(len(numbered))]
    elif how == 5:
        numbered = [(number, cut[8:] if number > 1 else cut) for number, cut in numbered]
    number_of = [chance.choice((head[2:4], b"\x02\x12")) if how == 6 else head[2:4] for _ in numbered]
    return b"".join(
        b"\xff\xeb" + (len(cut) + 10).to_bytes(2, "big") + head[:2] + box + (number % 2**32).to_bytes(4, "big") + cut
        for box, (number, cut) in zip(number_of, numbered, strict=True)
    )


# --- changed bytes of signed files -----------------------------------------------------------------


@functools.cache
def _signed() -> tuple[tuple[str, bytes], ...]:
    return tuple(seeds.signed_all(whole=True).items())


def changed(seed: object) -> Case:
    """Return a signed file with changed bytes."""
    chance = random.Random(f"mutations:{seed}")
    name, content = chance.choice(_signed())
    others = [other for _, other in _signed()]
    near = chance.random() < 0.5  # half of the changes near the manifest
    if near:
        start, end = _manifest_of(name)
        at = max(0, start - 50)
        made = content[:at] + mutated(chance, content[at : end + 50], others) + content[end + 50 :]
    else:
        made = mutated(chance, content, others)
    return Case(f"{seed} {name}", made, None, frozenset(), _told(name), functools.partial(_is_same, name))


@functools.cache
def _manifest_of(name: str) -> tuple[int, int]:
    content = dict(_signed())[name]
    parts = list(containers.CONTAINERS[_container_of(name)].walk(io.BytesIO(content), len(content)))
    held = [part for part in parts if part.role == "manifest"]
    return held[0].start, held[-1].end


def _container_of(name: str) -> str:
    from provlabel.media.formats import sniff

    content = dict(_signed())[name]
    found = sniff(lambda offset, length: content[offset : offset + length])
    assert found is not None
    return found.container


@functools.cache
def _told(name: str) -> Any:
    """Return what the untouched file says."""
    file = verify_bytes(dict(_signed())[name], trust=seeds.trust()).files[0]
    assert file.label is not None
    assert file.state == "trusted", name
    return file.label.value


#: Boxes that the hash of an ISO base media file leaves out by its standard (C2PA 2.4 §A.5), besides the manifest's.
_LEFT_OUT = frozenset({b"ftyp", b"mfra", b"free", b"skip", b"uuid"})


def _is_same(name: str, content: bytes) -> bool:
    """Are all bytes those that were signed, but for the manifest and what the standard leaves out?"""
    old = dict(_signed())[name]
    if _container_of(name) == "isobmff" and not name.endswith(".jxl"):  # which has a hash like any other format
        boxes = ([one[at:end] for at, end, kind in _top_boxes(one) if kind not in _LEFT_OUT] for one in (old, content))
        return next(boxes) == next(boxes)
    start, end = _manifest_of(name)
    return content[:start] == old[:start] and content.endswith(old[end:]) and len(content) >= start + len(old) - end


# --- judging ---------------------------------------------------------------------------------------


class Counts:
    """What became of the files."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest: list[tuple[float, str]] = []
        self.fattest: list[tuple[int, str]] = []
        self.workers = 0


class Judge:
    """Reads files in one sandbox, and sees to it that nothing is said that does not hold."""

    def __init__(self, keep: Path | None = None) -> None:
        self.counts = Counts()
        self._pid = 0
        self._peak = 0
        self._keep = keep
        self._sandbox = Sandbox(self._launch)
        self._path = seeds.folder() / "case.bin"

    def close(self) -> None:
        self._sandbox.close()

    def _launch(self) -> Child:
        worker = spawn()
        self._pid, self._peak = worker.pid, 0
        self.counts.workers += 1
        return worker

    def take(self, case: Case, *, whole: bool) -> None:
        """Judge one file and render what is said of it; ``whole`` by all outputs."""
        faulthandler.dump_traceback_later(WALL, exit=True)
        begun = time.monotonic()
        try:
            report = self._read(case)
            seconds = time.monotonic() - begun
            file = report.files[0]
            self._must_hold(case, file)
            self._render(report, whole)
        except Exception as exc:  # the point: nothing may come out of it
            self._remember(case, f"{type(exc).__name__}: {exc}")
            return
        finally:
            faulthandler.cancel_dump_traceback_later()
        self.counts.states[file.state] += 1
        for found in file.findings:
            if found.rule.startswith("content."):
                self.counts.troubles[found.rule] += 1
        self._measure(case, seconds)

    def _read(self, case: Case) -> Report:
        if case.sidecar is None:
            return verify_bytes(case.content, trust=seeds.trust(), sandbox=self._sandbox)
        self._path.write_bytes(case.content)
        self._path.with_name(self._path.name + ".c2pa").write_bytes(case.sidecar)
        return verify_file(self._path, trust=seeds.trust(), sandbox=self._sandbox)

    def _must_hold(self, case: Case, file: FileReport) -> None:
        if file.state not in GOOD:
            return
        if file.state == "trusted" or case.lies - {"trust"}:
            assert not case.lies, f"{file.state}, and {', '.join(case.lies)} does not hold"
        if case.same is not None:
            assert case.same(case.content), f"{file.state}, and the content is another"
        if case.label is not None and file.label is not None and file.label.source == "org.provlabel.label":
            assert file.label.value == case.label, f"{file.state}, and the label is another"

    def _render(self, report: Report, whole: bool) -> None:
        for name in RENDERERS if whole else ("text", "json"):
            assert RENDERERS[name].render(report, Extras())

    def _measure(self, case: Case, seconds: float) -> None:
        counts = self.counts
        if len(counts.slowest) < _SHOWN or seconds > counts.slowest[-1][0]:
            counts.slowest = sorted([*counts.slowest, (round(seconds, 3), case.name)], reverse=True)[:_SHOWN]
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
            peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
        except (OSError, IndexError, ValueError):
            return
        if peak > self._peak:
            self._peak = peak
            counts.fattest = sorted([*counts.fattest, (peak, case.name)], reverse=True)[:_SHOWN]

    def _remember(self, case: Case, what: str) -> None:
        self.counts.wrong.append(f"{case.name}: {what}")
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            path = self._keep / seeds.name_of(case.content)
            path.write_bytes(case.content)
            if case.sidecar is not None:
                path.with_name(path.name + ".c2pa").write_bytes(case.sidecar)


def run(
    structures: int, mutations: int, seed: int, keep: Path | None = None, share: str = "0/1", seconds: float = 1e9
) -> Counts:
    """Take so many files of each kind, as far as ``seconds`` reach; ``share`` i/n takes every n-th of them."""
    first, step = map(int, share.split("/"))
    judge, ends = Judge(keep), time.monotonic() + seconds
    try:
        for make, count in ((structured, structures), (changed, mutations)):
            for index in range(first, count, step):
                if time.monotonic() > ends:
                    return judge.counts
                judge.take(make(f"{seed}:{index}"), whole=index % 50 < step)
    finally:
        judge.close()
    return judge.counts


def main() -> None:
    """Print what was counted as JSON; leave with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=int, default=1_000)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", default="0/1", help="i/n: every n-th file from the i-th on")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many")
    parser.add_argument("--keep", type=Path, default=seeds.ROOT / "fuzz" / "found", help="where what is wrong is kept")
    args = parser.parse_args()
    counts = run(args.structures, args.mutations, args.seed, args.keep, args.share, args.seconds)
    print(json.dumps(vars(counts), indent=1))
    sys.exit(bool(counts.wrong))


if __name__ == "__main__":
    main()
