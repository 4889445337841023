"""Whole-process CPU of provlabel as a ratio to what a user would run instead, all in one run.

The machine is noisy, so the commands take turns, and medians of many turns are compared. Prints a
table and writes bench/results/latest.json with the facts of the machine.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from keeping import keep

ROUNDS = int(os.environ.get("ROUNDS", "21"))
BIN = Path(sys.executable).parent
CLI = str(BIN / "provlabel")
CREATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

BARE_READ = """
import c2pa, json, sys
context = c2pa.Context.from_json(json.dumps({"verify": {"remote_manifest_fetch": False}}))
reader = c2pa.Reader(sys.argv[1], context=context)
state, report = reader.get_validation_state(), json.loads(reader.crjson())
"""

BARE_SIGN = f"""
import c2pa, json, os, sys
source, dest, folder, thumbnail = sys.argv[1:5]
settings = {{"builder": {{"thumbnail": {{"enabled": thumbnail == "yes"}}}},
            "trust": {{"trust_config": "1.3.6.1.4.1.62558.2.1\\n"}}}}
context = c2pa.Context.from_json(json.dumps(settings))
chain, key = open(folder + "/chain.pem", "rb").read(), open(folder + "/key.pem", "rb").read()
signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
action = {{"action": "c2pa.created", "digitalSourceType": "{CREATED}"}}
manifest = {{"claim_generator_info": [{{"name": "bare", "version": "1"}}],
            "assertions": [{{"label": "c2pa.actions.v2", "data": {{"actions": [action]}}}}]}}
if os.path.exists(dest):
    os.unlink(dest)
c2pa.Builder(manifest, context).sign_file(source, dest, signer)
"""

SECOND = """
import encypher_c2pa, sys
encypher_c2pa.verify(open(sys.argv[1], "rb").read(), "image/jpeg", no_default_trust=True, telemetry=False)
"""

HASH_AND_COPY = """
import hashlib, shutil, sys
with open(sys.argv[1], "rb") as file:
    hashlib.file_digest(file, "sha256") if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read())
shutil.copyfile(sys.argv[1], sys.argv[2])
"""


def main() -> None:
    """Measure, print, and keep the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CONFIG_HOME"] = str(folder)
        picture = folder / "big.jpg"
        noise = Image.effect_noise((2400, 1700), 60).convert("RGB")
        noise.save(picture, quality=98)
        label = [
            CLI,
            "label",
            picture,
            "--kind",
            "ai_generated",
            "--system",
            "AcmeSynth@2.1",
            "--signer",
            "test",
            "--force",
        ]
        subprocess.run(label, check=True, stdout=subprocess.DEVNULL)
        signed = folder / "big.labeled.jpg"
        test = folder / "provlabel" / "test"
        python = sys.executable
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "provlabel --version": [CLI, "--version"],
            "read: bare engine": [python, "-c", BARE_READ, signed],
            "read: encypher-c2pa": [python, "-c", SECOND, signed],
            "read: provlabel verify": [CLI, "verify", signed, "--trust", "test", "--format", "json"],
            "sign: bare engine": [python, "-c", BARE_SIGN, picture, folder / "o.jpg", test, "no"],
            "sign: engine's default": [python, "-c", BARE_SIGN, picture, folder / "o.jpg", test, "yes"],
            "sign: provlabel label": label,
            "SHA-256 and copy": [python, "-c", HASH_AND_COPY, picture, folder / "copy.jpg"],
        }
        times = measure(commands)
        report(times, picture.stat().st_size, shutil.disk_usage(folder).free)


def measure(commands: dict[str, list[object]]) -> dict[str, list[float]]:
    """Run every command in turn, many times, and return CPU milliseconds of its whole process tree."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times[name].append(1000 * spent)
    return times


# What is measured, against what, and the ratio that the project promises.
PROMISES = (
    ("read: provlabel verify", "read: bare engine", 1.6),
    ("sign: provlabel label", "sign: bare engine", 1.6),
    ("sign: provlabel label", "sign: engine's default", 1.0),
)
VERSION_MS = 70


def report(times: dict[str, list[float]], size: int, free: int) -> None:
    """Print the table and the promises, and write both down."""
    print(f"CPU of whole processes, {size / 1e6:.1f} MB JPEG, {ROUNDS} turns each\n")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:<26} median {medians[name]:7.1f} ms   least {min(values):7.1f} ms")
    print()
    kept = []
    for ours, theirs, bound in PROMISES:
        ratio = medians[ours] / medians[theirs]
        print(f"{'held' if ratio <= bound else 'MISSED':<7}{ours} / {theirs}: {ratio:.2f}  (at most {bound})")
        kept.append({"ours": ours, "against": theirs, "ratio": round(ratio, 3), "bound": bound})
    version = medians["provlabel --version"]
    held = "held" if version <= VERSION_MS else "MISSED"
    print(f"{held:<7}provlabel --version: {version:.1f} ms  (at most {VERSION_MS})")
    rounded = {name: round(value, 1) for name, value in medians.items()}
    keep("latest", ROUNDS, free_disk=free, medians_ms=rounded, ratios=kept)


if __name__ == "__main__":
    main()
