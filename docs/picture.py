"""Draw docs/report.png: the HTML report on two sample files, as Chromium shows it.  Run by hand: ``make picture``."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
LABELS = DOCS.parent / "samples" / "labels"
CLI = Path(sys.executable).parent / "provlabel"
BROWSER = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run")
WIDTH = 900  # CSS pixels
#: File -> how much of its card is shown, in CSS pixels: enough to see what AI did.
CARDS = {"photo.jpg": 505, "take.wav": 575}


def main() -> None:
    """Label, judge, open, cut."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = _report(folder)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
            view = browser.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=1.5)
            view.goto(page.as_uri())
            cards = [_card(view, name, height) for name, height in CARDS.items()]
            browser.close()
    whole = Image.new("RGB", (cards[0].width, sum(card.height for card in cards)))
    top = 0
    for card in cards:
        whole.paste(card, (0, top))
        top += card.height
    whole.quantize(200).save(DOCS / "report.png", optimize=True)


def _card(view: Page, name: str, height: int) -> Image.Image:
    """Return the upper part of what the page says about one file, over the whole width."""
    box = view.locator("article", has_text=name).first.bounding_box()
    if box is None:
        raise SystemExit(f"{name}: is not on the page")
    clip = {"x": 0, "y": box["y"] - 16, "width": WIDTH, "height": height}
    return Image.open(io.BytesIO(view.screenshot(full_page=True, clip=clip))).convert("RGB")


def _report(folder: Path) -> Path:
    """Make the report on a photo that AI changed, a track with parts, and a picture that nobody labeled."""

    def run(*args: str, ends: int = 0) -> None:
        env = {**os.environ, "HOME": str(folder)}
        done = subprocess.run([CLI, *args], cwd=folder, env=env, check=False, stdout=subprocess.DEVNULL)
        if done.returncode != ends:
            raise SystemExit(f"{args}: ended with {done.returncode}")

    run("samples", "s")
    (folder / "release").mkdir()
    track = (LABELS / "ai-assisted-track.toml").read_text()
    (folder / "track.toml").write_text(track.replace("start = 12", "start = 1").replace("end = 58", "end = 3.5"))
    run(
        "label",
        "s/cover.jpg",
        "--label",
        str(LABELS / "ai-modified-photo.toml"),
        "--signer",
        "test",
        "-o",
        "release/photo.jpg",
    )
    run(
        "label",
        "s/take.wav",
        "--label",
        "track.toml",
        "--signer",
        "test",
        "-o",
        "release/take.wav",
    )
    (folder / "s" / "still.png").rename(folder / "release" / "scan.png")
    run("verify", "release", "--trust", "test", "--format", "html=report.html", "-q", ends=1)
    return folder / "report.html"


if __name__ == "__main__":
    main()
