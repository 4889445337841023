"""The system fails at each step of labeling, in each way that it can there: nothing is lost, nothing is left.

Each pair of step and fault is visited once, in some scene; ``python proof/proofs.py faults`` visits the whole table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from faultpoints import KILL, SAID, SALTED, SCENES, Bench, Point, Scene, make_stock, points_of
from project import needs

#: Scenes of the sample: together they have nearly every step.
SAMPLED = ("new file", "in place", "copy with its manifest", "with receipt")
PARTS = 4  #: so that two processes can share the work
STEPS = 12  #: at least so many are there, or the trace is not read as it should be


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("faults")
    with Bench(root, make_stock(root / "stock")) as made:
        yield made


@pytest.fixture(scope="module")
def points(bench: Bench) -> list[Point]:
    """A point for each pair of step and fault, whatever the scratch file becomes."""
    chosen: dict[tuple[str, str], Point] = {}
    for scene in SCENES:
        if scene.name in SAMPLED:
            for point in points_of(scene, bench.calls(scene)):
                chosen.setdefault(point.vague_pair, point)
    return list(chosen.values())


@needs("strace")
@needs("ffmpeg")
@pytest.mark.parametrize("part", range(PARTS))
def test_each_fault_at_each_step(part: int, points: list[Point], bench: Bench) -> None:
    assert len({point.call.step for point in points}) > STEPS
    visits = [bench.visit(point) for point in points[part::PARTS]]
    assert [str(visit.point) for visit in visits if not visit.hit] == []
    assert {str(visit.point): visit.problems for visit in visits if visit.problems} == {}


@needs("strace")
@needs("ffmpeg")
def test_no_hash_of_a_prompt_outlives_its_salt(bench: Bench) -> None:
    """Whatever fails at the end, or kills: the salt is on the disk before its hash has a name."""
    [scene] = [scene for scene in SCENES if scene.name == SALTED]
    hurt = [
        point
        for point in points_of(scene, bench.calls(scene))
        if point.call.step.startswith(("publish ", "sync ")) and point.fault in (KILL, "ENOSPC")
    ]
    assert len({point.call for point in hurt}) >= 6
    visits = [bench.visit(point) for point in hurt]
    assert {str(visit.point): visit.problems for visit in visits if visit.problems or not visit.hit} == {}


@needs("strace")
@pytest.mark.parametrize("name", ["cover.jpg", "take.flac"])
def test_file_on_a_failing_disk_is_unread_and_never_altered_or_sound(name: str, bench: Bench) -> None:
    """The engine itself takes an error for the end of the file, and goes on."""
    folder = bench.lay_out(Scene(name, (), {name: name}, {}))
    made = bench.run(folder, ("label", name, "--in-place", *SAID, f"test:{bench.credential}"))
    assert made.code == 0, made.err
    judged = ("verify", name, "--no-cache", "--trust", str(bench.trusted), "--format", "json")
    listed = bench.run(folder, judged, "-f", "-e", "trace=read", "-P", name)
    assert listed.code == 0, listed.err
    reads = listed.log.count("read(")
    assert reads > 20
    for nth in range(1, reads + 1, 4):
        hurt = ("-f", "--seccomp-bpf", "-e", "trace=read", "-P", name, "-e", f"inject=read:error=EIO:when={nth}")
        done = bench.run(folder, judged, *hurt)
        [file] = json.loads(done.out)["files"]
        assert "(INJECTED)" in done.log, nth
        assert (done.code, file["state"]) == (1, "unreadable"), nth
        assert file["findings"][0]["rule"] == "content.unread", nth
        assert "Input/output error" in file["findings"][0]["message"], nth
