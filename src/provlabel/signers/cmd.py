"""Any program that signs: the subprocess protocol of c2patool, so that its signers work here too.

URI: ``cmd:COMMAND`` or ``cmd:COMMAND?timeout=60``.  COMMAND is a program with its arguments, split as
a shell would, but without one; options stand after its last question mark, so a COMMAND that holds
one ends with ``?``.  It is called twice (contentauth/c2pa-rs, ``cli/docs/signing.md``):

* ``COMMAND --signer-info`` prints a JSON object with ``alg`` and ``sign_cert``, the chain as PEM.
  ``tsa_url`` and ``reserve_size`` may be there and are not used.
* ``COMMAND`` gets the bytes to sign on standard input and prints the bare signature.

With ``alg=es256&chain=chain.pem`` it is not asked for its info, and gets ``--reserve-size``,
``--alg`` and ``--sign-cert`` when it signs: the older form of the same protocol.
Whatever it writes to standard error is shown when it fails.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Sequence

from provlabel._support.files import reason
from provlabel._support.text import printable
from provlabel.errors import ConfigError, SignerError
from provlabel.signers import _algorithms as algorithms, material
from provlabel.signers._base import Algorithm, Described, Secrets

#: Seconds; a person may have to touch a key.
TIMEOUT = 60.0
#: Bytes that a program may answer; a chain is some kilobytes.
MAX_ANSWER = 1 << 16
#: Bytes of the signature, for the older form; the engine keeps as much free by itself.
_RESERVE = "16384"
_TAIL = 500  # characters of standard error that are shown


class CmdSigner(Described):
    """A program that signs what it reads."""

    def __init__(self, command: Sequence[str], timeout: float, algorithm: Algorithm, chain_pem: str) -> None:
        super().__init__(algorithm, chain_pem)
        self._command = command
        self._timeout = timeout

    def sign(self, data: bytes) -> bytes:
        """Run the program over ``data``.

        Raises:
            SignerError: it cannot be run, takes too long, fails, or prints nothing.
        """
        return _run(self._command, data, self._timeout)


def open_signer(rest: str, _secrets: Secrets | None) -> CmdSigner:
    """Open the program that ``rest`` names; see the module for the options.

    Raises:
        ConfigError: no program, or options that do not belong together.
        InputError: the chain cannot be read.
        SignerError: the program failed, or its info is none.
    """
    text, mark, query = rest.rpartition("?")
    options = material.options(query if mark else "", "cmd", ("alg", "chain", "timeout"))
    command = _split(text if mark else rest)
    timeout = material.seconds(options.get("timeout"), TIMEOUT)
    if "alg" not in options and "chain" not in options:
        return CmdSigner(command, timeout, *_info(command, timeout))
    if "alg" not in options or "chain" not in options:
        raise ConfigError("cmd: alg= and chain= belong together", hint="give both, or none: --signer-info is asked")
    arguments = ("--reserve-size", _RESERVE, "--alg", options["alg"], "--sign-cert", options["chain"])
    algorithm = algorithms.named(options["alg"], "alg=")
    return CmdSigner((*command, *arguments), timeout, algorithm, material.read_chain(options["chain"]))


def _split(text: str) -> list[str]:
    try:
        command = shlex.split(text)
    except ValueError as exc:
        raise ConfigError(
            f"cmd: {exc}", hint="a COMMAND that holds a question mark ends with one: cmd:COMMAND?"
        ) from exc
    if not command:
        raise ConfigError("cmd: names no program", hint="cmd:COMMAND, such as cmd:./my-signer")
    return command


def _info(command: Sequence[str], timeout: float) -> tuple[Algorithm, str]:
    raw = _run((*command, "--signer-info"), b"", timeout)
    shown = f"{printable(command[0])} --signer-info"
    try:
        info = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise SignerError(f"{shown}: printed no JSON", hint="or give alg= and chain= in the URI") from exc
    if not isinstance(info, dict) or not isinstance(info.get("sign_cert"), str):
        raise SignerError(f"{shown}: lacks sign_cert", hint='it prints {"alg": "es256", "sign_cert": "-----BEGIN …"}')
    chain = material.certificates(info["sign_cert"])
    if not chain:
        raise SignerError(f"{shown}: no certificate in sign_cert", hint="expected: BEGIN CERTIFICATE")
    return algorithms.named(info.get("alg"), shown), chain


def _run(command: Sequence[str], data: bytes, timeout: float) -> bytes:
    shown = printable(command[0])
    pipe = subprocess.PIPE
    try:
        # Not subprocess.run: after a timeout it waits for whoever else holds the pipes.
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            try:
                out, err = process.communicate(data, timeout)
            except BaseException:
                process.kill()
                raise
    except subprocess.TimeoutExpired:
        raise SignerError(f"{shown}: did not answer within {timeout:g} s", hint="raise timeout= in the URI") from None
    except (OSError, ValueError) as exc:
        raise SignerError(f"{shown}: cannot be run: {reason(exc)}", hint="name the program with its path") from exc
    if process.returncode:
        raise SignerError(f"{shown}: {_ending(process.returncode)}: {_tail(err)}")
    if not 0 < len(out) <= MAX_ANSWER:
        raise SignerError(f"{shown}: printed {len(out):,} bytes, and succeeded: {_tail(err)}")
    return out


def _ending(code: int) -> str:
    return f"ended with {code}" if code > 0 else f"was killed by signal {-code}"


def _tail(err: bytes) -> str:
    """Return the end of what a program wrote; the cause stands there, on a line of its own."""
    lines = [line.strip() for line in err.decode(errors="replace").splitlines() if line.strip()]
    text = " | ".join(lines)
    return printable(text, len(text))[-_TAIL:] or "it said nothing on standard error"
