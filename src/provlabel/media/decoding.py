"""A full decode before labeling, by ffmpeg: what plays to its end is whole.

The structural walk sees most damage; a FLAC or MP3 that was cut off inside its audio only shows when
it is decoded.  ffmpeg is a program of its own with limits, and gets no network.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
from pathlib import Path

from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError, UsageError
from provlabel.media.formats import Format

_MEMORY = 2 << 30  # bytes of address space
_SECONDS = 600  # of wall time; a film decodes many times faster than it plays
_SLACK = 0.5  # seconds; the last frame is padded
_ERROR = re.compile(r"\[(error|fatal|panic)\]")
# What ffmpeg says where it is not the file that lacks something, as of an animated WebP.
_UNABLE = re.compile(r"\bunsupported\b|\bnot supported\b|[Dd]ecoder .*not found|not yet implemented", re.ASCII)
_LEAVE_AWAY = "leave --check-decode away for this file"


def require_decodable(path: Path, fmt: Format, seconds: float | None) -> None:
    """Decode ``path`` to its end; ``seconds`` is how long it says that it plays.

    Raises:
        ConfigError: ffmpeg is not installed.
        UsageError: ffmpeg does not decode this format.
        InputError: it cannot be decoded, or ends before it says.
    """
    shown = printable(str(path))
    program = shutil.which("ffmpeg")
    if program is None:
        raise ConfigError("--check-decode needs ffmpeg", hint="install it, for example: apt install ffmpeg")
    if not fmt.ffmpeg:
        raise UsageError(f"{shown}: ffmpeg does not decode {fmt.name}", hint=_LEAVE_AWAY)
    command = [program, "-nostdin", "-v", "level+warning", "-protocol_whitelist", "file,pipe", "-progress", "pipe:1"]
    command += ["-i", f"file:{path}", "-map", "0", "-f", "null", "-"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, env={"LC_ALL": "C"}) as process:
        try:
            if hasattr(resource, "prlimit"):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            out, err = process.communicate(timeout=_SECONDS)
        except BaseException as exc:  # an interrupt too: nobody waits for a film that nobody wants any more
            process.kill()
            if isinstance(exc, subprocess.TimeoutExpired):
                raise InputError(f"{shown}: decoding took more than {_SECONDS} seconds") from exc
            raise
    lines = err.decode("utf-8", "replace").splitlines()
    errors = [line for line in lines if _ERROR.search(line)]
    if process.returncode or errors:
        if unable := next(filter(_UNABLE.search, lines), ""):
            raise UsageError(f"{shown}: ffmpeg does not decode this {fmt.name}: {printable(unable)}", hint=_LEAVE_AWAY)
        why = errors[0] if errors else f"ffmpeg ended with {process.returncode}"
        raise InputError(f"{shown}: does not decode: {printable(why)}", hint="repair it or export it again")
    played = _played(out.decode("ascii", "replace"))
    if seconds is not None and played is not None and played < seconds - _SLACK:
        raise InputError(f"{shown}: is cut off: says {seconds:.1f} s and plays {played:.1f} s", hint="export it again")


def _played(progress: str) -> float | None:
    """Return the last position that ffmpeg reports, in seconds."""
    values = [line.partition("=")[2] for line in progress.splitlines() if line.startswith("out_time_us=")]
    return int(values[-1]) / 1e6 if values and values[-1].lstrip("-").isdigit() else None
