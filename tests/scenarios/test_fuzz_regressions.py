"""What fuzzing once found stays fixed; and a short run of every harness, so that none of them rots.

``PROVLABEL_FUZZ`` is the number of inputs for each harness: 50 by default.  ``make fuzz`` is the long run.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from project import ROOT

FUZZ = ROOT / "fuzz"
sys.path.insert(0, str(FUZZ))

import hostile  # noqa: E402
import seeds  # noqa: E402
import structures  # noqa: E402
from _harness import Harness  # noqa: E402
from harnesses import HARNESSES  # noqa: E402
from mutating import mutated  # noqa: E402
from provlabel.verifying.verify import verify_bytes  # noqa: E402

INPUTS = int(os.environ.get("PROVLABEL_FUZZ", "50"))
FOUND = sorted((FUZZ / "regressions").glob("*/*"))
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_is_fixed(path: Path) -> None:
    HARNESSES[path.parent.name].check(path.read_bytes())


def test_every_regression_has_a_harness() -> None:
    assert {path.parent.name for path in FOUND} <= set(HARNESSES)
    assert FOUND


@pytest.mark.parametrize("name", sorted(HARNESSES))
def test_a_few_hostile_inputs(name: str) -> None:
    harness, chance = HARNESSES[name], random.Random(f"{name} 20261122")
    honest = [content[: harness.max_len] for content in harness.seeds()]
    for content in honest:
        harness.check(content)
    for _ in range(max(5, 4 * INPUTS // harness.cost)):
        others = (*harness.words, *honest)
        harness.check(mutated(chance, chance.choice(honest or [b""]), others, harness.max_len))


@needs_proc
def test_a_few_hostile_manifests() -> None:
    counts = structures.run(5 * INPUTS, 5 * INPUTS, 20261122)
    assert counts.wrong == []
    assert counts.states.total() == 10 * INPUTS
    assert counts.states["trusted"] > 0, "nothing that is built here is a manifest any more"
    assert {"invalid", "unreadable"} <= set(counts.states)


@pytest.mark.parametrize("name", sorted({*structures._CARRIERS} - {"beside"}))
def test_without_a_fault_a_manifest_by_hand_is_trusted(name: str) -> None:
    """Else nothing that the hostile ones show would mean anything."""
    if name not in seeds.names(whole=True):
        pytest.skip(f"{name} cannot be made here")
    chance = random.Random(name)
    content, _ = structures._embedded(chance, chance.getstate(), hostile.Plan(chance), name)
    file = verify_bytes(content, trust=seeds.trust()).files[0]
    assert (file.state, file.axes.content) == ("trusted", "intact")
    assert file.label is not None
    assert file.label.value == hostile.LABEL


def test_a_judge_that_is_told_a_lie_says_so() -> None:
    """The oracle must be able to fail."""
    judge = structures.Judge()
    try:
        good = seeds.signed("a.png")
        judge.take(structures.Case("a", good, None, frozenset({"content"})), whole=False)
        judge.take(structures.Case("b", good, None, frozenset(), {"kind": "another"}), whole=False)
        judge.take(structures.Case("c", good, None, frozenset(), None, lambda _: False), whole=False)
    finally:
        judge.close()
    assert [line.partition(":")[0] for line in judge.counts.wrong] == ["a", "b", "c"]


def test_input_that_takes_for_ever_is_kept_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To make it small it would have to be read here, for ever."""
    import importlib.util

    found = importlib.util.spec_from_file_location("fuzz_run", FUZZ / "run.py")
    assert found is not None
    assert found.loader is not None
    runner = importlib.util.module_from_spec(found)
    found.loader.exec_module(runner)
    monkeypatch.setattr(runner, "REGRESSIONS", tmp_path / "kept")
    monkeypatch.setitem(HARNESSES, "slow", Harness(lambda _: pytest.fail("it was read"), lambda: ()))
    (tmp_path / "said").write_text("ALARM")
    (tmp_path / "found-timeout-1").write_bytes(b"slow one")
    ran = runner._ran("slow", tmp_path, 70, 11.0)
    assert ran.kept.read_bytes() == b"slow one"
    assert "ALARM" in ran.said
