"""A runner of the steps of workflows, and of our action among them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from project import ROOT
from repositories import Repository

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


class Job:
    """Runs steps as a runner of GitHub does: each ``run`` by bash, every input through ``env``."""

    def __init__(self, at: Repository, contexts: Mapping[str, str] = {}) -> None:
        self.at = at
        self.temp = at.folder.parent / f"{at.folder.name}-temp"
        shutil.rmtree(self.temp, ignore_errors=True)
        self.temp.mkdir()
        self.summary, self.outputs = self.temp / "summary", self.temp / "outputs"
        self.summary.touch()
        self.outputs.touch()
        self.contexts = {"runner.temp": str(self.temp), **contexts}
        self.said = ""
        self.python = self._python()

    def _python(self) -> Path:
        """Stand for the Python that installs provlabel: tests do not reach a package registry."""
        fake = self.temp / "python"
        fake.write_text(
            "#!/bin/sh\n"
            'test "$1 $2 $3 $4" = "-I -m venv --clear" || exit 9\n'
            f'rm -rf "$5"; mkdir -p "$5/bin"; cp {self.at.bin}/provlabel "$5/bin/"\n'
            f'printf \'#!/bin/sh\\necho "$@" >> {self.temp}/installed\\n\' > "$5/bin/python"\n'
            'chmod +x "$5/bin/python"\n'
        )
        fake.chmod(0o755)
        return fake

    def action(self, inputs: Mapping[str, str]) -> int:
        """Run our action with ``inputs``."""
        assert set(inputs) <= set(ACTION["inputs"])
        given = {name: str(row.get("default", "")) for name, row in ACTION["inputs"].items()}
        given |= {"python": str(self.python), **inputs}
        return self.steps(ACTION["runs"]["steps"], {f"inputs.{name}": value for name, value in given.items()})

    def steps(self, steps: list[dict[str, Any]], contexts: Mapping[str, str]) -> int:
        """Run steps until one fails; return the code of the last."""
        for step in steps:
            code = self.step(step, {**self.contexts, **contexts})
            if code:
                return code
        return 0

    def step(self, step: dict[str, Any], contexts: Mapping[str, str]) -> int:
        def expanded(value: str) -> str:
            return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: contexts[found[1]], value)

        if "uses" in step:
            if not re.match(r"\S+/provlabel@", step["uses"]):
                return 0  # a checkout, an upload
            return self.action({name: expanded(str(value)) for name, value in step["with"].items()})
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        done = self.at.run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", str(script),
            GITHUB_ACTION_PATH=str(ROOT), GITHUB_OUTPUT=str(self.outputs), GITHUB_STEP_SUMMARY=str(self.summary),
            RUNNER_TEMP=str(self.temp), **{name: expanded(value) for name, value in step.get("env", {}).items()},
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        return done.returncode


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def passes_schema(kind: str, path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
