"""What several commands share: options, the user's folder, and how results leave."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provlabel._support.paths import path_of
from provlabel._support.text import printable
from provlabel.errors import ConfigError, InputError, OutputError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from msgspec import Struct

    from provlabel.report.renderers.style import Style
    from provlabel.trust.anchors import TrustStore

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Path(click.Path):
    """A path as it was given: the library looks at it, so that every exit code is ours."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            raise UsageError("an empty path names nothing", hint=". is this folder; a variable may be empty")
        path = path_of(value)
        if str(path) == "-" != str(value):
            return path.absolute()  # a file of that name, not standard input
        return super().convert(value, param, ctx)


PATH = _Path(path_type=Path, readable=False)


class _KindName(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A kind of the label; shells complete it, and a word of people gets the kind that it means."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from provlabel.label.vocabularies import KINDS

        if value in KINDS:
            return value
        if not value:
            raise UsageError("--kind: an empty value", hint="leave the option away, or name a kind: provlabel kinds")
        from provlabel._support.faults import instead
        from provlabel.label.synonyms import line_for

        meant = line_for("kind", value).removeprefix('kind = "').removesuffix('"')
        near = f"did you mean {meant}?" if meant else instead(value, tuple(KINDS)) or f"one of: {', '.join(KINDS)}."
        raise UsageError(f"{printable(value)}: no such kind", hint=f"{near} provlabel kinds explains them")

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from provlabel.label.vocabularies import KINDS

        return [CompletionItem(name, help=facts.words) for name, facts in KINDS.items() if name.startswith(incomplete)]


KIND = _KindName()


trust_option = click.option(
    "--trust",
    multiple=True,
    metavar="PEM|NAME",
    help="CA certificates whose signatures count: a file, or c2pa, c2pa-interim, test. Repeatable.",
)
leaf_option = click.option(
    "--trust-leaf",
    multiple=True,
    type=PATH,
    metavar="PEM",
    help="Signers' own certificates that count by themselves.",
)
_LIST_OPTIONS = (
    trust_option,
    leaf_option,
    click.option(
        "--tsa-trust", multiple=True, type=PATH, metavar="PEM", help="CA certificates whose time authorities count."
    ),
    click.option(
        "--identity-trust", multiple=True, type=PATH, metavar="PEM", help="CA certificates whose CAWG identities count."
    ),
    click.option(
        "--eku", "ekus", multiple=True, metavar="OID", help="Also accept signers' certificates for this purpose."
    ),
)
_issuer_option = click.option(
    "--identity-issuer", multiple=True, metavar="DID", help="Whose claims about CAWG identities count."
)


def options_of(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return a decorator that adds all ``options``, in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


list_options = options_of(*_LIST_OPTIONS)
trust_options = options_of(*_LIST_OPTIONS, _issuer_option)
#: The names under which those options arrive.
LIST_NAMES = ("trust", "trust_leaf", "tsa_trust", "identity_trust")
TRUST_NAMES = (*LIST_NAMES, "ekus", "identity_issuer")
policy_options = options_of(
    click.option(
        "--policy", metavar="FILE|intact", help="What files must be to pass; a provlabel.toml found only tightens."
    ),
    click.option(
        "--root", type=PATH, metavar="DIR", help="Where patterns of the policy begin. [default: top of the repository]"
    ),
    click.option("--policy-sha256", metavar="HEX", help="With --policy: the SHA-256 that its file has to have."),
    click.option("--baseline", type=PATH, metavar="JSON", help="An earlier report; what it knows does not fail again."),
    click.option("--accept", is_flag=True, help="With --baseline: also take what it has on files that nobody trusts."),
    click.option("--init-policy", is_flag=True, help="Write a first provlabel.toml by what these files hold."),
)
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format."
)


def _laws(_: click.Context, __: click.Parameter, given: Iterable[str]) -> tuple[str, ...]:
    """Return the names that stand in ``--law``, which takes several, divided by commas.

    Raises:
        UsageError: one is empty.
    """
    names = tuple(name.strip() for part in given for name in part.split(","))
    if "" in names:
        raise UsageError("--law: an empty name", hint="such as --law eu,us-ca")
    return names


def _day(_: click.Context, __: click.Parameter, given: str | None) -> dt.date | None:
    """Return the day of ``--as-of``.

    Raises:
        UsageError: it is no date.
    """
    if given is None:
        return None
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise UsageError(f"--as-of {printable(given)}: no date", hint="such as 2027-02-02") from None


law_option = click.option(
    "--law",
    "laws",
    multiple=True,
    callback=_laws,
    metavar="NAME[,NAME]",
    help="Hold it against laws: eu, us-ca, cn, us-wa, us-ut, us-ct, us-ny, in, kr, vn, platforms. No legal advice.",
)
as_of_option = click.option(
    "--as-of",
    callback=_day,
    metavar="DATE",
    help="With --law: by the law of this day, whatever the day of the content.",
)


def workers_option(default: str, most: int = 1024) -> Callable[[_Command], _Command]:
    """Take ``-j/--workers``: how many processes work at once; ``default`` says how many without."""
    return click.option(
        "-j", "--workers", type=click.IntRange(1, most), help=f"Processes that work at once. [default: {default}]"
    )


def renamed_option(old: str, name: str, new: str, **attrs: Any) -> Callable[[_Command], _Command]:
    """Take an option under its old spelling too, hidden; :func:`renamed` reads it from the argument ``name``."""
    return click.option(old, name, hidden=True, help=f"Now {new}.", **attrs)


def renamed(options: dict[str, Any], name: str, old: str, new: str) -> Any:
    """Take what was given under an ``old`` spelling out of ``options``, and say the ``new`` one; or ``None``."""
    value = options.pop(name)
    if value is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"warning: {old} is now {new}; the old spelling will go\n")
    return value


quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Tell everything about every file.")


def file_arguments(name: str) -> Callable[[_Command], _Command]:
    """Take one or more paths."""
    return click.argument(name, nargs=-1, required=True, type=PATH)


def fields_in(record: type[Struct], options: dict[str, Any]) -> dict[str, Any]:
    """Return the ``options`` of a command that have the name of a field of ``record``: what is asked of the library."""
    return {name: options[name] for name in record.__struct_fields__ if name in options}


def user_folder() -> Path:
    """Return the folder of the user's own settings: ``$XDG_CONFIG_HOME/provlabel``."""
    return _base("XDG_CONFIG_HOME", ".config") / "provlabel"


def cache_folder() -> Path:
    """Return the folder of what can be fetched or worked out again: ``$XDG_CACHE_HOME/provlabel``."""
    return _base("XDG_CACHE_HOME", ".cache") / "provlabel"


def state_folder() -> Path:
    """Return the folder of what is kept between runs and no settings are: ``$XDG_STATE_HOME/provlabel``."""
    return _base("XDG_STATE_HOME", ".local/state") / "provlabel"


def _base(variable: str, below_home: str) -> Path:
    """Return the folder that a variable names; as the XDG Base Directory Specification has it, only if absolute.

    One that is relative would be found wherever we happen to stand, such as in a tree that somebody else wrote.
    """
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else _home() / below_home


def proofs_folder() -> Path | None:
    """Return where it is remembered which engines have passed the self-test; nowhere without a home."""
    try:
        return cache_folder() / "selftest"
    except ConfigError:
        return None


def _home() -> Path:
    """Return the home folder: what ``HOME`` says, if that is absolute, or else the system."""
    home = Path(os.environ.get("HOME", ""))
    if not home.is_absolute():
        import pwd

        with contextlib.suppress(KeyError):
            home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    if not home.is_absolute():
        raise ConfigError("no home folder is known", hint="set HOME or XDG_CONFIG_HOME to an absolute path")
    return home


def test_folder() -> Path:
    """Return the folder of the throw-away test credential."""
    return user_folder() / "test"


def trust_from(
    trust: tuple[str, ...],
    trust_leaf: tuple[Path, ...] = (),
    tsa_trust: tuple[Path, ...] = (),
    identity_trust: tuple[Path, ...] = (),
    ekus: tuple[str, ...] = (),
    identity_issuer: tuple[str, ...] = (),
) -> TrustStore:
    """Load the lists that :data:`trust_options` name, and what else they accept."""
    from provlabel.trust.anchors import TrustStore
    from provlabel.trust.purposes import require_acceptable

    for oid in ekus:
        require_acceptable(oid, "--eku")
    store = TrustStore().accepting(*ekus)
    for name in trust:
        store += NAMED_LISTS[name]() if name in NAMED_LISTS else _list_at(name)
    try:
        return (
            store
            + TrustStore.load(*trust_leaf, leaves=True)
            + TrustStore.load(*tsa_trust, purpose="timestamp")
            + TrustStore.load(*identity_trust, purpose="identity")
            + TrustStore(issuers=identity_issuer)
        )
    except InputError as exc:
        raise ConfigError(str(exc), hint=exc.hint) from exc


def _list_at(name: str) -> TrustStore:
    from provlabel._support.faults import nearest
    from provlabel.trust.anchors import TrustStore

    known = f"--trust takes a PEM file, or one of {', '.join(NAMED_LISTS)}"
    if not name:
        raise ConfigError("--trust: an empty value", hint=known)
    try:
        return TrustStore.load(name)
    except InputError as exc:
        near = nearest(name, tuple(NAMED_LISTS))
        raise ConfigError(str(exc), hint=f"did you mean {near}? {known}" if near else known) from exc


def _test_root() -> TrustStore:
    from provlabel.signers.test import ROOT
    from provlabel.trust.anchors import TrustStore

    root = test_folder() / ROOT
    if not os.path.lexists(root):
        raise ConfigError("there is no test root yet", hint="label something with --signer test first")
    return TrustStore.load(root, test=True)


def trust_folder() -> Path:
    """Return the folder of the official lists, which the user fetched."""
    return user_folder() / "trust"


def _official(name: str) -> TrustStore:
    from provlabel.trust import official

    return official.kept(name, trust_folder())


NAMED_LISTS: dict[str, Callable[[], TrustStore]] = {
    "c2pa": partial(_official, "c2pa"),
    "c2pa-interim": partial(_official, "c2pa-interim"),
    "test": _test_root,
}


def style_for(stream: Any) -> Style:
    """Colour and width only for a terminal, and no colour against ``NO_COLOR``."""
    from provlabel.report.renderers.style import Style

    if stream is None or not stream.isatty():
        return Style()
    return Style(colour=not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb", width=width())


def width(most: int = 120, otherwise: int = 100) -> int:
    """Return how many columns a line of prose may have: of the terminal, at most ``most``; without, ``otherwise``."""
    import shutil

    return max(40, min(shutil.get_terminal_size((otherwise, 24)).columns, most))


def deliver(text: str, output: Path | None) -> None:
    """Print ``text``, or write it whole to ``output``.

    Raises:
        OutputError: it cannot be written; a pipe that was closed is no such case.
    """
    if output is None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            pass  # whoever read us wants no more
        except OSError as exc:
            raise OutputError(f"standard output: {exc.strerror or exc}") from exc
        return
    from provlabel._support.files import atomic_output

    if os.path.exists(output) and not os.path.isfile(output):  # noqa: PTH110, PTH113 - these never raise
        _write_through(text, output)
        return
    with atomic_output(output, replace=True) as scratch:
        scratch.stream.write(text.encode())


def _write_through(text: str, output: Path) -> None:
    """Write to a device or pipe that the user named, such as ``/dev/stdout``."""
    try:
        with output.open("wb") as stream:
            stream.write(text.encode())
    except OSError as exc:
        hint = "name a file in it" if isinstance(exc, IsADirectoryError) else ""
        why = "a folder, not a file" if hint else exc.strerror or exc
        raise OutputError(f"{printable(str(output))}: {why}", hint=hint) from exc


def sweep_beside(*files: Path | None) -> None:
    """Remove what killed runs left in the folders of ``files``, where we are about to write."""
    from provlabel._support.files import sweep

    for folder in {path.parent for path in files if path is not None}:
        sweep(folder, _MOST_NAMES)


#: Names of a folder that are looked at for what was left: a hundredth of a second, however large the folder is.
_MOST_NAMES = 10_000


def require_not_among(output: Path | None, inputs: Iterable[Path], name: str) -> None:
    """Refuse an output that would take the place of an input.

    Raises:
        UsageError: it would.
    """
    if output is None:
        return
    for path in inputs:
        try:
            same = output.samefile(path)
        except OSError:
            continue
        if same:
            raise UsageError(
                f"{name} {printable(str(output))}: is one of the files themselves", hint="name another file"
            )
