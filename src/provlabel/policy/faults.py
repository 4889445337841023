"""What is wrong with a policy that a person wrote: everything at once, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from provlabel._support.faults import Fault, Hints, nearest, placed, schema_faults
from provlabel._support.json_schema import json_schema, node_at
from provlabel._support.text import printable
from provlabel.errors import ConfigError
from provlabel.label.records import Label
from provlabel.policy.records import POLICY_SCHEMA, Policy
from provlabel.report.rules import OWN, RULES
from provlabel.trust.purposes import NEVER, PATTERN, shown

_SCHEMA_HINT = "run: provlabel schema policy"
_SHOWN = 10  # faults in one message

#: Rules that speak of a file that is broken: never lowered, and excepted by content alone.
_BROKEN = tuple(
    code
    for code, row in RULES.items()
    if row.level == "error"
    and code.startswith(("content.", "engine.", "signer.", "history."))
    and code != "content.unsupported"
)
#: Rules that a policy states itself; what is wanted less is asked for less, and not lowered.
_OWN = tuple(code for code in RULES if code.startswith("policy."))


def require_no_faults(data: dict[str, Any], shown: str, text: str) -> None:
    """Refuse a policy that has faults; ``text`` is its TOML, in which each has its line.

    Raises:
        ConfigError: names the first faults, each with its place and what was probably meant.
    """
    faults = tuple(_faults(data))
    if not faults:
        return
    lines = [
        f"line {line_of(text, fault.at)}: {fault.at.strip('/').replace('/', '.') or 'policy'}: {fault.message}"
        + (f" ({fault.hint})" if fault.hint and fault.hint != _SCHEMA_HINT else "")
        for fault in faults[:_SHOWN]
    ]
    more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    raise ConfigError(f"{shown}: {'; '.join(lines)}{more}", hint=_SCHEMA_HINT)


def _faults(data: dict[str, Any]) -> Iterator[Fault]:
    """Yield every fault of one file: first those of its shape, then what no schema can say."""
    if not data.keys() - {"schema", "name"}:
        yield Fault(at="", message="says nothing; a policy has to ask for something")
        return
    if "schema" not in data:
        yield Fault(at="", message=f'the line schema = "{POLICY_SCHEMA}" is missing')
    hints = Hints(form=_form, schema=_SCHEMA_HINT, unknown=_SCHEMA_HINT)
    shape = tuple(schema_faults(data, json_schema(Policy, POLICY_SCHEMA), hints))
    yield from shape
    if shape:
        return
    try:
        policy = msgspec.convert(data, Policy)
    except msgspec.ValidationError as exc:
        what, at = placed(exc)
        yield Fault(at=at, message=printable(what, 300))
        return
    for check in _CHECKS:
        yield from check(policy)


def _form(node: dict[str, Any]) -> str:
    pattern = node.get("pattern", "")
    if pattern == PATTERN:
        return "dotted numbers, such as 1.3.6.1.5.5.7.3.36"
    return "64 lower-case hexadecimal digits" if "{64}" in pattern else _SCHEMA_HINT


def _codes(code: str) -> tuple[str, ...]:
    """Return all codes; those of laws only where one of them is meant, as they stand in files of their own.

    Whatever begins as the rules of one's own checks do is one.
    """
    if code.startswith(OWN):
        return (code,)
    if not code.startswith("law."):
        return tuple(RULES)
    from provlabel.law import law_rules

    return (*RULES, *law_rules())


def _levels(policy: Policy) -> Iterator[Fault]:
    for rule, level in policy.levels.items():
        at = f"/levels/{rule}"
        if rule not in _codes(rule):
            yield Fault(at=at, message="no such rule", hint=_did_you_mean(rule, _codes(rule)))
        elif level != "error" and rule in _BROKEN:
            yield Fault(at=at, message="a broken file stays an error", hint="make an exception with its sha256")
        elif level != "error" and rule in _OWN:
            yield Fault(
                at=at, message="what the policy asks for cannot be lowered", hint="ask for less, or make an exception"
            )


def _fields(policy: Policy) -> Iterator[Fault]:
    schema = json_schema(Label, "label-v1")
    for index, name in enumerate(policy.fields):
        node, known = schema, True
        for part in name.split("."):
            node = _below(node, schema)
            if part not in node.get("properties", {}):
                near = nearest(part, tuple(node.get("properties", ())))
                hint = f"did you mean {near}?" if near else "run: provlabel schema label"
                yield Fault(at=f"/fields/{index}", message=f"{printable(part)} is no field of a label", hint=hint)
                known = False
                break
            node = node["properties"][part]
        if known and node.get("x-privacy") == "personal":
            yield Fault(at=f"/fields/{index}", message="is personal, and so never asked for", hint="leave it away")


def _below(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the record that a part of the schema means, whatever stands around it."""
    resolved = node_at({**schema, **node} if "$ref" in node else node | {"$defs": schema["$defs"]}, ())
    return _below(resolved["items"], schema) if "items" in resolved else resolved


def _signers(policy: Policy) -> Iterator[Fault]:
    named = [(f"/signers/{index}", item) for index, item in enumerate(policy.signers)]
    named += [(f"/label/corrections_by/{index}", item) for index, item in enumerate(policy.about_label.corrections_by)]
    for at, item in named:
        keyed = item.spki_sha256 is not UNSET
        if not keyed and item.name is UNSET and item.organization is UNSET:
            yield Fault(at=at, message="names no subject", hint="add name, organization, or spki_sha256")
        if not item.is_pinned and item.issuer is UNSET and item.issuer_organization is UNSET:
            yield Fault(at=at, message="names no issuer", hint="add issuer, or better issuer_sha256 or spki_sha256")
    marked = any(item.generator or item.kinds for item in policy.signers)
    if "human-made-by-generator" in policy.forbid and not marked:
        yield Fault(
            at="/forbid",
            message="human-made-by-generator forbids nothing, as no signer is marked",
            hint="add generator = true, or kinds, to the signers that are generators",
        )


def _exceptions(policy: Policy) -> Iterator[Fault]:
    for index, item in enumerate(policy.exceptions):
        at = f"/exceptions/{index}"
        family = item.rule.removesuffix("*")
        named = [
            rule
            for rule in _codes(item.rule)
            if rule == item.rule or (item.rule.endswith(".*") and rule.startswith(family))
        ]
        if not named:
            yield Fault(at=f"{at}/rule", message="no such rule", hint=_did_you_mean(item.rule, _codes(item.rule)))
        if item.path is UNSET and item.sha256 is UNSET:
            yield Fault(at=at, message="names no file", hint="add path or sha256")
        if item.sidecar_sha256 is not UNSET and item.sha256 is UNSET:
            yield Fault(at=f"{at}/sidecar_sha256", message="says what lies beside which file?", hint="add sha256")
        broken = [rule for rule in named if rule in _BROKEN]
        if broken and item.sha256 is UNSET:
            yield Fault(
                at=f"{at}/rule",
                message=f"{broken[0]} speaks of a broken file, and another could take its path",
                hint="name the file by sha256",
            )


def _patterns(policy: Policy) -> Iterator[Fault]:
    """Yield what can mean no path, and so would leave out, silently, what its author had in mind."""
    named = [(f"/files/include/{index}", glob) for index, glob in enumerate(policy.files.include)]
    named += [(f"/exceptions/{index}/path", item.path) for index, item in enumerate(policy.exceptions) if item.path]
    for at, glob in named:
        if glob.startswith("!"):
            yield Fault(at=at, message="there is no ! in a policy", hint="name what is meant, not what is not")
        elif {"", ".", ".."}.intersection(glob.removeprefix("/").removesuffix("/").split("/")):
            yield Fault(
                at=at, message=f"{printable(glob)} means no path", hint="count from the root, without ./, ../ and //"
            )


def _purposes(policy: Policy) -> Iterator[Fault]:
    for index, oid in enumerate(policy.trust.ekus):
        if oid in NEVER:
            at = f"/trust/ekus/{index}"
            yield Fault(at=at, message=f"{shown([oid])} is never for signers of claims", hint=NEVER[oid])


_CHECKS = (_levels, _fields, _signers, _exceptions, _patterns, _purposes)


def _did_you_mean(word: str, terms: tuple[str, ...]) -> str:
    near = nearest(word, terms)
    return f"did you mean {near}?" if near else "run: provlabel rules"


# --- places ----------------------------------------------------------------------------------------

_PART = r"""[\w-]+|"[^"]*"|'[^']*'"""
_KEY = rf"(?:{_PART})(?:\s*\.\s*(?:{_PART}))*"
_LINE = re.compile(rf"^\s*(?:\[\[\s*(?P<array>{_KEY})\s*\]\]|\[\s*(?P<table>{_KEY})\s*\]|(?P<key>{_KEY})\s*=)")


def line_of(text: str, pointer: str) -> int:
    """Return the line of a TOML text that is nearest to a JSON pointer, from 1: for people."""
    wanted = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    table: list[str] = []
    counts: dict[str, int] = {}
    best, common = 1, 0
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is None:
            continue
        here = [part.strip("\"'") for part in re.findall(_PART, match["array"] or match["table"] or match["key"])]
        if match["array"]:
            counts[match["array"]] = counts.get(match["array"], -1) + 1
            here.append(str(counts[match["array"]]))
        if match["key"]:
            here = table + here
        else:
            table = here
        same = next(
            (i for i, (a, b) in enumerate(zip(here, wanted, strict=False)) if a != b), min(len(here), len(wanted))
        )
        if same > common and same >= min(len(here), len(wanted)):
            best, common = number, same
    return best
