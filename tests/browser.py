"""A real Chromium in a process of its own: opens HTML files as a reader does, and says what it saw.

Run as a program it reads jobs from standard input and writes what was seen to standard output, so that neither
the event loop of Playwright nor a browser that crashes is in the process of the tests.
"""

from __future__ import annotations

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
    done = subprocess.run(
        [sys.executable, __file__], input=json.dumps(jobs), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: list[dict[str, Any]] = json.loads(done.stdout)
    return seen


def _visit(browser: Any, job: dict[str, Any]) -> dict[str, Any]:
    context = browser.new_context(
        viewport={"width": job.get("width", 1200), "height": 900}, color_scheme=job.get("scheme", "light")
    )
    page = context.new_page()
    requests, console, dialogs, errors = [], [], [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: console.append(message.text))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: errors.append(str(error)))
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
    seen |= {"requests": list(requests), "console": list(console), "dialogs": dialogs, "errors": errors}
    if job.get("axe"):
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        seen["axe"] = _axe(context, page)
    if job.get("pdf"):
        page.pdf(path=job["pdf"], format="A4")
    if job.get("shot"):
        page.screenshot(path=job["shot"], full_page=True)
    context.close()
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

    jobs = json.load(sys.stdin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGS))
        seen = [_visit(browser, job) for job in jobs]
        browser.close()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
