"""Calls of the engine's library that c2pa-python does not wrap, and what they want in memory.

``c2pa`` is the binding in each; only :mod:`provlabel.engine` imports it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import json
import os
from collections.abc import Iterator
from typing import Any, NoReturn


def placeholder_length(c2pa: Any, builder: Any, signer: Any) -> int:
    """Return how many bytes the store of a builder will take, and have the builder remember that.

    Raises:
        C2paError: the engine refused the definition.
    """
    call = c2pa._lib.c2pa_builder_data_hashed_placeholder
    call.restype = ctypes.c_int64
    call.argtypes = [ctypes.POINTER(c2pa.C2paBuilder), ctypes.c_size_t, ctypes.c_char_p, _BYTES]
    return len(_bytes_of(c2pa, call, builder._handle, signer.reserve_size(), _STORE))


def sign_data_hashed(c2pa: Any, builder: Any, signer: Any, start: int, length: int, sha256: bytes) -> bytes:
    """Return the store over content whose SHA-256 leaves out ``length`` bytes from ``start``.

    Raises:
        C2paError: the engine refused to sign.
    """
    call = c2pa._lib.c2pa_builder_sign_data_hashed_embeddable
    call.restype = ctypes.c_int64
    stream = ctypes.POINTER(c2pa.C2paStream)
    handles = [ctypes.POINTER(c2pa.C2paBuilder), ctypes.POINTER(c2pa.C2paSigner)]
    call.argtypes = [*handles, ctypes.c_char_p, ctypes.c_char_p, stream, _BYTES]
    assertion = {
        "exclusions": [{"start": start, "length": length}],
        "name": "jumbf manifest",
        "alg": "sha256",
        "hash": list(sha256),  # as base64 the text would be signed, not the bytes
        "pad": [],
    }
    return _bytes_of(c2pa, call, builder._handle, signer._handle, json.dumps(assertion).encode(), _STORE, None)


def placed_length(c2pa: Any, builder: Any, mime: str) -> int:
    """Return how many bytes the store of a builder will take in a file that it has to hash itself.

    The builder remembers that; its context has to have a signer.

    Raises:
        C2paError: the engine refused the definition.
    """
    call = c2pa._lib.c2pa_builder_placeholder
    call.restype = ctypes.c_int64
    call.argtypes = [ctypes.POINTER(c2pa.C2paBuilder), ctypes.c_char_p, _BYTES]
    box = _bytes_of(c2pa, call, builder._handle, mime.encode())
    return len(box) - box.index(b"jumb") + 4  # the size of the store stands in front of its type


def sign_placed(c2pa: Any, builder: Any, mime: str, stream: Any) -> bytes:
    """Return the store over a file in which its place is kept free.

    Raises:
        C2paError: the engine cannot read the file, or refused to sign.
        OSError: the disk failed, whatever the engine made of that.
    """
    update, call = _with_errno(c2pa, "c2pa_builder_update_hash_from_stream"), c2pa._lib.c2pa_builder_sign_embeddable
    handle = ctypes.POINTER(c2pa.C2paBuilder)
    update.restype, update.argtypes = ctypes.c_int, [handle, ctypes.c_char_p, ctypes.POINTER(c2pa.C2paStream)]
    call.restype, call.argtypes = ctypes.c_int64, [handle, ctypes.c_char_p, _BYTES]
    ctypes.set_errno(0)
    done = update(builder._handle, mime.encode(), stream)
    _require_disk()
    if done < 0:
        _raise_its_error(c2pa)
    return _bytes_of(c2pa, call, builder._handle, _STORE)


_STORE = b"application/c2pa"  # a store by itself; we know how each container holds it
_BYTES = ctypes.POINTER(ctypes.POINTER(ctypes.c_ubyte))


def _bytes_of(c2pa: Any, call: Any, *arguments: Any) -> bytes:
    """Call, and take over the bytes that the last argument points to."""
    pointer = ctypes.POINTER(ctypes.c_ubyte)()
    length = call(*arguments, ctypes.byref(pointer))
    if length < 0:
        _raise_its_error(c2pa)
    try:
        return ctypes.string_at(pointer, length)
    finally:
        c2pa._lib.c2pa_free(pointer)


def _raise_its_error(c2pa: Any) -> NoReturn:
    """Raise what the last call left as its error."""
    c2pa._raise_typed_c2pa_error(c2pa._read_native_error() or "Other: the engine says nothing")
    raise AssertionError  # the binding always raises


# --- reading ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def file_stream(c2pa: Any, fd: int) -> Iterator[Any]:
    """Yield a stream of the engine over an open file, from its beginning; the position of ``fd`` is put back.

    The engine reads through the C library, without a call of ours: it hands each callback the context that it was
    given, which is the descriptor, and ``read`` and ``lseek`` are the callbacks.
    """
    before = os.lseek(fd, 0, os.SEEK_CUR)
    os.lseek(fd, 0, os.SEEK_SET)
    context = ctypes.POINTER(c2pa.StreamContext).from_buffer(ctypes.c_void_p(fd))  # a cast would leave a cycle
    stream = c2pa._lib.c2pa_create_stream(context, *_callbacks(c2pa))
    try:
        yield stream
    finally:
        c2pa._lib.c2pa_release_stream(stream)
        os.lseek(fd, before, os.SEEK_SET)


@functools.cache
def _callbacks(c2pa: Any) -> tuple[Any, ...]:
    """Return read, seek, write and flush; nothing is written, and ``isatty`` of a file does nothing and says 0."""
    library = ctypes.CDLL(None)
    kinds = {"read": c2pa.ReadCallback, "lseek": c2pa.SeekCallback, "write": c2pa.WriteCallback}
    kinds["isatty"] = c2pa.FlushCallback
    return tuple(ctypes.cast(getattr(library, name), kind) for name, kind in kinds.items())


def read(c2pa: Any, context: Any, mime: str, stream: Any, manifest: bytes | None) -> tuple[bytes, bytes]:
    """Read a file, with its own manifest or a detached one, and return what the engine says as JSON and as crJSON.

    Raises:
        C2paError: the engine cannot read it.
        OSError: the disk failed, whatever the engine made of that.
    """
    library, kind = c2pa._lib, mime.encode()
    empty = library.c2pa_reader_from_context(context.execution_context)
    ctypes.set_errno(0)
    if manifest is None:
        reader = _with_errno(c2pa, "c2pa_reader_with_stream")(empty, kind, stream)
    else:
        data = (ctypes.c_ubyte * len(manifest)).from_buffer_copy(manifest)
        call = _with_errno(c2pa, "c2pa_reader_with_manifest_data_and_stream")
        reader = call(empty, kind, stream, data, len(manifest))
    try:
        _require_disk()
        if not reader:
            _raise_its_error(c2pa)  # the empty one is used up all the same
        return _text(c2pa, library.c2pa_reader_json(reader)), _text(c2pa, library.c2pa_reader_crjson(reader))
    finally:
        if reader:
            library.c2pa_free(reader)


#: The engine takes these for the end of the file, and calls the content altered, or even sound.
_FAILING_DISK = (errno.EIO, errno.ESTALE)


def _require_disk() -> None:
    """Raise the error of the disk since ``errno`` was reset, by a call of :func:`_with_errno`."""
    if (failed := ctypes.get_errno()) in _FAILING_DISK:
        raise OSError(failed, os.strerror(failed))


@functools.cache
def _with_errno(c2pa: Any, name: str) -> Any:
    """Return a function of the engine after which :func:`ctypes.get_errno` returns the last error of the system.

    Nothing that succeeds resets that, and nothing but a disk sets one of :data:`_FAILING_DISK`.
    """
    known = getattr(c2pa._lib, name)
    call = getattr(ctypes.CDLL(c2pa._lib._name, use_errno=True), name)
    call.restype, call.argtypes = known.restype, known.argtypes
    return call


def _text(c2pa: Any, pointer: Any) -> bytes:
    if not pointer:
        _raise_its_error(c2pa)
    try:
        return ctypes.string_at(pointer)
    finally:
        c2pa._lib.c2pa_free(pointer)
