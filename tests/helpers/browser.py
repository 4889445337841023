"""A real Chromium in a process of its own: opens HTML files as a reader does, and says what it saw.

Run as a program it reads lines of jobs from standard input and writes a line of what was seen for each, so that
neither the event loop of Playwright nor a browser that crashes is in the process of the tests.  It is started once,
when the first file is opened, and ends with the tests.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_CENSUS = """() => {
  const count = {};
  for (const element of document.querySelectorAll('*')) {
    const names = element.getAttributeNames().filter(name => name !== 'open').sort().join(' ');
    const key = `${element.namespaceURI.slice(-4)} ${element.localName} ${names}`;
    count[key] = (count[key] || 0) + 1;
  }
  return count;
}"""
_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


def browse(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """Open each job's ``file`` by its ``scheme`` and ``width``; ``axe``, ``census``, ``pdf``, ``eval`` ask for more."""
    program = _program()
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(json.dumps(jobs) + "\n")
    program.stdin.flush()
    line = program.stdout.readline()
    if not line:
        _program.cache_clear()
        raise AssertionError(f"the browser ended with {program.wait()}; it says why above")
    seen: list[dict[str, Any]] = json.loads(line)
    return seen


@functools.cache
def _program() -> subprocess.Popen[str]:
    made = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, made)
    return made


def _end(program: subprocess.Popen[str]) -> None:
    with contextlib.suppress(BrokenPipeError), program:
        program.communicate(timeout=20)


class _Reader:
    """One way to read, for all files that are read that way: a new window for each would take most of the time."""

    def __init__(self, browser: Any, scheme: str, width: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.seen: dict[str, list[str]] = {"requests": [], "console": [], "dialogs": [], "errors": []}
        self.page.on("request", lambda request: self.seen["requests"].append(request.url))
        self.page.on("console", lambda message: self.seen["console"].append(message.text))
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.seen["errors"].append(str(error)))

    def _dialog(self, dialog: Any) -> None:
        self.seen["dialogs"].append(dialog.message)
        dialog.dismiss()


def _visit(reader: _Reader, job: dict[str, Any]) -> dict[str, Any]:
    page, context = reader.page, reader.context
    for kind in reader.seen:
        reader.seen[kind] = []
    page.goto(Path(job["file"]).as_uri())
    seen: dict[str, Any] = {"title": page.title()}
    if job.get("poke"):  # everything a reader may do: unfold, hover, click
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        for link in page.query_selector_all("a")[:2]:
            link.hover(force=True)
            link.click(force=True)
    if job.get("census"):
        seen["census"] = page.evaluate(_CENSUS)
        seen["text"] = page.evaluate("document.documentElement.textContent")
    if job.get("eval"):
        seen["eval"] = page.evaluate(job["eval"])
    seen |= {kind: list(told) for kind, told in reader.seen.items()}
    if job.get("axe"):
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        seen["axe"] = _axe(context, page)
    if job.get("pdf"):
        page.pdf(path=job["pdf"], format="A4")
    if job.get("shot"):
        page.screenshot(path=job["shot"], full_page=True)
    return seen


def _axe(context: Any, page: Any) -> dict[str, Any]:
    """Run axe-core through the debugger, which the page's own policy does not bind."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    session = context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": script})
    asked = f"axe.run({{runOnly: {json.dumps(_TAGS)}}}).then(found => JSON.stringify(found))"
    answer = session.send("Runtime.evaluate", {"expression": asked, "awaitPromise": True, "returnByValue": True})
    found = json.loads(answer["result"]["value"])
    problems = {
        kind: [
            f"{row['id']}: {row['help']}: {node['target']} {node.get('failureSummary', '')}"
            for row in found[kind]
            for node in row["nodes"]
        ]
        for kind in ("violations", "incomplete")
    }
    return {**problems, "passes": len(found["passes"])}


def main() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGS))
        readers: dict[tuple[str, int], _Reader] = {}
        for line in sys.stdin:
            seen = []
            for job in json.loads(line):
                way = (job.get("scheme", "light"), job.get("width", 1200))
                if way not in readers:
                    readers[way] = _Reader(browser, *way)
                seen.append(_visit(readers[way], job))
            print(json.dumps(seen), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
