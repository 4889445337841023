"""Identifiers of works and people: their shape, their check digit, and the one way to write them."""

from __future__ import annotations

import re
from collections.abc import Callable


def _digits(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text).upper()


def _isrc(text: str) -> str | None:
    """ISO 3901:2019: country, registrant, year, designation; no check digit."""
    plain = _digits(text).removeprefix("ISRC:").removeprefix("ISRC")
    return plain if re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", plain) else None


def _iswc(text: str) -> str | None:
    """ISO 15707: ``T``, nine digits, and a check digit that counts the first nine by their place."""
    plain = _digits(text).removeprefix("ISWC:").removeprefix("ISWC")
    if not re.fullmatch(r"T[0-9]{10}", plain):
        return None
    total = 1 + sum(place * int(digit) for place, digit in enumerate(plain[1:10], start=1))
    return plain if int(plain[10]) == (10 - total % 10) % 10 else None


def _isni(text: str) -> str | None:
    """ISO 27729: fifteen digits and a check character, ISO 7064 MOD 11-2."""
    plain = _digits(text)
    if not re.fullmatch(r"[0-9]{15}[0-9X]", plain):
        return None
    total = 0
    for digit in plain[:15]:
        total = (total + int(digit)) * 2
    return plain if plain[15] == "0123456789X"[(12 - total % 11) % 11] else None


def _upc(text: str) -> str | None:
    """GS1: 12 (UPC) or 13 (EAN) digits, weighted 3 and 1 from the right."""
    plain = _digits(text)
    if not re.fullmatch(r"[0-9]{12,13}", plain):
        return None
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(plain)))
    return plain if total % 10 == 0 else None


def _grid(text: str) -> str | None:
    """GRid 2.1: ``A1``, issuer, release, check character; only the shape is checked."""
    plain = _digits(text).removeprefix("GRID:")
    return plain if re.fullmatch(r"A1[A-Z0-9]{15}[A-Z0-9]", plain) else None


def _guid(text: str) -> str | None:
    plain = text.lower().removeprefix("urn:uuid:").strip("{}")
    return plain if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", plain) else None


def _ipi(text: str) -> str | None:
    """CISAC IPI name number: up to eleven digits."""
    plain = _digits(text)
    return plain.zfill(11) if re.fullmatch(r"[0-9]{9,11}", plain) else None


def _ipn(text: str) -> str | None:
    plain = _digits(text)
    return plain if re.fullmatch(r"[0-9]{1,10}", plain) else None


def _url(text: str) -> str | None:
    return text if re.fullmatch(r"https?://[\x21-\x7e]+", text) else None


def _c2pa(text: str) -> str | None:
    return text if text.startswith(("urn:c2pa:", "urn:uuid:")) else None


#: Scheme -> the identifier in its one right form, or None when it is none of that scheme.
CANONICAL: dict[str, Callable[[str], str | None]] = {
    "c2pa": _c2pa,
    "grid": _grid,
    "guid": _guid,
    "ipi": _ipi,
    "ipn": _ipn,
    "isni": _isni,
    "isrc": _isrc,
    "iswc": _iswc,
    "upc": _upc,
    "url": _url,
}
