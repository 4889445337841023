"""``provlabel key sign``: any signer of ours as a program for c2patool and others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from provlabel.cli import say
from provlabel.cli._signing import answers_from, open_named_signer, signer_option
from provlabel.errors import ConfigError, InputError, SignerError

# The engine itself asks for no more (a megabyte), and a claim is some kilobytes.
_MAX_DATA = 1 << 20


@click.command("sign")
@signer_option
@click.option("--signer-info", "info", is_flag=True, help="Print algorithm and certificates as JSON, and sign nothing.")
# c2patool says these three when it knows the certificate already; the signer here knows better.
@click.option("--alg", hidden=True)
@click.option("--sign-cert", hidden=True)
@click.option("--reserve-size", hidden=True)
def sign(
    signer_uri: str | None,
    pass_file: Path | None,
    info: bool,
    alg: str | None,
    **_ignored: str | None,
) -> None:
    """Sign standard input; print the bare signature, r and s for EC keys.

    This is the program that c2patool wants for --signer-path: any signer of provlabel works there.

    \b
    Example:
      c2patool in.jpg -m manifest.json -o out.jpg --signer-path \\
        'provlabel key sign --signer file:key.pem?chain=chain.pem'
    """
    from provlabel.manifest.cose import raw_ecdsa

    signer = open_named_signer(signer_uri, answers_from(pass_file))
    if info:
        say(json.dumps({"alg": signer.algorithm, "sign_cert": signer.chain_pem}))
        return
    if alg not in (None, signer.algorithm):
        raise ConfigError(f"asked for {alg}, but this key signs with {signer.algorithm}", hint="add ?alg= to the URI")
    data = sys.stdin.buffer.read(_MAX_DATA + 1)
    if not 0 < len(data) <= _MAX_DATA:
        raise InputError(f"standard input: nothing, or more than {_MAX_DATA:,} bytes; that is no claim")
    try:
        signature = raw_ecdsa(signer.algorithm, signer.sign(data))
    except ValueError as exc:
        raise SignerError(f"the signer gave no {signer.algorithm} signature: {exc}") from exc
    sys.stdout.buffer.write(signature)
    sys.stdout.buffer.flush()
