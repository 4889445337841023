"""Many processes label one file at once.

A program, since it forks: ``python racing.py FOLDER SOURCE PROCESSES ROUNDS``.

In even rounds all write one new file; in odd ones all replace the file itself.  It prints a line of JSON for each
round, and what its processes were told.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from provlabel import Label, ProvlabelError, System, engine, label_file, open_signer
from provlabel.sandbox import Sandbox
from provlabel.sandbox.process import fork

LABEL = Label(kind="ai_generated", systems=(System(name="AcmeSynth"),))
#: What a process may be told that did not win, and the code by which it says so.
TOLD = {
    "exists already": 10,
    "another process": 11,
    "changed while it was read": 12,
    "changed meanwhile": 13,
}


def main(folder: Path, source: Path, processes: int, rounds: int) -> None:
    """Race, and print what came of it."""
    engine.binding()
    signer = open_signer(f"test:{folder}/credential")
    words = {0: "won", **{code: text for text, code in TOLD.items()}}
    for number in range(rounds):
        place = folder / str(number)
        place.mkdir()
        shutil.copy(source, place / "a.jpg")
        in_place = bool(number % 2)
        ready, go = os.pipe()
        children = [_racer(place, signer, in_place, ready, go) for _ in range(processes)]
        os.close(go)  # they all see the end
        os.close(ready)
        codes = Counter(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
        told = {words.get(code, f"code {code}"): count for code, count in codes.items()}
        print(json.dumps({"folder": str(place), "in_place": in_place, "told": told}), flush=True)


def _racer(place: Path, signer: object, in_place: bool, ready: int, go: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        os.close(go)
        with Sandbox(fork) as sandbox:
            sandbox.start()
            os.read(ready, 1)
            dest = place / ("a.jpg" if in_place else "b.jpg")
            label_file(place / "a.jpg", dest, LABEL, signer, replace=in_place, sandbox=sandbox)  # type: ignore[arg-type]
            code = 0
    except ProvlabelError as exc:
        code = next((code for text, code in TOLD.items() if text in str(exc)), 98)
        if code == 98:
            sys.stderr.write(f"{exc}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
