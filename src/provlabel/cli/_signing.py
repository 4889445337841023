"""What the commands that sign share: the worker that starts first, and the signer that a user means."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provlabel._support.private import leave, marked
from provlabel._support.text import printable
from provlabel._version import __version__
from provlabel.cli import say_note
from provlabel.cli._shared import PATH, cache_folder, options_of, proofs_folder, test_folder, user_folder
from provlabel.errors import ConfigError, InputError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from provlabel.engine.identity import Actor
    from provlabel.sandbox import Sandbox
    from provlabel.signers import Secrets, Signer
    from provlabel.trust.timestamps import Timestamper

_MAX_SETTINGS = 1 << 20  # bytes of a file of settings
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2: the name of a header

signer_option = options_of(
    click.option(
        "--signer",
        "signer_uri",
        metavar="URI",
        help="file:key.pem?chain=chain.pem, pkcs11:, awskms:, cmd:, https:, or test. Else PROVLABEL_SIGNER.",
    ),
    click.option(
        "--pass-file", type=PATH, help="Pass phrase, PIN or token: a line for each question. Mode 0600, or /dev/fd/N."
    ),
)
identity_options = options_of(
    click.option(
        "--identity",
        "identity_uri",
        metavar="URI",
        help="Who vouches beside the signer: a second key, as --signer.",
    ),
    click.option(
        "--identity-role", "identity_roles", multiple=True, metavar="ROLE", help="As what: creator, publisher, …"
    ),
)


class _TimeAuthority(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A time authority: an address, or the name of a public one, which shells complete."""

    name = "authority"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from provlabel.trust.authorities import address_of

        return address_of(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from provlabel.trust.authorities import public_authorities

        return [
            CompletionItem(row.name, help=f"{row.url}: {row.terms}")
            for row in public_authorities().authority
            if row.name.startswith(incomplete)
        ]


_NEEDED = (
    click.option(
        "--tsa",
        multiple=True,
        type=_TimeAuthority(),
        metavar="URL|NAME",
        help="Time authority: an address, or a public one, such as digicert (all: provlabel trust authorities). "
        "Repeatable, tried in order.",
    ),
    click.option(
        "--tsa-timeout",
        type=click.FloatRange(0.1, 600),
        default=30.0,
        show_default=True,
        metavar="S",
        help="Seconds for all authorities together.",
    ),
    click.option(
        "--tsa-trust", multiple=True, type=PATH, metavar="PEM", help="CA certificates whose authorities count."
    ),
    click.option(
        "--tsa-headers", type=PATH, metavar="FILE", help="HTTP headers for the authorities, a line each; mode 0600."
    ),
)
#: The options that name time authorities.
stamp_options = options_of(*_NEEDED)
#: The same, for where one can go on without.
tsa_options = options_of(
    *_NEEDED,
    click.option("--tsa-optional", is_flag=True, help="Go on, with a warning, when no authority answers well."),
)


def timestamper_from(options: dict[str, Any]) -> Timestamper | None:
    """Make what the options of :data:`tsa_options` ask for; nothing when no authority is named."""
    optional = options.get("tsa_optional", False)
    if not options["tsa"]:
        if optional or options["tsa_trust"] or options["tsa_headers"]:
            raise UsageError("what is said of a time authority needs one", hint="add --tsa digicert, or an address")
        return None
    from provlabel.trust.anchors import TrustStore
    from provlabel.trust.timestamps import Timestamper

    if not options.get("quiet"):
        _tell_public(options["tsa"])
    return Timestamper(
        urls=options["tsa"],
        optional=optional,
        deadline=options["tsa_timeout"],
        headers=_headers(options["tsa_headers"]),
        trust=TrustStore.load(*options["tsa_trust"], purpose="timestamp"),
    )


def _tell_public(urls: tuple[str, ...]) -> None:
    """Say before anything is asked which of the authorities are public ones, and what they get."""
    from provlabel.trust.authorities import public_at

    for row in filter(None, map(public_at, urls)):
        say_note(row.words)


def _headers(path: Path | None) -> dict[str, str]:
    """Read ``Name: value`` lines; they may hold a password, so nobody else may read the file."""
    if path is None:
        return {}
    from provlabel.signers.material import read

    lines = read(path, private=True).decode("latin-1").splitlines()
    pairs = [line.partition(":") for line in lines if line.strip()]
    if not all(colon and _TOKEN.fullmatch(name.strip()) for name, colon, _ in pairs):
        raise ConfigError(f"{printable(str(path))}: a line is no HTTP header", hint="Name: value, a line each")
    return {name.strip(): value.strip() for name, _, value in pairs}


def early_sandbox() -> Sandbox:
    """Load the engine, then start the worker as a copy of this process, which holds no key yet."""
    from provlabel import engine
    from provlabel.sandbox import Sandbox
    from provlabel.sandbox.process import fork_or_spawn, spawn

    engine.binding()
    sandbox = Sandbox(fork_or_spawn, relaunch=spawn, proofs=proofs_folder())
    sandbox.start()
    return sandbox


def early_drawing_sandbox() -> Sandbox:
    """Start the worker that draws thumbnails as a copy of this process, before the engine and a key are loaded.

    Raises:
        ConfigError: the library that draws is not installed.
    """
    from provlabel.media.previews import require_pillow
    from provlabel.sandbox.drawing import drawing_sandbox
    from provlabel.sandbox.process import fork_or_spawn

    require_pillow()
    drawing = drawing_sandbox(fork_or_spawn)
    drawing.start()
    return drawing


def open_named_signer(given: str | None, answers: Secrets | None = None, *, check: bool = True) -> Signer:
    """Open the signer that the user named; ``answers`` comes from :func:`answers_from`, else a person is asked.

    With ``check`` key and certificate are checked against the profile, once a day for each certificate:
    that takes half as long as labeling a picture.
    """
    from provlabel.signers import assume_fit, open_signer, require_fit

    try:
        signer = open_signer(uri_of(given), answers or _ask, check=False)
    except ConfigError as exc:
        if given or not os.environ.get("PROVLABEL_SIGNER"):
            raise
        raise ConfigError(f"PROVLABEL_SIGNER: {exc}", hint=exc.hint) from exc
    if check:
        mark = _mark_of(signer)
        if _is_from_today(mark):
            assume_fit(signer)
        else:
            require_fit(signer)
            leave(mark)
    return signer


def identity_of(options: dict[str, Any]) -> str:
    """Return the URI of who vouches beside the signer, as the :data:`identity_options` say; nothing for nobody.

    Raises:
        UsageError: a role without anybody.
    """
    if options["identity_uri"] is None:
        if options["identity_roles"]:
            raise UsageError("--identity-role says as what somebody vouches", hint="add --identity URI")
        return ""
    return uri_of(options["identity_uri"])


def identity_from(options: dict[str, Any], answers: Secrets) -> Actor | None:
    """Open the credential of who vouches beside the signer."""
    uri = identity_of(options)
    if not uri:
        return None
    from provlabel.engine.identity import Actor

    return Actor(open_named_signer(uri, answers, check=False), tuple(options["identity_roles"]))


def uri_of(given: str | None) -> str:
    """Return the URI of the signer that the user named: by ``--signer``, in the environment, or in their settings.

    Raises:
        ConfigError: nowhere.
    """
    uri = given or os.environ.get("PROVLABEL_SIGNER") or _configured_signer()
    if not uri:
        raise ConfigError(
            "no signer",
            hint="to try: --signer test; for real: --signer 'file:key.pem?chain=chain.pem' or PROVLABEL_SIGNER",
        )
    return f"test:{test_folder()}" if uri == "test" else uri


def _mark_of(signer: Signer) -> Path:
    """Return the file that remembers for a day that this certificate was found fit, by this version."""
    what = f"{__version__} {signer.algorithm} {signer.chain_pem}"
    return cache_folder() / "fit" / hashlib.sha256(what.encode()).hexdigest()[:32]


def _is_from_today(mark: Path) -> bool:
    left = marked(mark)
    return left is not None and 0 <= time.time() - left < 86_400


def _configured_signer() -> str | None:
    path = user_folder() / "config.toml"
    if not os.path.lexists(path):
        return None
    import msgspec

    from provlabel._support.files import open_regular

    try:
        with open_regular(path) as stream:
            _require_of_user(path, os.fstat(stream.fileno()))
            signer = msgspec.toml.decode(stream.read(_MAX_SETTINGS)).get("signer")
    except (InputError, OSError, ValueError) as exc:
        raise ConfigError(f"{printable(str(path))}: {exc}", hint='it holds lines such as signer = "test"') from exc
    return str(signer) if signer else None


def _require_of_user(path: Path, status: os.stat_result) -> None:
    """Refuse settings that others can write: they name a program to run, and whose name is signed with."""
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise ConfigError(f"{printable(str(path))}: others can write it", hint="chmod go-w, and chown")


def answers_from(pass_file: Path | None) -> Secrets:
    """Return what answers the questions of all signers of a run: the lines of ``pass_file`` in turn, or a person."""
    if pass_file is None:
        return _ask
    lines = _lines_of(pass_file)

    def answer(question: str) -> str:
        for line in lines:
            return line
        raise ConfigError(f"{question}: {printable(str(pass_file))} has no line left", hint="a line for each question")

    return answer


def _lines_of(path: Path) -> Iterator[str]:
    from provlabel.signers.material import read_secrets

    yield from read_secrets(path)


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{question}: there is no terminal to ask at", hint="add --pass-file FILE, which holds it in its first line"
        )
    return str(click.prompt(question, hide_input=True, err=True))
