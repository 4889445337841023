"""Have the engine sign: embedded, beside, or around a hole."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from provlabel.engine import native
from provlabel.engine._settings import context_for
from provlabel.engine.credential import EngineCredential
from provlabel.engine.identity import Actor, with_identity
from provlabel.engine.loading import binding
from provlabel.engine.reading import ANY_FILE
from provlabel.engine.streams import Tap, native_stream, translated, uninterrupted
from provlabel.errors import EngineError, SignerError
from provlabel.manifest.write import Definition
from provlabel.trust.anchors import TrustStore


class IngredientFile(NamedTuple):
    """A file that goes into a manifest as an ingredient."""

    stream: BinaryIO
    mime: str
    definition: dict[str, Any]  #: relationship, label, title


def sign(
    definition: Definition,
    source: BinaryIO,
    dest: BinaryIO,
    mime: str,
    credential: EngineCredential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    detached: bool = False,
    actor: Actor | None = None,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign ``source`` into ``dest`` and return the manifest store.

    With ``detached`` nothing is written to ``dest`` but a copy of the source, and only the returned
    bytes carry the label.
    ``trust`` decides what is recorded about the signers of ingredients, not whether signing works.

    Raises:
        SignerError: the credential cannot sign, or the actor failed; its own exception is the cause.
        EngineError: the engine refused the definition, a file, or the certificate.
        OSError: a stream failed, for example because the disk is full.
    """
    taps = Tap(source), Tap(dest)
    caught: list[BaseException] = []
    with contextlib.ExitStack() as stack, uninterrupted(), _signer_errors(caught), translated(taps):
        builder = _builder(stack, context_for(trust), definition, ingredients)
        if detached:
            builder.set_no_embed()
        signer = credential.signer()
        if actor is not None:
            signer = stack.enter_context(with_identity(credential.fresh(), actor, caught))
        return bytes(builder.sign(signer, ANY_FILE if detached else mime, *taps))


class Hashed(NamedTuple):
    """Content that was written around a hole."""

    start: int  #: of the hole, in bytes from the beginning of the file
    length: int
    sha256: bytes  #: of all the rest


def sign_hashed(
    definition: Definition,
    write: Callable[[int], Hashed],
    credential: EngineCredential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign content that the engine never sees, and return the manifest store.

    ``write`` gets the length that the store will have, and writes the content around a hole for it.

    Raises:
        SignerError: the credential cannot sign.
        EngineError: the engine refused the definition, an ingredient, or the certificate.
    """
    with contextlib.ExitStack() as stack:
        with uninterrupted(), _signer_errors([]), translated():
            builder = _builder(stack, context_for(trust), definition, ingredients)
            signer = credential.signer()
            length = native.placeholder_length(binding(), builder, signer)
        around = write(length)
        with uninterrupted(), _signer_errors([]), translated():
            store = native.sign_data_hashed(binding(), builder, signer, *around)
    return _announced(store, length)


def sign_placed(
    definition: Definition,
    write: Callable[[int], object],
    content: BinaryIO,
    mime: str,
    credential: EngineCredential,
    ingredients: Sequence[IngredientFile] = (),
    *,
    trust: TrustStore = TrustStore(),  # noqa: B008 - frozen and empty
) -> bytes:
    """Sign content that is written around a hole and that the engine then hashes, and return the manifest store.

    ``write`` gets the length that the store will have, and writes ``content`` around a hole for it.

    Raises:
        SignerError: the credential cannot sign.
        EngineError: the engine refused the definition, a file, or the certificate.
        OSError: ``content`` failed.
    """
    taps: list[Tap] = []
    with contextlib.ExitStack() as stack:
        with uninterrupted(), _signer_errors([]), translated():
            builder = _builder(stack, credential.context(trust), definition, ingredients)
            length = native.placed_length(binding(), builder, mime)
        write(length)
        content.flush()
        with uninterrupted(), _signer_errors([]), translated(taps), native_stream(content, taps) as opened:
            store = native.sign_placed(binding(), builder, mime, opened)
    return _announced(store, length)


def _announced(store: bytes, length: int) -> bytes:
    if len(store) != length:
        raise EngineError(f"the manifest is of {len(store):,} bytes; {length:,} were announced")
    return store


def _builder(
    stack: contextlib.ExitStack, context: Any, definition: Definition, ingredients: Sequence[IngredientFile]
) -> Any:
    """Return a builder that knows the definition, its resources and the ingredients."""
    builder = stack.enter_context(binding().Builder(json.dumps(definition.manifest), context))
    for name, content in definition.resources.items():
        builder.add_resource(name, io.BytesIO(content))
    for item in ingredients:
        item.stream.seek(0)
        builder.add_ingredient(json.dumps(item.definition), item.mime, item.stream)
    return builder


@contextlib.contextmanager
def _signer_errors(caught: list[BaseException]) -> Iterator[None]:
    """Bring the actor's own exception back, which the engine turns into ``COSE signature invalid``."""
    try:
        yield
    except EngineError as exc:
        if caught and not isinstance(caught[0], Exception):
            raise caught[0] from None  # Ctrl-C, not a failure of the signer
        if caught:
            raise SignerError(f"the identity's signer failed: {caught[0]}") from caught[0]
        if exc.kind == "Signature":
            raise SignerError(f"the engine refused to sign: {exc}") from exc
        raise
