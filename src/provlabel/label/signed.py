"""From what the user wrote to what is signed: system facts always, the prompt only as asked."""

from __future__ import annotations

import hashlib
import os
from typing import Any, get_args

from msgspec import UNSET, Struct, structs, to_builtins

from provlabel.errors import LabelError
from provlabel.label.loading import label_from_dict
from provlabel.label.records import SCHEMA, Label, Prompt, origin_of
from provlabel.label.vocabularies import PromptMode

SALT_BYTES = 16
#: Characters of a prompt signed in clear; longer ones are signed as a digest.
MAX_CLEAR = 50_000


class SignedLabel(Struct, frozen=True, kw_only=True):
    """The data of the two assertions, and the salt that goes to the owner's receipt alone."""

    system: dict[str, Any]
    personal: dict[str, Any] | None = None
    prompt_salt: str | None = None


def signed_label(label: Label, mode: PromptMode = "omit") -> SignedLabel:
    """Split ``label`` into ``org.provlabel.label`` and, with mode ``clear``, ``org.provlabel.personal``.

    Raises:
        LabelError: the label breaks its schema (records made in Python are checked here for the first
            time), or mode ``clear`` with a prompt longer than 50,000 characters.
    """
    label = label_from_dict(to_builtins(label))
    if mode not in get_args(PromptMode):
        raise LabelError(f"prompt mode {mode!r} is unknown", mend="one of: " + ", ".join(get_args(PromptMode)))
    text = label.prompt.text if label.prompt is not UNSET else UNSET
    if text is UNSET and mode != "omit":
        raise LabelError(f"prompt mode {mode}, and there is no prompt", mend="add the prompt, or leave the mode away")
    prompt, personal, salt = label.prompt, None, None
    if text is not UNSET:
        prompt = Prompt(mode="omit")
    if text is not UNSET and mode == "hash":
        salt = os.urandom(SALT_BYTES).hex()
        prompt = Prompt(mode="hash", sha256=digest_of_prompt(text, salt))
    elif text is not UNSET and mode == "clear":
        prompt, personal = Prompt(mode="clear"), {"schema": SCHEMA, "prompt": {"text": _checked(text)}}
    public = structs.replace(label, origin=origin_of(label), prompt=prompt)
    system = {"schema": SCHEMA, **to_builtins(public)}
    return SignedLabel(system=system, personal=personal, prompt_salt=salt)


def digest_of_prompt(text: str, salt: str) -> str:
    """Return the digest a label holds for ``text``; ``salt`` is hex, as the receipt has it."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def _checked(text: str) -> str:
    if len(text) > MAX_CLEAR:
        raise LabelError(
            f"the prompt has {len(text):,} characters; {MAX_CLEAR:,} can be signed in clear",
            mend="use --prompt-mode hash: it signs a salted digest of any length",
        )
    return text
