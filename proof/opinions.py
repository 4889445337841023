"""Two verifiers over the same files: on how many they agree, and whether every difference is known.

Files of every format that both read, the public ones of ``../shared/corpus`` where they are, and mutated ones.
Both judge in one child process after the other, which may die: that is counted, and the next one goes on.
"""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from proving import CORPUS, ROOT, Figure, rng
from provlabel import Label, System, TrustStore, label_file, open_signer
from provlabel.evidence import Evidence
from provlabel.media.formats import BY_NAME
from provlabel.sandbox import Sandbox
from provlabel.sandbox.limits import Limits
from provlabel.sandbox.protocol import Check, Request
from provlabel.sandbox.second_opinion import opinion
from provlabel.sandbox.worker import answer
from provlabel.signers.test import ROOT as TEST_ROOT
from provlabel.verdict import judge
from provlabel.verdict.opinions import KNOWN, compare_opinions, our_view, their_view

sys.path.insert(0, str(ROOT / "tests" / "helpers"))
import sample_files as formats
from project import SAMPLES

MEDIA = ROOT / "samples" / "media"
MUTATED = 20_000
_PROCESSES = 2
_SECONDS = 60  # for one file, many times what the slowest takes
#: Of one process that holds both verifiers and the tests' libraries; the limits themselves are proven elsewhere.
_LIMITS = Limits(base_mib=2048)
_MOST = 400_000  # bytes of a file that is mutated: what is larger takes time and shows nothing new
_PIECE = 64


class Case(NamedTuple):
    """One file that both judge."""

    name: str
    content: bytes
    store: bytes | None = None


def prove(scale: float, seed: int) -> Iterator[Figure]:
    """Count agreements and disagreements, and those that nobody can explain."""
    with tempfile.TemporaryDirectory() as folder:
        trust, cases = signed(Path(folder))
    yield from figures("files of every format signed here", judged(cases, trust))
    # Its other folders hold files that are there to be judged wrongly by somebody: their verdicts are held elsewhere.
    folder = CORPUS / "c2pa-python"
    if folder.is_dir():
        public = [Case(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()]
        yield from figures("public files of others", judged(public, trust))
    seeds = [case for case in cases if len(case.content) <= _MOST]
    made = [(seeds, seed, number) for number in range(round(MUTATED * scale))]
    yield from figures("mutated signed files", judged(made, trust))


def figures(what: str, outcomes: list[Outcome]) -> Iterator[Figure]:
    """Sum up one kind of files."""
    both = [outcome for outcome in outcomes if outcome.agreed]
    said = Counter(outcome.said.partition(":")[0] for outcome in outcomes)
    same = {question: sum(outcome.agreed[question] for outcome in both) for question in QUESTIONS}
    yield Figure(
        f"{what}: both judged them",
        "counted",
        f"{len(both):,} of {len(outcomes):,}",
        bool(both),
        ", ".join(f"{word} {count:,}" for word, count in said.most_common()),
    )
    yield Figure(
        f"{what}: the same answer",
        "counted",
        ", ".join(f"{question} {count:,}" for question, count in same.items()),
        True,
        "where both refuse, each may stop at another fault, or see no manifest in what is damaged",
    )
    known = Counter(_row(text) for outcome in both for rule, text in outcome.differences if rule == "second.known")
    unknown = [f"{outcome.name}: {text}" for outcome in both for rule, text in outcome.differences if rule in UNKNOWN]
    yield Figure(
        f"{what}: differences that nobody can explain",
        "0",
        f"{len(unknown):,}",
        not unknown,
        "; ".join(unknown[:3]) or f"known: {', '.join(f'{name} {count:,}' for name, count in known.items()) or 'none'}",
    )


#: Findings that a row of the table would have explained.
UNKNOWN = ("second.content", "second.signer", "second.manifest", "second.accepts")
QUESTIONS = ("acceptance", "content", "signature", "manifest")


def _row(text: str) -> str:
    return next(row.name for row in KNOWN if row.reason in text)


# --- the files -------------------------------------------------------------------------------------


def signed(folder: Path) -> tuple[TrustStore, list[Case]]:
    """Make and sign a file of every kind that a test knows; programs that are not installed make none."""
    signer = open_signer(f"test:{folder / 'key'}")
    trust = TrustStore.load(folder / "key" / TEST_ROOT, test=True)
    label = Label(kind="ai_generated", systems=(System(name="AcmeSynth"),))
    cases = []
    with Sandbox() as sandbox:
        for name, make in _makers().items():
            source, dest = folder / name, folder / f"labeled-{name}"
            try:
                make(source)
            except FileNotFoundError:
                continue
            embed = name not in formats.FORMAT_OF or BY_NAME[formats.FORMAT_OF[name]].embed
            receipt = label_file(source, dest if embed else None, label, signer, carriers=(), sandbox=sandbox)
            output = Path(receipt.output).read_bytes()
            cases.append(Case(name, output) if embed else Case(name, source.read_bytes(), output))
    return trust, cases


def _makers() -> dict[str, Callable[[Path], Any]]:
    def sample(name: str) -> Callable[[Path], Any]:
        return lambda path: shutil.copy(MEDIA / name, path)

    return {**{name: sample(name) for name in SAMPLES}, **formats.MAKERS}


def mutated(cases: list[Case], seed: int, number: int) -> Case:
    """Return case ``number``: one file with one to three changes, half of them in its manifest."""
    chance = rng(seed, "opinions", number)
    case = chance.choice(cases)
    target, detached = bytearray(case.content), case.store is not None and chance.random() < 0.6
    if detached:
        target = bytearray(case.store or b"")
    other = chance.choice(cases).content
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name, change = chance.choice(CHANGES)
        done.append(name)
        change(target, _place(target, chance), other, chance)
    named = f"{case.name} #{number} {'+'.join(done)}"
    return Case(named, case.content, bytes(target)) if detached else Case(named, bytes(target), case.store)


def _place(content: bytearray, chance: random.Random) -> int:
    """Return an offset, half of the time in or near a manifest."""
    start = content.find(b"jumb")
    if start < 0 or chance.random() < 0.5:
        return chance.randrange(len(content) or 1)
    return min(max(0, start - 60 + chance.randrange(14_000)), max(0, len(content) - 1))


Change = Callable[[bytearray, int, bytes, random.Random], None]


def _flip(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    if target:
        target[at] ^= 1 << chance.randrange(8)


def _set(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    target[at : at + 1] = bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))])


def _number(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    width = chance.choice((2, 4, 8))
    value = chance.choice((0, 1, 7, 8, (1 << 8 * width) - 1, 1 << (8 * width - 1), len(target)))
    target[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, chance.choice(("big", "little")))


def _cut(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    del target[at : at + chance.choice((1, 2, 4, _PIECE, 4096))]


def _end(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    del target[at:]


def _double(target: bytearray, at: int, _: bytes, chance: random.Random) -> None:
    target[at:at] = target[at : at + chance.choice((1, 4, _PIECE, 4096))]


def _splice(target: bytearray, at: int, other: bytes, chance: random.Random) -> None:
    start = chance.randrange(len(other))
    piece = other[start : start + chance.choice((4, _PIECE, 4096))]
    target[at : at + chance.choice((0, len(piece)))] = piece


def _append(target: bytearray, at: int, other: bytes, chance: random.Random) -> None:
    target += other[-chance.choice((1, _PIECE, 4096)) :]


CHANGES: tuple[tuple[str, Change], ...] = (
    ("flip", _flip), ("flip", _flip), ("set", _set), ("number", _number), ("cut", _cut), ("end", _end),
    ("double", _double), ("splice", _splice), ("append", _append),
)  # fmt: skip


# --- both judge ------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What the two said of one file: in a word, on which questions alike, and our findings about it."""

    name: str
    said: str
    agreed: dict[str, bool]
    differences: list[tuple[str, str]]


def judged(cases: list[Any], trust: TrustStore) -> list[Outcome]:
    """Have both judge every case, in two child processes at a time."""
    parts = [cases[number::_PROCESSES] for number in range(_PROCESSES)]
    with ThreadPoolExecutor(_PROCESSES) as pool:
        return [outcome for part in pool.map(lambda part: _by_child(part, trust), parts) for outcome in part]


def _by_child(cases: list[Any], trust: TrustStore) -> list[Outcome]:
    found: list[Outcome] = []
    while len(found) < len(cases):
        here, there = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=_serve, args=(cases[len(found) :], trust, there))
        child.start()
        there.close()
        try:
            while len(found) < len(cases) and here.poll(_SECONDS):
                found.append(Outcome(*json.loads(here.recv_bytes())))
        except EOFError:
            pass
        child.kill()
        child.join()
        if len(found) < len(cases):
            found.append(Outcome(_case(cases[len(found)]).name, "died", {}, []))
    return found


def _serve(cases: list[Any], trust: TrustStore, there: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what dies says so at length
    for case in cases:
        there.send_bytes(json.dumps(both(_case(case), trust)).encode())


def _case(case: Any) -> Case:
    return case if isinstance(case, Case) else mutated(*case)


def both(case: Case, trust: TrustStore) -> Outcome:
    """Judge one file twice, and say how the two verdicts stand to each other."""
    at = dt.datetime.now(dt.timezone.utc)
    evidence = _evidence(case, trust, at)
    fmt = BY_NAME.get(evidence.format or "")
    if fmt is None or not evidence.sha256:
        return Outcome(case.name, "no format" if fmt is None else "not read", {}, [])
    store = case.store if evidence.source in ("sidecar", "none") else None
    given = opinion(case.content, store, fmt.mime, trust, at)
    evidence = msgspec.structs.replace(evidence, second=given)
    verdict = judge(evidence, trust=trust, at=at)
    info, findings = compare_opinions(verdict.axes, verdict.findings, evidence)
    assert info is not None
    mine, theirs = our_view(verdict.axes, verdict.findings, evidence), their_view(given)
    agreed = {
        "manifest": mine.present == theirs.present,
        "content": (mine.content == "intact") == (theirs.content == "intact"),
        "signature": (mine.signature == "good") == (theirs.signature == "good"),
        "acceptance": mine.accepts == theirs.accepts,
    }
    return Outcome(
        case.name, info.said, agreed if not info.why else {}, [(item.rule, item.message) for item in findings]
    )


def _evidence(case: Case, trust: TrustStore, at: dt.datetime) -> Evidence:
    check = Check(at=at)
    if case.store is None:
        found = answer(Request(trust=trust, check=check, limits=_LIMITS), case.content).evidence
    else:
        with tempfile.TemporaryDirectory() as folder:
            media, beside = Path(folder) / "media", Path(folder) / "media.c2pa"
            media.write_bytes(case.content)
            beside.write_bytes(case.store)
            request = Request(path=bytes(media), sidecar=bytes(beside), trust=trust, check=check, limits=_LIMITS)
            found = answer(request, None).evidence
    assert found is not None
    return found
