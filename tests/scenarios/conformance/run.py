"""Run vectors against a command line: ``python tests/scenarios/conformance/run.py --adapter provlabel VECTORS``.

An adapter is an executable, or one of those beside this file by its name.  It is given folders of
vectors and prints one line of JSON for each, in their order: ``exit`` (0 for a pass), and, if it can,
``state``, ``axes`` and ``rules``; or ``skipped`` with the reason.  What it does not answer is not compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SHIPPED = ("provlabel", "engine", "encypher")
#: Folders for one process of the adapter, and the seconds it may take.
CHUNK, SECONDS = 50, 300
#: Vectors that provlabel refuses though the specification passes them, and why; a pass is never excused.
REFUSED: dict[str, str] = {}


class Result(NamedTuple):
    """One vector, what was expected and what was answered."""

    name: str
    told: dict[str, Any]
    answer: dict[str, Any]

    @property
    def unanswered(self) -> bool:
        """Is there neither a number nor a reason why not?"""
        return "skipped" not in self.answer and type(self.answer.get("exit")) is not int

    @property
    def wrong_pass(self) -> bool:
        return self.told["expected"]["exit"] != 0 and self.answer.get("exit") == 0

    @property
    def wrong_refusal(self) -> bool:
        return self.told["expected"]["exit"] == 0 and "skipped" not in self.answer and self.answer.get("exit") != 0

    @property
    def differences(self) -> list[str]:
        """What of the answer is not as expected."""
        if self.unanswered:
            return [self.answer.get("said", "an answer without a number as exit")]
        return differences(self.told["expected"], self.answer)


def differences(expected: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Return what of ``answer`` is not as expected; what is not answered is not compared."""
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


def _listed(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else value


def fits(value: Any, wanted: Any) -> bool:
    """Is ``value`` what is wanted?  A set, as of ``label``, is written with spaces; a list is a choice."""
    said = " ".join(value) if isinstance(value, list) else value
    return said in _listed(wanted)


def folders_in(vectors: Path) -> list[Path]:
    """Return every vector below ``vectors``, sorted."""
    return sorted(path.parent for path in vectors.rglob("expected.json"))


def run(adapter: str, vectors: Path) -> Iterator[Result]:
    """Ask the adapter about every vector below ``vectors``; where it dies, another process goes on."""
    pending = folders_in(vectors)
    while pending:
        asked = pending[:CHUNK]
        answers = _asked(_command(adapter), asked)[: len(asked)]
        if len(answers) < len(asked):
            answers.append({"said": "the adapter died or gave no answer"})
        for folder, answer in zip(asked, answers, strict=False):
            told = json.loads((folder / "expected.json").read_text())
            yield Result(str(folder.relative_to(vectors)), told, answer)
        pending = pending[len(answers) :]


def _command(adapter: str) -> list[str]:
    if adapter in SHIPPED:
        return [sys.executable, str(HERE / f"adapter_{adapter}.py")]
    return [adapter]


def _asked(command: list[str], folders: Sequence[Path]) -> list[dict[str, Any]]:
    args = [*command, *map(str, folders)]
    try:
        said = subprocess.run(args, capture_output=True, text=True, timeout=SECONDS, check=False, env=os.environ).stdout
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
    """Run, list what is wrong, and leave with 1 after a wrong pass, with 2 if not all were judged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", default="provlabel", help=f"{', '.join(SHIPPED)}, or the path of an executable")
    parser.add_argument("vectors", type=Path)
    args = parser.parse_args()
    try:
        results = list(run(args.adapter, args.vectors))
    except OSError as exc:
        parser.error(f"{args.adapter}: cannot be run: {exc.strerror}")
    skipped = [one for one in results if "skipped" in one.answer]
    wrong = [one for one in results if one.wrong_pass]
    for one in results:
        if one.differences:
            kind = "WRONG PASS" if one.wrong_pass else "wrong refusal" if one.wrong_refusal else "differs"
            kind = "not answered" if one.unanswered else kind
            print(f"{kind:13}  {one.name}: {one.told['title']} ({one.told['source']}): {'; '.join(one.differences)}")
    refused, silent = sum(one.wrong_refusal for one in results), sum(one.unanswered for one in results)
    told = f"{len(results)} vectors, {len(skipped)} skipped, {len(wrong)} wrong passes, {refused} wrong refusals"
    print(told + (f", {silent} not answered" if silent else ""))
    sys.exit(1 if wrong or not results else 2 if silent else 0)


if __name__ == "__main__":
    main()
