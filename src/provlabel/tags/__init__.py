"""Flat fields and the bytes of their carriers: one file per format, one row each in :data:`TAGGERS`."""

from __future__ import annotations

from provlabel.tags import aiff, flac, mp3, mp4, ogg, wav
from provlabel.tags._base import TagError, Tagger

#: By the name of the format.
TAGGERS: dict[str, Tagger] = {
    "MP3": mp3.TAGGER,
    "FLAC": flac.TAGGER,
    "WAV": wav.TAGGER,
    "M4A": mp4.TAGGER,
    "MP4": mp4.TAGGER,
    "MOV": mp4.TAGGER,
    # Read, never written: the manifest lies beside such a file, and the file stays as it is.
    "ADTS AAC": mp3.READ_ONLY,
    "AIFF": aiff.READ_ONLY,
    "Ogg Vorbis": ogg.READ_ONLY,
    "Ogg Opus": ogg.READ_ONLY,
    "Ogg FLAC": ogg.READ_ONLY,
}

__all__ = ["TAGGERS", "TagError", "Tagger"]
