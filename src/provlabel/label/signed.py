"""From what the user wrote to what is signed: system facts always, personal ones only as asked."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Sequence
from typing import Any, get_args

from msgspec import UNSET, Struct, structs, to_builtins

from provlabel.errors import LabelError
from provlabel.label.loading import label_from_dict
from provlabel.label.records import PERSONAL, SCHEMA, Label, Prompt, origin_of
from provlabel.label.vocabularies import PromptMode

SALT_BYTES = 16
#: Characters of a prompt signed in clear; longer ones are signed as a digest.
MAX_CLEAR = 50_000


class SignedLabel(Struct, frozen=True, kw_only=True):
    """The data of the two assertions, and the salt that goes to the owner's receipt alone."""

    system: dict[str, Any]
    personal: dict[str, Any] | None = None
    prompt_salt: str | None = None
    withheld: tuple[str, ...] = ()  #: personal fields that the label has and that are not signed, ``people.name``

    def as_label(self) -> Label:
        """Return what is signed as one label."""
        return label_from_dict(joined(self.system, self.personal))

    def listing(self, carriers: Sequence[dict[str, Any]]) -> SignedLabel:
        """Return the same with the carriers that repeat it; digests of names lie with the names."""
        if not carriers:
            return self
        system, private, _ = _split({**self.system, "carriers": list(carriers)}, {"carriers"})
        personal = {"schema": SCHEMA, **(self.personal or {}), **private} if private or self.personal else None
        return structs.replace(self, system=system, personal=personal)


def as_records(label: Label) -> Label:
    """Return ``label`` with records all the way down, also where a caller put mappings: Python checks no types.

    Raises:
        LabelError: it breaks its schema.
    """
    return label_from_dict(to_builtins(label))


def signed_label(label: Label, mode: PromptMode = "omit", *, personal: bool = False) -> SignedLabel:
    """Split ``label`` into ``org.provlabel.label`` and, only when asked, ``org.provlabel.personal``.

    Args:
        label: what the user said.
        mode: ``clear`` signs the prompt's text among the personal fields, ``hash`` a salted digest
            among the system's, ``omit`` only that there was one.
        personal: sign names and other personal fields of people too.

    Raises:
        LabelError: the label breaks its schema (records made in Python are checked here for the first
            time), or mode ``clear`` with a prompt longer than 50,000 characters.
    """
    label = as_records(label)
    _require_sound(label)
    prompt, salt = _signed_prompt(label, mode)
    whole = to_builtins(structs.replace(label, origin=origin_of(label), prompt=prompt, carriers=()))
    wanted = {"people"} if personal else set()
    wanted |= {"prompt"} if mode == "clear" else set()
    system, private, withheld = _split({"schema": SCHEMA, **whole}, wanted)
    personal_part = {"schema": SCHEMA, **private} if private else None
    return SignedLabel(system=system, personal=personal_part, prompt_salt=salt, withheld=withheld)


def _require_sound(label: Label) -> None:
    """Refuse a label that contradicts itself: nobody downstream would notice."""
    from provlabel.label.lint import semantic_faults

    errors = [fault for fault in semantic_faults(label) if fault.level == "error"]
    if errors:
        lines = "; ".join(f"{fault.at or '/'}: {fault.message}" for fault in errors)
        faults = tuple((fault.at, fault.message) for fault in errors)
        raise LabelError(f"label: {lines}", hint="run: provlabel lint LABEL", faults=faults)


def _signed_prompt(label: Label, mode: PromptMode) -> tuple[Prompt | Any, str | None]:
    """Return the prompt as it will be signed, its text still in it for mode ``clear``, and the salt."""
    if mode not in get_args(PromptMode):
        raise LabelError(f"prompt mode {mode!r} is unknown", hint="one of: " + ", ".join(get_args(PromptMode)))
    given = Prompt() if label.prompt is UNSET else label.prompt
    text, writer = given.text, given.writer
    if text is UNSET and mode != "omit":
        raise LabelError(f"prompt mode {mode}, and there is no prompt", hint="add the prompt, or leave the mode away")
    if text is UNSET:
        return label.prompt, None
    if mode == "omit":
        return Prompt(mode="omit", writer=writer), None
    if mode == "clear":
        return Prompt(mode="clear", text=_checked(text), writer=writer), None
    salt = os.urandom(SALT_BYTES).hex()
    return Prompt(mode="hash", sha256=digest_of_prompt(text, salt), writer=writer), salt


def digest_of_prompt(text: str, salt: str) -> str:
    """Return the digest a label holds for ``text``; ``salt`` is hex, as the receipt has it."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def _checked(text: str) -> str:
    if len(text) > MAX_CLEAR:
        raise LabelError(
            f"the prompt has {len(text):,} characters; {MAX_CLEAR:,} can be signed in clear",
            hint="use --prompt-mode hash: it signs a salted digest of any length",
        )
    return text


def _split(whole: dict[str, Any], wanted: set[str]) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """Take every personal field out of ``whole``.

    Returns what is left, what was ``wanted`` of the rest, and the names of the fields that were not.
    """
    system: dict[str, Any] = copy.deepcopy(whole)
    private: dict[str, Any] = {}
    withheld: list[str] = []
    for path in PERSONAL:
        if path[0] in wanted:
            _move(system, private, path)
        elif _move(system, {}, path):
            withheld.append(".".join(step for step in path if step != "*"))
    return system, private, tuple(withheld)


def without_personal(whole: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a plain label without its personal fields, and the names of those that it had."""
    system, _, withheld = _split(whole, set())
    return system, withheld


def _move(source: dict[str, Any], target: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Move the value at ``path`` from ``source`` to ``target``; return whether there was one."""
    head, rest = path[0], path[1:]
    if head not in source:
        return False
    if not rest:
        target[head] = source.pop(head)
        return True
    if rest[0] != "*":
        return rest[0] in source[head] and _move(source[head], target.setdefault(head, {}), rest)
    if not any(rest[1] in item for item in source[head]):
        return False
    kept = target.setdefault(head, [{"id": item["id"]} for item in source[head]])
    for item, keep in zip(source[head], kept, strict=True):
        _move(item, keep, rest[1:])
    return True


def joined(system: dict[str, Any], personal: dict[str, Any] | None) -> dict[str, Any]:
    """Put the two parts of a signed label together again; elements of lists find each other by ``id``."""
    whole = copy.deepcopy(system)
    for name, part in (personal or {}).items():
        if isinstance(part, (list, tuple)) and isinstance(whole.get(name), (list, tuple)):
            by_id = {item.get("id"): item for item in part if isinstance(item, dict)}
            whole[name] = [
                item | by_id.get(item.get("id"), {}) if isinstance(item, dict) else item for item in whole[name]
            ]
        elif isinstance(part, dict) and isinstance(whole.get(name), dict):
            whole[name] = whole[name] | part
        else:
            whole[name] = part
    return whole
