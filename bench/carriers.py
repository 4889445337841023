"""What default carriers cost: `label` against `label --carriers none`, a 5 MB JPEG and a FLAC of 50 MB and of 200 MB.

CPU of whole processes, taking turns; peak memory of the process tree's largest member.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from keeping import keep
from measuring import CLI, ROUNDS, measure

BOUND = 2.0
LABEL = ("--kind", "ai_generated", "--system", "AcmeSynth@2.1", "--signer", "test", "--force", "--quiet")


def main() -> None:
    """Measure, print, and keep the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CONFIG_HOME"] = str(folder)
        files = {"5 MB JPEG": picture(folder), "50 MB FLAC": sound(folder, 50), "200 MB FLAC": sound(folder, 200)}
        commands: dict[str, list[object]] = {}
        for title, path in files.items():
            commands[f"{title}, manifest alone"] = [CLI, "label", path, *LABEL, "--carriers", "none"]
            commands[f"{title}, with carriers"] = [CLI, "label", path, *LABEL]
        subprocess.run([str(part) for part in commands["5 MB JPEG, with carriers"]], check=True)
        times = measure(commands)
        ratios = {}
        for title, path in files.items():
            alone, with_tags = (min(times[f"{title}, {how}"]) for how in ("manifest alone", "with carriers"))
            median = sorted(times[f"{title}, with carriers"])[len(times[f"{title}, with carriers"]) // 2]
            base = sorted(times[f"{title}, manifest alone"])[len(times[f"{title}, manifest alone"]) // 2]
            peaks = [peak(commands[f"{title}, {how}"]) for how in ("manifest alone", "with carriers")]
            ratios[title] = round(median / base, 3)
            held = "held" if median / base <= BOUND else "MISSED"
            print(
                f"{held:<7}{title} ({path.stat().st_size / 1e6:.1f} MB): {base:.0f} -> {median:.0f} ms, "
                f"{median / base:.2f} (at most {BOUND}; least {with_tags / alone:.2f}), "
                f"peak {peaks[0] / 1024:.0f} -> {peaks[1] / 1024:.0f} MB"
            )
        keep("carriers", ROUNDS, ratios=ratios)


def picture(folder: Path) -> Path:
    """A JPEG of noise."""
    path = folder / "big.jpg"
    Image.effect_noise((2400, 1700), 60).convert("RGB").save(path, quality=98)
    return path


def sound(folder: Path, megabytes: int) -> Path:
    """A FLAC of noise, with a little padding as encoders leave it."""
    path = folder / f"{megabytes}.flac"
    seconds = megabytes * 1_000_000 // 88_000
    source = f"anoisesrc=d={seconds}:r=44100:a=0.9,aformat=channel_layouts=stereo:sample_fmts=s16"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, path], check=True)
    return path


def peak(command: list[object]) -> int:
    """Return the peak memory of a run in kB: the largest of its processes."""
    child = os.spawnv(os.P_NOWAIT, str(command[0]), [str(part) for part in command])
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return used.ru_maxrss


if __name__ == "__main__":
    main()
