"""A terminal for tests, and what must never reach one."""

from __future__ import annotations

import unicodedata

from repositories import Done


def escaped(done: Done) -> None:
    """No character of the output acts on a terminal, and nothing broke down."""
    for text in (done.stdout, done.stderr):
        raw = {ch for ch in text if unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")} - {"\n", "\t"}
        assert not raw, sorted(map(ascii, raw))
    assert "Traceback" not in done.stderr, done.stderr


# Runs a program in a terminal of its own, and types an answer when it is asked for it: by the words given first.
TYPING = """
import os, pty, sys
typed = []
def read(fd):
    said = os.read(fd, 4096)
    if sys.argv[1].encode() in said and not typed:
        typed.append(1)
        os.write(fd, sys.argv[2].encode() + b"\\n")
    return said
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[3:], read, lambda fd: b"")))
"""


# The same with many answers: JSON of pairs, of words that are waited for and what is typed then; words that come
# in another order are a failure.  A lone answer of \x03 or \x04 is Ctrl-C, or the end of the input.
CONVERSATION = """
import json, os, pty, sys, time
left = json.loads(sys.argv[1])
heard = bytearray()
def read(fd):
    said = os.read(fd, 4096)
    heard.extend(said)
    while left and left[0][0].encode() in heard:
        words, answer = left.pop(0)
        del heard[: heard.index(words.encode()) + len(words.encode())]
        if answer in ("\\x03", "\\x04"):
            time.sleep(0.5)  # nobody stops a question before it waits; the terminal forgets what is typed before
        os.write(fd, answer.encode() if answer in ("\\x03", "\\x04") else answer.encode() + b"\\n")
    return said
code = os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read, lambda fd: b""))
sys.exit(code if not left else 99)
"""
