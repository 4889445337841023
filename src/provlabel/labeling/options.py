"""How files are labeled: one record for all that can be asked, and its keywords for type checkers.

A new option is a field of a record and of the keywords under it; functions, batches and the command line take it from
there, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct

from provlabel.carriers.plan import Choice
from provlabel.label.vocabularies import PromptMode
from provlabel.trust.timestamps import Timestamper

if TYPE_CHECKING:
    from provlabel.engine.identity import Actor
    from provlabel.labeling.receipts import Receipt
    from provlabel.sandbox.requests import AnySandbox


class LabelOptions(Struct, frozen=True, kw_only=True):
    """What can be the same for many files; plain data, but for what a time authority is asked with.

    Args:
        prompt_mode: ``omit`` the prompt, sign a salted ``hash`` of it, or sign it in ``clear``.
        personal: sign names and other personal fields of people too, in an assertion of their own.
        inputs: write prompt (without its text), seeds and references as C2PA inputs too.
        accept_broken_parent: go on although a parent or ingredient was tampered with; the history
            of the result stays broken for ever.
        timestamper: who proves when it was signed.  Without, the label holds as long as the certificate.
        stamp_room: bytes to keep free, so that :func:`stamp_file` can add a timestamp later; 0 for none.
        carriers: what else in the file repeats the label: ``xmp`` (pictures), ``tags`` (sounds), ``aigc``.
            ``None`` for XMP or tags where the format can hold them; empty for the manifest alone.
        thumbnail: put a small JPEG of the picture (at most 10 kB, upright, without metadata) into the manifest; a
            warning where there is none, as of a sound.
        replace: overwrite an existing output.
        strip_prompt: take the fields in which a prompt can be read out of the file before it is signed; refused where
            one cannot be taken out.  What others signed stays, with a warning.
        same_label_for_all: sign one label for several files although their tags name other works.
        detached: leave the content as it is and write the manifest to ``dest`` + ``.c2pa``; a
            ``dest`` other than the source (and other than ``None``) becomes a copy of it.  A
            format that cannot hold a manifest is labeled in this way unasked, with a warning.
        check_decode: decode the source to its end with ffmpeg first, which finds what the structure
            does not show.
    """

    prompt_mode: PromptMode = "omit"
    personal: bool = False
    inputs: bool = False
    accept_broken_parent: bool = False
    timestamper: Timestamper | None = None
    stamp_room: int = 0
    carriers: Sequence[Choice] | None = None
    thumbnail: bool = False
    replace: bool = False
    strip_prompt: bool = False
    same_label_for_all: bool = False
    detached: bool = False
    check_decode: bool = False


class LabelKeywords(TypedDict, total=False):
    """The fields of :class:`LabelOptions` as keywords."""

    prompt_mode: PromptMode
    personal: bool
    inputs: bool
    accept_broken_parent: bool
    timestamper: Timestamper | None
    stamp_room: int
    carriers: Sequence[Choice] | None
    thumbnail: bool
    replace: bool
    strip_prompt: bool
    same_label_for_all: bool
    detached: bool
    check_decode: bool


class FileOptions(LabelOptions, frozen=True, kw_only=True):
    """What is asked for one file beside :class:`LabelOptions`.

    Args:
        parents: the file this one was made from, when its manifest was lost on the way (a WAV
            before it became an MP3).  One at most, as C2PA allows one.
        ingredients: files that were placed into this one (stems, layers).
        input_files: files that only went into a model, or that people took as a model (a demo by AI that was played
            again); nothing of them is in this one.
        identity: who vouches for the file beside its signer, with a credential of their own, and as what.
        shared: the label is that of other files too, so one whose tags name another work (title, ISRC and other
            identifiers) is refused, unless ``same_label_for_all``; without, that is a warning.
        name: what the file is called in messages, in receipts and, as an ingredient, in manifests, in place of its
            path: of a scratch file, or of bytes.
        urn: the name of the new manifest, ``urn:c2pa:`` and a version 4 UUID, for whoever wants to know the result
            again by it; a new one without.
        keep: called with the receipt when the result is whole, before it gets its name: what this raises prevents
            that.  So that no hash of a prompt is published whose salt is lost.
        sandbox: where untrusted bytes are read first; without, the workers of the :class:`~provlabel.Labeler`, or those
            that all calls of this process share.
        drawing: where thumbnails are drawn, of :func:`provlabel.sandbox.drawing.drawing_sandbox`; without, as above.
    """

    parents: Sequence[Path | str] = ()
    ingredients: Sequence[Path | str] = ()
    input_files: Sequence[Path | str] = ()
    identity: Actor | None = None
    shared: bool = False
    name: str | None = None
    urn: str | None = None
    keep: Callable[[Receipt], None] = lambda _: None
    sandbox: AnySandbox | None = None
    drawing: AnySandbox | None = None


class FileKeywords(LabelKeywords, total=False):
    """The fields of :class:`FileOptions` as keywords."""

    parents: Sequence[Path | str]
    ingredients: Sequence[Path | str]
    input_files: Sequence[Path | str]
    identity: Actor | None
    shared: bool
    name: str | None
    urn: str | None
    keep: Callable[[Receipt], None]
    sandbox: AnySandbox | None
    drawing: AnySandbox | None
