"""Calls of the engine's library that c2pa-python does not wrap, and what they want in memory.

``c2pa`` is the binding in each; only :mod:`provlabel.engine` imports it.
"""

from __future__ import annotations

import ctypes
import json
from typing import Any


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
    said = {
        "exclusions": [{"start": start, "length": length}],
        "name": "jumbf manifest",
        "alg": "sha256",
        "hash": list(sha256),  # as base64 the text would be signed, not the bytes
        "pad": [],
    }
    return _bytes_of(c2pa, call, builder._handle, signer._handle, json.dumps(said).encode(), _STORE, None)


_STORE = b"application/c2pa"  # a store by itself; we know how each container holds it
_BYTES = ctypes.POINTER(ctypes.POINTER(ctypes.c_ubyte))


def _bytes_of(c2pa: Any, call: Any, *arguments: Any) -> bytes:
    """Call, and take over the bytes that the last argument points to."""
    pointer = ctypes.POINTER(ctypes.c_ubyte)()
    length = call(*arguments, ctypes.byref(pointer))
    if length < 0:
        c2pa._raise_typed_c2pa_error(c2pa._read_native_error() or "Other: the engine says nothing")
    try:
        return ctypes.string_at(pointer, length)
    finally:
        c2pa._lib.c2pa_free(pointer)
