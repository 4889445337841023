"""Mistakes on the command line, in our words: one sentence, and a hint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import click

from provlabel._support.faults import nearest
from provlabel._support.text import printable


def in_words(exc: click.ClickException, command: str) -> tuple[str, str]:
    """Return message and hint for what click refuses; ``command`` is what was called, where click does not say."""
    context = getattr(exc, "ctx", None)
    path = context.command_path if context is not None else command
    usage = f"{path} --help"
    if isinstance(exc, click.NoSuchOption):
        options = _options_of(context.command) if context is not None else exc.possibilities or ()
        return f"{exc.option_name}: no such option", _meant(alike(exc.option_name, options), f"{usage} names all")
    if isinstance(exc, click.MissingParameter) and exc.param is not None:
        return f"{_name(exc.param)} is missing", _choices(exc.param.type) or usage
    if isinstance(exc, click.BadParameter) and exc.param is not None:
        return _bad_value(exc, exc.param, usage)
    if isinstance(exc, click.BadOptionUsage):
        wants = "takes no value" if "does not take" in exc.message else "needs a value"
        return f"{exc.option_name}: {wants}", usage
    return _other(exc, context, usage)


def called(args: Sequence[str], commands: Iterable[str]) -> str:
    """Return the command that the arguments call, as it is typed."""
    return f"provlabel {args[0]}" if args and args[0] in commands else "provlabel"


def alike(word: str, terms: Iterable[str]) -> str:
    """Return the one of the terms that was meant, or nothing: one that begins so, else the nearest in spelling."""
    plain = {term.lstrip("-"): term for term in terms}
    bare = word.lstrip("-")[:80]
    if len(bare) < 2:
        return ""
    begun = min((term for term in plain if term.startswith(bare)), key=len, default="")
    return plain.get(begun or nearest(bare, tuple(plain)), "")


def _meant(near: str, else_: str) -> str:
    return f"did you mean {near}? {else_}" if near else else_


def _options_of(command: click.Command) -> list[str]:
    return ["--help", *(name for param in command.params if isinstance(param, click.Option) for name in param.opts)]


def _name(param: click.Parameter) -> str:
    """Call an option by its long name, and an argument as the help does."""
    return max(param.opts, key=len) if isinstance(param, click.Option) else (param.name or "").upper()


def _choices(kind: click.ParamType) -> str:  # type: ignore[type-arg,unused-ignore]
    return f"one of: {', '.join(map(str, kind.choices))}" if isinstance(kind, click.Choice) else ""


def _bad_value(exc: click.BadParameter, param: click.Parameter, usage: str) -> tuple[str, str]:
    """Say what a value should have been; our own types bring their words, and those of click bring the value."""
    kind = param.type
    found = re.match(r"'(.*)' is not|(\S+) is not in", exc.message, flags=re.DOTALL)
    value = (found[1] or found[2] or "") if found else ""
    if isinstance(kind, click.Choice):
        terms = tuple(map(str, kind.choices))
        return f"{_name(param)}: there is no {value or 'empty value'}", _meant(alike(value, terms), _choices(kind))
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        what = "a number" if isinstance(kind, click.FloatRange) else "a whole number"
        return f"{_name(param)}: {value or 'an empty value'} is not {what} from {kind.min} to {kind.max}", usage
    return f"{_name(param)}: {exc.message.rstrip('.')}", usage


def _other(exc: click.ClickException, context: click.Context | None, usage: str) -> tuple[str, str]:
    message = exc.format_message().rstrip(".")
    if many := re.match(r"Got unexpected extra arguments? \((.*)\)", message, flags=re.DOTALL):
        known = context.command.params if context is not None else ()
        lists = any("--trust" in param.opts for param in known) and not any(
            isinstance(p, click.Argument) for p in known
        )
        return f"{many[1]}: more than this command takes", "name a list with --trust PEM" if lists else usage
    if missing := re.match(r"No such command '(.*?)'", message, flags=re.DOTALL):
        group = context.command if context is not None else None
        names = group.list_commands(context) if isinstance(group, click.Group) and context is not None else ()
        near = alike(missing[1], names)
        path = usage.removesuffix(" --help")
        return f"{missing[1]}: no such command of {path}", _meant(
            f"{path} {near}" if near else "", f"{usage} names all"
        )
    return message, usage


def wants_json(args: Sequence[str]) -> bool:
    """Is JSON asked for, and on standard output?  Where ``label -`` writes its file there, nothing else may stand."""
    if args[:1] == ["label"] and "-" in args and not {"-o", "--output"} & {*args}:
        return False
    told = args[: args.index("--")] if "--" in args else args
    pairs = zip(told, [*told[1:], ""], strict=True)
    return any(arg == "--format=json" or (arg == "--format" and value == "json") for arg, value in pairs)


def as_json(exc: Exception, name: str, message: str, hint: str, code: int) -> str:
    """Return what ``--format json`` prints where there is no result, by ``schemas/error-v1.json``."""
    from provlabel.report import ErrorInfo, FailedRun, Failure
    from provlabel.report.renderers.json import to_json

    faults = [Failure(printable(at), printable(what, 1000)) for at, what in getattr(exc, "faults", ())]
    faults += [
        Failure(printable(found.at, 1000), printable(found.message, 1000), printable(found.hint, 1000))
        for found in getattr(exc, "findings", ())
    ]
    told = ErrorInfo(
        name=name,
        message=printable(message, 1000),
        hint=printable(hint, 1000),
        exit_code=code,
        faults=tuple(faults),
    )
    return to_json(FailedRun(error=told)).rstrip()
