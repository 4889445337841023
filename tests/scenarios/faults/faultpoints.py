"""Fault points: every call of the real command line that touches a job's files, and what the system can do there.

A run under ``strace`` lists the calls; each of them, with each fault that the system has for it, is a point of the
table.  A point is visited by running the same command again with the fault injected at that very call.  Whether it
was is read from the log of ``strace``: a point that was not hit is told, and never counted.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from provlabel import TrustStore, open_signer, verify_file
from provlabel._support.files import LARGE, SCRATCH
from provlabel.labeling.publish import labeled_name
from provlabel.sandbox import Sandbox
from provlabel.signers.test import ROOT

KILL = "SIGKILL"

#: What the system can do at a call: its name in our words, and its faults.
CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "openat": ("open", (KILL, "EIO", "EMFILE")),
    "read": ("read", (KILL, "EIO")),
    "pread64": ("read", (KILL, "EIO")),
    "write": ("write", (KILL, "ENOSPC", "EIO")),
    "pwrite64": ("write", (KILL, "ENOSPC", "EIO")),
    "ftruncate": ("cut", (KILL, "ENOSPC", "EIO")),
    "fsync": ("sync", (KILL, "ENOSPC", "EIO")),
    "fdatasync": ("sync", (KILL, "ENOSPC", "EIO")),
    "link": ("publish", (KILL, "ENOSPC", "EIO", "EROFS", "EPERM")),
    "rename": ("publish", (KILL, "ENOSPC", "EIO", "EROFS")),
    "unlink": ("remove", (KILL, "EIO", "EROFS")),
    "close": ("close", (KILL, "EIO", "ENOSPC")),
    "fchmod": ("set the mode of", (KILL, "EIO", "EROFS")),
    "fchown": ("set the owner of", (KILL, "EIO", "EPERM")),
    "fsetxattr": ("set an attribute of", (KILL, "EIO", "ENOSPC")),
    "flock": ("lock", (KILL, "ENOLCK")),
    "newfstatat": ("look at", (KILL, "EIO")),
    "mkdir": ("make", (KILL, "ENOSPC", "EROFS")),
    "pipe2": ("make", (KILL, "EMFILE")),
    "memfd_create": ("make", (KILL, "EMFILE")),
    "epoll_create1": ("make", (KILL, "EMFILE")),
    "clone": ("start", (KILL, "EAGAIN", "ENOMEM")),
}
#: An ``openat`` that makes a file.
CREATING = ("make", (KILL, "ENOSPC", "EIO", "EROFS", "EMFILE"))
#: What these calls are about, as they name no file.
_NAMELESS = {"pipe2": "pipe", "memfd_create": "note", "epoll_create1": "poll", "clone": "sandbox"}
_ENTRY = re.compile(r"(?:(\d+) +)?(\w+)\((.*)")
_PATHS = re.compile(r'^\w+<(?P<held>[^>]*)>|"(?P<named>[^"]*)"')


class Scene(NamedTuple):
    """A command on files of its own."""

    name: str
    args: tuple[str, ...]
    files: Mapping[str, str]  #: what lies there before -> which of the stock it is
    outputs: Mapping[str, str]  #: what is written -> in what role
    scratch: tuple[str, ...] = ("output",)  #: what scratch files become, in the order in which they are made
    command: str = "label"


#: A file of each way to write: around a hole, with boxes, by the engine, and by threads where it is large.
STOCK = ("still.png", "take.wav", "take.flac", "take.mp3", "take.m4a", "still.gif", "still.tif", "large.wav")
#: What every command of a scene says.
SAID = ("--kind", "ai_generated", "--system", "AcmeSynth@2.1", "-q", "--signer")
_JPEG = {"cover.jpg": "cover.jpg"}
#: Where a salt must be on the disk before its hash is.
SALTED = "with a salt"
SCENES: tuple[Scene, ...] = (
    Scene("new file", ("cover.jpg",), _JPEG, {"cover.labeled.jpg": "output"}),
    Scene("in place", ("cover.jpg", "--in-place"), _JPEG, {"cover.jpg": "output"}),
    Scene(
        "over an old file",
        ("cover.jpg", "-o", "out.jpg", "--force"),
        {**_JPEG, "out.jpg": "still.png"},
        {"out.jpg": "output"},
    ),
    Scene("manifest beside", ("cover.jpg", "--detached"), _JPEG, {"cover.jpg.c2pa": "output"}),
    Scene(
        "copy with its manifest",
        ("cover.jpg", "--detached", "-o", "out.jpg"),
        _JPEG,
        {"out.jpg.c2pa": "output", "out.jpg": "copy"},
        ("copy", "output"),
    ),
    Scene(
        "with receipt",
        ("cover.jpg", "--receipt", "kept.json"),
        _JPEG,
        {"cover.labeled.jpg": "output", "kept.json": "receipt"},
        ("receipt", "output", "receipt"),
    ),
    Scene(
        SALTED,
        ("cover.jpg", "--receipt", "kept.json", "--prompt-mode", "hash", "--prompt-file", "prompt.txt"),
        {**_JPEG, "prompt.txt": "label.toml"},
        {"cover.labeled.jpg": "output", "kept.json": "receipt"},
        ("receipt", "output", "receipt", "receipt"),
    ),
    Scene("into a new folder", ("cover.jpg", "--out-dir", "new"), _JPEG, {"new/cover.jpg": "output"}),
    *(
        Scene(f"{name} by itself", (str(name),), {str(name): str(name)}, {str(labeled_name(name)): "output"})
        for name in map(Path, STOCK)
    ),
)  # fmt: skip
LEDGER = "out/.provlabel-batch/ledger.sqlite"
#: Where a batch keeps its records, so that they lie in the folder that is looked at.
KEPT = ("--ledger", LEDGER, "--receipts", "out/receipts.jsonl")
#: Four pictures by one worker, in chunks of one.
BATCH = Scene(
    "batch",
    ("in", "--out-dir", "out", *KEPT, "--workers", "1", "--chunk", "1", "--retries", "0"),
    {**{f"in/{number}.jpg": "cover.jpg" for number in range(4)}, "label.toml": "label.toml"},
    {**{f"out/{number}.jpg": "output" for number in range(4)}, "out/receipts.jsonl": "receipt"},
    command="batch",
)
LABEL = 'kind = "ai_generated"\n[[systems]]\nname = "AcmeSynth"\n'
#: What no order of two renames can exclude; the next run of a batch makes it good.
PAIR = "a manifest beside nothing"
#: Labeled by the next start.
NEXT = "next.jpg"


class Call(NamedTuple):
    """One call of a run that touches its files."""

    process: str  #: main, or the number of the process
    name: str
    nth: int  #: among the calls of this name of this process, from 1
    step: str  #: what is done to what, in our words
    creates: bool = False
    path: str | None = None  #: count only calls that touch this file
    alone: bool = False  #: no other process comes to this number

    @property
    def faults(self) -> tuple[str, ...]:
        """What the system can do here."""
        if self.step.endswith("pipe") and self.name in ("read", "write", "close"):
            return (KILL,)  # a pipe has no disk behind it
        return CREATING[1] if self.creates else CALLS[self.name][1]


class Point(NamedTuple):
    """A fault at a call."""

    scene: Scene
    call: Call
    fault: str

    @property
    def pair(self) -> tuple[str, str]:
        """Step and fault, whatever the scene."""
        return (self.call.step, self.fault)

    @property
    def vague_pair(self) -> tuple[str, str]:
        """The same, whatever a scratch file becomes, and whatever a file is beside its being read."""
        return (re.sub(r"^(\w+) (output|copy|receipt)\b", r"\1 source", vague(self.call.step)), self.fault)

    def __str__(self) -> str:
        return f"{self.scene.name}: {self.call.step} ({self.call.name} {self.call.nth}): {self.fault}"


class Problem(NamedTuple):
    """What must not be."""

    kind: str  #: source, output, leftover, ledger, words
    text: str


class Visit(NamedTuple):
    """What came of a point."""

    point: Point
    hit: bool
    problems: tuple[Problem, ...]
    pair_torn: bool = False  #: killed between the two renames of a copy and its manifest


class Ran(NamedTuple):
    """A command that ended."""

    code: int
    err: str
    log: str  #: of strace
    out: str = ""


class Seen(NamedTuple):
    """A file as it is: what must not change of a source."""

    sha256: str
    mtime_ns: int
    mode: int


class Bench:
    """A folder with the files of every scene, a credential, and what judges afterwards.  One for each thread."""

    def __init__(self, root: Path, stock: Path) -> None:
        self.root, self._stock = root, stock
        self.home = root / "home"
        self.credential = self.home / ".config" / "provlabel" / "test"
        self._sandbox = Sandbox()
        self._number = 0
        open_signer(f"test:{self.credential}")
        self.trusted = self.credential / ROOT
        self.trust = TrustStore.load(self.trusted, test=True)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def lay_out(self, scene: Scene) -> Path:
        """Return a new folder with the files of ``scene``."""
        self._number += 1
        folder = self.root / f"{self._number:05}"
        folder.mkdir()
        for name, origin in {**scene.files, NEXT: "cover.jpg"}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy2(self._stock / origin, folder / name)
            (folder / name).chmod(0o640)
            with contextlib.suppress(OSError):
                os.setxattr(folder / name, "user.note", b"kept")
        return folder

    def command(self, scene: Scene) -> tuple[str, ...]:
        """Return the command of ``scene``."""
        said = SAID if scene.command == "label" else ("--label", "label.toml", "-q", "--signer")
        return (scene.command, *scene.args, *said, f"test:{self.credential}")

    def run(self, folder: Path, args: tuple[str, ...], *strace: str) -> Ran:
        """Run ``provlabel``, under ``strace`` where something is said to it."""
        log = self.root / f"{folder.name}.strace"
        under = ("strace", "-qq", "-s", "0", "-y", "-e", "signal=none", "-o", str(log), *strace) if strace else ()
        done = subprocess.run(
            [*under, sys.executable, "-m", "provlabel", *args],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "PYTHONHASHSEED": "0",
                "PYTHONSAFEPATH": "1",
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        logged = log.read_text(errors="replace") if strace else ""
        log.unlink(missing_ok=True)
        return Ran(done.returncode, done.stderr.decode(errors="replace"), logged, done.stdout.decode())

    # --- the table ---------------------------------------------------------------------------------

    def calls(self, scene: Scene) -> list[Call]:
        """List the calls of a run without fault that touch the files of ``scene``.

        Raises:
            AssertionError: that run failed.
        """
        folder = self.lay_out(scene)
        self.run(folder, self.command(scene))  # whatever is made once, compiled code above all, is made now
        shutil.rmtree(folder)
        folder = self.lay_out(scene)
        before = seen_in(folder)
        done = self.run(folder, self.command(scene), "-f", "-e", f"trace={','.join(CALLS)}")
        assert done.code == 0, done.err
        assert [*self.problems_of_files(folder, scene, before, must=True)] == []
        found = calls_in(done.log, folder, scene)
        shutil.rmtree(folder)
        return found

    # --- a point -----------------------------------------------------------------------------------

    def visit(self, point: Point) -> Visit:
        """Visit a point, and once more where it was not hit: other processes move when they like."""
        visit = self._visited(point)
        return visit if visit.hit else self._visited(point)

    def _visited(self, point: Point) -> Visit:
        scene, call = point.scene, point.call
        folder = self.lay_out(scene)
        before = seen_in(folder)
        done = self.run(folder, self.command(scene), *injecting(call, point.fault))
        hit = was_hit(done.log, folder, scene, point)
        problems = [
            *problems_of_words(done, point),
            *self.problems_of_files(folder, scene, before, must=done.code == 0),
            *_published_in_silence(folder, scene, before, done),
            *(self._resumed if scene.command == "batch" else self._leftovers)(folder, scene, before, done, point),
        ]
        shutil.rmtree(folder)
        torn = point.fault == KILL and "copy" in scene.scratch
        kept = tuple(problem for problem in problems if not (torn and PAIR in problem.text))
        return Visit(point, hit, kept, len(kept) < len(problems))

    def problems_of_files(
        self, folder: Path, scene: Scene, before: Mapping[str, Seen], *, must: bool
    ) -> Iterator[Problem]:
        """Tell what is wrong with sources and outputs; with ``must`` every output has to be there."""
        after = seen_in(folder)
        for name, was in before.items():
            if name not in scene.outputs and after.get(name) != was:
                yield Problem("source", f"{name} was changed")
        for name, role in scene.outputs.items():
            if name in before and after.get(name) == before[name] and not must:
                continue  # the old file
            if name not in after:
                if must or name in before:
                    yield Problem("output", f"{name} is missing")
            elif role == "receipt":
                yield from _cut_receipts(folder / name)
            elif why := self._unsound(folder / name, scene, before):
                yield Problem("output", f"{name} is not whole: {why}")
            elif scene.name == SALTED and not self._is_salted(folder, name):
                yield Problem("output", f"{name} has a hash of its prompt whose salt is lost")

    def _is_salted(self, folder: Path, name: str) -> bool:
        label = self._sandbox.read(folder / name).manifests[0].label
        assert label is not None
        digest, kept = label["prompt"]["sha256"], folder / "kept.json"
        receipts = json.loads(kept.read_text())["receipts"] if kept.exists() else []
        return any(one["prompt_sha256"] == digest and one["prompt_salt"] for one in receipts)

    def _unsound(self, output: Path, scene: Scene, before: Mapping[str, Seen]) -> str:
        media = output.with_name(output.name.removesuffix(".c2pa"))
        if not media.exists():
            return PAIR
        [file] = verify_file(media, trust=self.trust, sandbox=self._sandbox).files
        if file.state != "trusted":
            return file.state
        was = before.get(output.name)
        if was is not None and scene.name == "in place" and output.stat().st_mode != was.mode:
            return "its mode changed"
        return ""

    def _leftovers(
        self, folder: Path, scene: Scene, before: Mapping[str, Seen], done: Ran, point: Point
    ) -> Iterator[Problem]:
        """Tell what is left behind: by a process that lived nothing, by one that was killed nothing after a start."""
        known = {*before, *scene.outputs}
        if alone := strangers(folder, known):
            if done.code >= 0 and done.code != 128 + 9 and not point.call.step.startswith("remove"):
                yield Problem("leftover", f"of a process that lived: {', '.join(alone)}")
            self.run(folder, ("label", NEXT, *self._next_place(scene), *SAID, f"test:{self.credential}"))
            known |= {"next.labeled.jpg", "new/next.jpg"}
            if left := strangers(folder, known):
                yield Problem("leftover", f"after the next start: {', '.join(left)}")
            yield from self.problems_of_files(folder, scene, before, must=False)

    def _resumed(
        self, folder: Path, scene: Scene, before: Mapping[str, Seen], done: Ran, point: Point
    ) -> Iterator[Problem]:
        """Run the batch again, which must make everything good: each job done once, as the ledger says."""
        again = self.run(folder, self.command(scene))
        if again.code:
            yield Problem("ledger", f"ended with {again.code} when it was resumed: {again.err}")
        yield from self.problems_of_files(folder, scene, before, must=True)
        yield from (Problem("ledger", why) for why in untrue(folder / LEDGER, self._sandbox))
        if left := strangers(folder, {*before, *scene.outputs, LEDGER}):
            yield Problem("leftover", f"after it was resumed: {', '.join(left)}")

    @staticmethod
    def _next_place(scene: Scene) -> tuple[str, ...]:
        return ("--out-dir", "new") if "new" in scene.args else ()


def injecting(call: Call, fault: str) -> tuple[str, ...]:
    """Return what ``strace`` is told, so that this fault is at this call."""
    how = f"signal={fault}" if fault == KILL else f"error={fault}"
    told = ["-e", f"trace={call.name}", "-e", f"inject={call.name}:{how}:when={call.nth}"]
    if call.path is not None:
        told += ["-P", call.path]
    if fault != KILL and call.alone:
        told += ["-f", "--seccomp-bpf"]  # which is faster, and forgets signals
    elif call.process != "main":
        told += ["-f"]
    return tuple(told)


def points_of(scene: Scene, calls: Sequence[Call], few: int = 2) -> list[Point]:
    """Return the table of a scene: every call that changes something, and of those that only look ``few`` of a step."""
    looking: dict[str, list[Call]] = {}
    for call in calls:
        if scene.command == "batch" or call.step.startswith(("read ", "look at ")):
            looking.setdefault(call.step, []).append(call)
    left_out = {call for same in looking.values() for call in same} - {
        same[round(index * (len(same) - 1) / max(1, few - 1))] for same in looking.values() for index in range(few)
    }
    return [Point(scene, call, fault) for call in calls if call not in left_out for fault in call.faults]


# --- what strace says ------------------------------------------------------------------------------


class Line(NamedTuple):
    """A call as it began, with its place in the log."""

    at: int
    process: str
    name: str
    step: str  #: empty when it touches none of the files
    creates: bool
    path: str | None
    text: str


def lines_in(log: str, folder: Path, scene: Scene) -> Iterator[Line]:
    """Yield the calls of a log; those that touch no file of the scene have no step."""
    made: list[str] = []  #: scratch files, in their order
    for at, text in enumerate(log.splitlines()):
        found = _ENTRY.match(text)
        if found is None or found[2] not in CALLS:
            continue  # the second half of a call, the end of a process
        path = _path_of(found[2], found[3], folder)
        creates = found[2] == "openat" and "O_CREAT" in found[3]
        if path is not None and SCRATCH.fullmatch(Path(path).name) and path not in made:
            made.append(path)
        what = _NAMELESS.get(found[2]) or _role(path, scene, made)
        verb = CREATING[0] if creates else CALLS[found[2]][0]
        yield Line(at, found[1] or "", found[2], f"{verb} {what}" if what else "", creates, path, text)


def _path_of(name: str, rest: str, folder: Path) -> str | None:
    """Return the file that a call touches, relative to ``folder``: the first that is named, or that is open."""
    for found in _PATHS.finditer(rest):
        path = found["held"] if found["held"] is not None else found["named"]
        if found["held"] is not None and rest.startswith("AT_FDCWD"):
            continue  # where a name begins
        if not path:
            continue
        if path.startswith("pipe:"):
            return path
        full = os.path.normpath(folder / path)
        return os.path.relpath(full, folder) if Path(full).is_relative_to(folder) else None
    return None


def _role(path: str | None, scene: Scene, made: list[str]) -> str:
    if path is None:
        return ""
    if path.startswith("pipe:"):
        return "pipe"
    if path == ".":
        return "folder"
    if path in made:
        number = made.index(path)
        return f"scratch of {scene.scratch[min(number, len(scene.scratch) - 1)]}"
    if LEDGER in path:
        return "log of the ledger" if path.endswith("-wal") else "ledger"
    if path in scene.outputs:
        return scene.outputs[path]
    if path in scene.files:
        return "source"
    return "folder" if path in ("new", "out") else ""


def calls_in(log: str, folder: Path, scene: Scene) -> list[Call]:
    """Return the calls that touch the files of a scene, of the main process and of its sandbox, as they can be hit."""
    lines = list(lines_in(log, folder, scene))
    main = lines[0].process
    others: dict[str, int] = {}  #: the most calls of another process
    for (process, name), many in Counter((line.process, line.name) for line in lines).items():
        if process != main:
            others[name] = max(others.get(name, 0), many)
    found: list[Call] = []
    workers = {line.process for line in lines if line.step.startswith("make scratch")}
    count: Counter[tuple[str, str]] = Counter()
    touched: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str | None, str, int], str] = {}
    for line in lines:
        count[line.process, line.name] += 1
        first.setdefault((None, line.name, count[line.process, line.name]), line.process)
        if line.path in scene.files:
            touched[line.process, line.name, line.path] += 1
            nth = touched[line.process, line.name, line.path]
            first.setdefault((line.path, line.name, nth), line.process)
        if line.process == main and line.step and line.step != "look at folder":
            nth = count[main, line.name]
            found.append(Call("main", line.name, nth, line.step, line.creates, alone=nth > others.get(line.name, 0)))
            continue
        if line.process == main or not line.step:
            continue
        # Counted for each process: no other may come to the same number before.
        who = "worker" if line.process in workers else "thread" if line.name == "fsync" else "sandbox"
        if line.path in scene.files and first[line.path, line.name, nth] == line.process:
            found.append(Call(who, line.name, nth, f"{line.step} in the {who}", path=line.path))
        elif "scratch" in line.step and first[None, line.name, count[line.process, line.name]] == line.process:
            nth = count[line.process, line.name]
            found.append(Call(who, line.name, nth, f"{line.step} in the {who}", line.creates))
    return found


def was_hit(log: str, folder: Path, scene: Scene, point: Point) -> bool:
    """Was the fault at the call that was meant?"""
    step = vague(re.sub(" in the (sandbox|worker|thread)$", "", point.call.step))
    lines = [line._replace(step=vague(line.step)) for line in lines_in(log, folder, scene)]
    if point.fault != KILL:
        texts = log.splitlines()
        return any(line.step == step and _is_injected(line, texts) for line in lines)
    return bool(lines) and any(
        line.step == step for line in lines if line.at == max(item.at for item in lines if item.process == line.process)
    )


def vague(step: str) -> str:
    """Take off what a scratch file becomes: a log of one kind of call does not show in which order they were made."""
    return re.sub(r"(scratch) of \w+", r"\1", step)


def _is_injected(line: Line, texts: list[str]) -> bool:
    if "(INJECTED)" in line.text:
        return True
    if "<unfinished" not in line.text:
        return False
    resumed = f"<... {line.name} resumed>"
    rest = (text for text in texts[line.at + 1 :] if text.startswith(line.process) and resumed in text)
    return "(INJECTED)" in next(rest, "")


# --- what is seen ----------------------------------------------------------------------------------


def seen_in(folder: Path) -> dict[str, Seen]:
    """Return the regular files below ``folder``, but for what hides behind a dot."""
    return {
        str(path.relative_to(folder)): Seen(
            hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, path.stat().st_mode
        )
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def strangers(folder: Path, known: set[str]) -> list[str]:
    """Return what lies there and is none of ``known``."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    return sorted(found - known)


def _published_in_silence(folder: Path, scene: Scene, before: Mapping[str, Seen], done: Ran) -> Iterator[Problem]:
    """Tell of an output that is there although its run says that it is not; receipts come later."""
    if done.code == 3 and scene.command == "label" and "receipt" not in scene.scratch:
        after = seen_in(folder)
        for name in scene.outputs:
            if name in after and after[name] != before.get(name):
                yield Problem("words", f"{name} is there, and was told to have failed")


def _cut_receipts(path: Path) -> Iterator[Problem]:
    """Tell of receipts that are there and not whole."""
    text = path.read_text()
    try:
        told = list(map(json.loads, text.splitlines())) if path.suffix == ".jsonl" else json.loads(text)["receipts"]
    except (ValueError, KeyError):
        yield Problem("output", f"{path.name} is not whole")
        return
    if not all(one["manifest"] for one in told):
        yield Problem("output", f"{path.name} names no manifest")


def problems_of_words(done: Ran, point: Point) -> Iterator[Problem]:
    """Tell what is wrong with how the process ended."""
    if point.fault == KILL and (point.call.process == "main" or done.code == -9):
        return  # counted for each process, the same number may kill two of them
    if done.code == 1 and done.err.startswith("Could not import runpy"):
        return  # the fault met Python 3.10 before it began with provlabel
    findings = point.scene.command == "batch" and "nothing was done" in done.err
    if done.code not in (0, 2 if findings else 3):
        yield Problem("words", f"ended with {done.code}: {done.err}")
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    if (done.code == 3 and not errors) or (len(errors) > 1 and point.scene.command == "label"):
        yield Problem("words", f"told {len(errors)} errors: {done.err}")
    if "Traceback" in done.err or "internal fault" in done.err:
        yield Problem("words", f"broke down: {done.err}")
    if done.code == 3 and point.fault != KILL and not any(_names(line, point.fault) for line in errors):
        yield Problem("words", f"does not say why: {done.err}")


#: How SQLite says it.
_SQLITE = {"EIO": "disk i/o error", "ENOSPC": "disk is full", "EROFS": "readonly"}


def _names(line: str, fault: str) -> bool:
    told = (os.strerror(getattr(errno, fault)).lower(), _SQLITE.get(fault, "unable to open database file"))
    return any(words in line.lower() for words in (*told, "unable to open database file", "disk i/o error"))


# --- the ledger ------------------------------------------------------------------------------------


def untrue(ledger: Path, sandbox: Sandbox) -> Iterator[str]:
    """Tell where the ledger, the files and the receipts beside it say different things."""
    with contextlib.closing(sqlite3.connect(ledger)) as database:
        rows = database.execute("SELECT source, output, state, urn, manifest, sha256 FROM jobs").fetchall()
    receipts = [
        json.loads(line)["manifest"] for line in (ledger.parents[1] / "receipts.jsonl").read_text().splitlines()
    ]
    folder = ledger.parents[2]
    for source, output, state, urn, manifest, sha256 in rows:
        name = os.fsdecode(output)
        seen = sandbox.read(folder / name)
        if (state, manifest, sha256) != ("done", urn, seen.sha256):
            yield f"{name} is {state} in the ledger, and another file"
        elif [item.urn for item in seen.manifests] != [urn] or receipts.count(urn) != 1:
            yield f"{os.fsdecode(source)} was not labeled just once"
    if len(receipts) != len(rows):
        yield f"{len(receipts)} receipts of {len(rows)} jobs"


def make_stock(folder: Path) -> Path:
    """Make the files that scenes take."""
    from PIL import Image

    from audio_files import ffmpeg
    from project import MEDIA

    shutil.copytree(MEDIA, folder)
    (folder / "label.toml").write_text(LABEL)
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=duration=190:sample_rate=48000:seed=1", folder / "large.wav")
    assert (folder / "large.wav").stat().st_size > LARGE
    picture = Image.effect_noise((64, 48), 60)
    picture.save(folder / "still.gif")
    picture.save(folder / "still.tif")
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", "-fflags", "+bitexact", folder / "take.m4a")
    return folder
