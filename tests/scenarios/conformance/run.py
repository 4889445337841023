"""Run verifiers over built vectors: ``python tests/scenarios/conformance/run.py OUT [--run TOOL]``.

A tool is one of those beside this file by its name, a Python file with ``answer(vector, folder)``, or a command in
which ``{file}`` stands for the asset (docs/vectors.md).  Without ``--run`` the three that are compared are run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import asking
import results
from provlabel._support.text import printable
from standards import STATES

HERE = Path(__file__).parent
SHIPPED = ("provlabel", "engine", "encypher")
#: Vectors for one process of an adapter, and how many run at once.
CHUNK, AT_ONCE = 50, 2
#: Vectors that provlabel refuses though the specification passes them, and why; a pass is never excused.
REFUSED: dict[str, str] = {}


class Result(NamedTuple):
    """One vector, as the index has it, and what was answered."""

    vector: dict[str, Any]
    answer: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.vector["id"])

    @property
    def state(self) -> str:
        """The state that was answered, or nothing."""
        said = self.answer.get("state")
        return said if isinstance(said, str) else ""

    @property
    def outcome(self) -> str:
        """How the answer compares with what is expected: one of ``results.OUTCOMES``."""
        if "skipped" in self.answer:
            return "skipped"
        if self.state not in STATES or not isinstance(self.answer.get("codes", []), list):
            return "not answered"
        found = self._against(self.vector["expected"])
        return "reads otherwise" if found != "agrees" and "reading" in self.vector else found

    def _against(self, expected: dict[str, Any]) -> str:
        said, wanted = self.state, expected["state"]
        codes = {str(code).lower() for code in self.answer.get("codes", ())}
        told = codes.intersection(code.lower() for code in expected["codes"])
        if said in wanted:
            return "another code" if codes and expected["codes"] and not told else "agrees"
        ranks = [STATES[one] for one in wanted]
        if STATES[said] < min(ranks):
            return "wrong refusal"
        named = said != "trusted" and told  # it says what is wrong, in its codes
        return "wrong pass" if STATES[said] > max(ranks) and not named else "another state"

    @property
    def differences(self) -> list[str]:
        """What of provlabel's own words is not as expected."""
        return differences(self.vector["provlabel"], self.answer.get("provlabel", {}))

    @property
    def wrong_pass(self) -> bool:
        """Did provlabel pass what it must refuse, by its own exit code?"""
        return self.vector["provlabel"]["exit"] != 0 and self.answer.get("provlabel", {}).get("exit") == 0


def differences(expected: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Return what of ``answer``, in provlabel's words, is not as expected; what is not answered is not compared."""
    wrong = []
    if "exit" in answer and answer["exit"] != expected["exit"]:
        wrong.append(f"exit {answer['exit']}, not {expected['exit']}")
    if "state" in answer and not fits(answer["state"], expected["state"]):
        wrong.append(f"state {answer['state']}, not {expected['state']}")
    for axis, value in answer.get("axes", {}).items():
        if axis == "label" and not _HISTORY.intersection(" ".join(_listed(expected["axes"].get(axis, ""))).split()):
            value = [word for word in _words(value) if word not in _HISTORY]
        if axis in expected["axes"] and not fits(value, expected["axes"][axis]):
            wrong.append(f"{axis} {value}, not {expected['axes'][axis]}")
    if "rules" in answer:
        wrong += [f"without {code}" for code in expected["must"] if code not in answer["rules"]]
        wrong += [f"with {code}" for code in expected["never"] if code in answer["rules"]]
    return wrong


#: Words about AI in the history; they are compared in vectors that are about them.
_HISTORY = frozenset({"inherited", "contains"})


def _listed(wanted: Any) -> Sequence[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else value


def fits(value: Any, wanted: Any) -> bool:
    """Is ``value`` what is wanted?  A set, as of ``label``, is written with spaces; a list is a choice."""
    said = " ".join(value) if isinstance(value, list) else value
    return said in _listed(wanted)


def run(tool: str, out: Path, ids: Collection[str] = ()) -> list[Result]:
    """Ask a tool about every vector of ``out``, or about some; where its process dies, another goes on.

    Raises:
        ValueError: the tool is no adapter.
    """
    vectors = json.loads((out / "vectors.json").read_bytes())["vectors"]
    asked = [one for one in vectors if not ids or one["id"] in ids]
    adapter = str(HERE / f"adapter_{tool}.py") if tool in (*SHIPPED, "commandline") else tool
    if adapter.endswith(".py") and not Path(adapter).is_file():
        raise ValueError(f"{adapter}: there is no such file")
    if not adapter.endswith(".py"):
        asking.adapter(adapter)
    chunks = [asked[at : at + CHUNK] for at in range(0, len(asked), CHUNK)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(chain.from_iterable(threads.map(lambda some: list(_answered(adapter, out, some)), chunks)))


def _answered(adapter: str, out: Path, vectors: Sequence[dict[str, Any]]) -> Iterator[Result]:
    pending = list(vectors)
    while pending:
        answers = _asked(adapter, out, [one["id"] for one in pending])[: len(pending)]
        if len(answers) < len(pending):
            answers.append({"said": "the adapter died or gave no answer"})
        yield from (Result(vector, answer) for vector, answer in zip(pending, answers, strict=False))
        pending = pending[len(answers) :]


def _asked(adapter: str, out: Path, ids: Iterable[str]) -> list[dict[str, Any]]:
    words = [sys.executable, str(HERE / "asking.py"), adapter, str(out), *ids]
    try:
        said = subprocess.run(
            words, capture_output=True, text=True, timeout=len(words) * asking.SECONDS, check=False
        ).stdout
    except subprocess.TimeoutExpired as exc:
        said = exc.stdout.decode() if isinstance(exc.stdout, bytes) else exc.stdout or ""
    answers = []
    for line in said.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            break
        answers.append(answer if isinstance(answer, dict) else {"said": "an answer that is no object"})
    return answers


def main() -> None:
    """Run, list what differs, and leave with 1 after a wrong pass, with 2 where something was not answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="", metavar="TOOL", help=f"{', '.join(SHIPPED)}, a Python file, or a command")
    parser.add_argument("--record", action="store_true", help="keep what the three say, and write docs/vectors.md")
    parser.add_argument("out", type=Path, metavar="OUT")
    args = parser.parse_args()
    try:
        found = {tool: run(tool, args.out) for tool in ([args.run] if args.run else SHIPPED)}
    except ValueError as exc:
        parser.error(str(exc))
    told = {tool: {one.name: one.outcome for one in some} for tool, some in found.items()}
    if args.run:
        for one in found[args.run]:
            if one.outcome != "agrees":
                print(_line(one))
    print(results.table({Path(tool.split()[0]).name: some for tool, some in told.items()}))
    print("; ".join(versions(tool) for tool in found))
    if args.record:
        results.record(told, [versions(tool) for tool in SHIPPED])
    outcomes = set(chain.from_iterable(some.values() for some in told.values())) if args.run else set()
    sys.exit(1 if "wrong pass" in outcomes or not all(told.values()) else 2 if "not answered" in outcomes else 0)


def versions(tool: str) -> str:
    """Return what a tool says of its version."""
    if tool not in SHIPPED:
        return tool
    return str(asking.load(HERE / f"adapter_{tool}.py").versions())


def _line(one: Result) -> str:
    words = one.answer.get("said") or one.answer.get("skipped") or ""
    said = printable(f"{one.answer.get('state', '')} {words}".strip())
    wanted = " or ".join(one.vector["expected"]["state"])
    return f"{one.outcome:15} {one.name}: {one.vector['title']}: {said}; expected {wanted} ({_basis(one.vector)})"


def _basis(vector: dict[str, Any]) -> str:
    return ", ".join(vector["because"]) + ("; our reading" if "reading" in vector else "")


if __name__ == "__main__":
    main()
