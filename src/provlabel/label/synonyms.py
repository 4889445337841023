"""Words that people write, and the line of a label that says it.  Pure.

A label is strict, so that what is signed means one thing.  What somebody writes first is often a word of the trade
that no vocabulary has (``singer``, ``drums``): then the hint is the very line to write, in TOML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_INSTRUMENTS = (
    *("drums", "drum", "percussion", "beat", "beats", "bass", "guitar", "guitars", "piano", "keys", "keyboard"),
    *("synth", "synths", "strings", "brass", "horns", "violin", "saxophone", "pads", "backing track"),
)
_PLAYERS = ("guitarist", "drummer", "bassist", "pianist", "keyboarder", "violinist", "instrumentalist", "band")


def _lines(field: str, words: Mapping[str, str], line: str = '{field} = "{term}"') -> dict[str, str]:
    """Return for each word the line to write; ``words`` has a term, and the words for it with commas between."""
    return {word: line.format(field=field, term=term) for term, listed in words.items() for word in listed.split(", ")}


_PARTS = {
    "vocals": "singing, vocal, voice, lead vocals, singer",
    "lyrics": "lyric, words",
    "composition": "melody, harmony, music, songwriting, composing",
    "whole": "all, song, track, everything, complete",
    "arrangement": "arranging",
    "production": "producing, beatmaking",
    "mixing": "mix, mixdown",
    "mastering": "master, mastered",
    "sound_design": "sfx, effects, sound effects, foley",
    "narration": "voiceover, voice over, speech, spoken word, speaker",
    "translation": "translated, subtitles",
    "artwork": "cover, cover art, picture, image, photo, photograph, illustration",
    "motion_artwork": "animation, canvas, moving cover",
    "video": "clip, film, movie, footage",
    "image_region": "background, sky, face, object, region",
}
_ROLES = {
    "LeadVocalist": "singer, lead singer, vocals, vocal, lead vocals, rapper",
    "BackgroundVocalist": "backing vocals, backing vocalist, backup singer, choir",
    "ComposerLyricist": "songwriter, writer",
    "Lyricist": "lyrics, author, words",
    "Composer": "composition, music",
    "Musician": ", ".join(_PLAYERS),
    "StudioMusician": "session musician",
    "StudioProducer": "producer, beatmaker, production",
    "MixingEngineer": "mix, mixing, mix engineer",
    "MasteringEngineer": "mastering, mastered by",
    "RemixingEngineer": "remixer, remix",
    "SoundDesigner": "sound design, sfx",
    "Narrator": "speaker, narration, reader",
    "VoiceActor": "voiceover, voice over, voice",
    "GraphicDesigner": "illustrator, painter, graphics",
    "CoverDesigner": "cover, cover artist, artwork",
    "Photographer": "photo, photos, photography",
    "VideoProducer": "video, film maker, director",
    "Translator": "translation",
}
_WHO_IS_AN_ARTIST = '"LeadVocalist" for who sings, "Musician" for who plays'
#: By field: a word, and what to write.
_VALUES: dict[str, dict[str, str]] = {
    "part": {
        **_lines("part", _PARTS),
        **{word: f'part = "instrumental" and stem = "{word}"' for word in _INSTRUMENTS},
        "backing vocals": 'part = "vocals" and stem = "backing vocals"',
        "instruments": 'part = "instrumental"',
        "accompaniment": 'part = "instrumental"',
    },
    "role": _lines("role", _ROLES) | {"artist": f"role = {_WHO_IS_AN_ARTIST}"},
    "roles": _lines("roles", _ROLES, '{field} = ["{term}"]') | {"artist": f"roles = […]: {_WHO_IS_AN_ARTIST}"},
    "by": _lines(
        "by",
        {
            "ai": "a.i., artificial intelligence, machine, model, bot, computer, software",
            "human": "person, people, humans, me, us, musician, artist, band",
        },
    ),
    "extent": _lines(
        "extent",
        {
            "All": "full, fully, complete, completely, entirely, whole, 100%, yes",
            "Partly": "some, part, partial, partially, half, mixed, 50%",
            "None": "no, nothing, 0%, zero, human",
        },
    ),
    "kind": _lines(
        "kind",
        {
            "ai_generated": "ai, generated, all, fully ai, made by ai, synthetic, ai made",
            "ai_modified": "modified, changed, edited, edited by ai, inpainted, inpainting",
            "ai_partly_created": "partly, partial, hybrid, mixed, ai assisted, assisted, some ai, with ai",
            "ai_assisted_technical": "technical, mastering, mastered, enhanced, upscaled, denoised, restored",
            "human_made": "human, none, no ai, no, people, handmade, made by people, not ai",
            "may_contain_ai": "maybe, unknown, possible, possibly",
            "algorithmic_not_trained": "algorithmic, algorithm, procedural, generative",
            "composite_synthetic": "composite, collage, mashup, samples, synthetic elements",
        },
    ),
    "operation": _lines(
        "operation",
        {
            "mastered": "mastering, master",
            "mixed": "mixing, mix",
            "remixed": "remixing, remix",
            "edited": "edit, inpainting, inpainted, outpainting, retouched, changed",
            "cropped": "crop, cut",
            "adjustedColor": "color, colour, color grading, colour grading",
            "dubbed": "dubbing, voiceover",
            "trimmed": "trim, shortened",
            "translated": "translation",
        },
    )
    | {
        word: f'operation = "enhanced" and technique = "{word}"'
        for word in ("upscaled", "upscaling", "denoise", "denoised", "denoising", "restored", "restoration", "cleaned")
    },
    "type": _lines("type", {"upc": "ean, barcode, icpn, gtin", "guid": "uuid"}),
}
_PEOPLE = '[[people]] with id = "artist", name = "…" and roles = ["LeadVocalist"]'
_SYSTEMS = '[[systems]] with name = "…" and version = "…"'
_NO_FIELD = "a label has no field for it: leave it to the tags, or put it into [extra]"
#: Names of fields that a label has under other names.
_FIELDS: dict[str, str] = {
    **dict.fromkeys(("artist", "artists", "author", "creator", "singer", "band", "performer", "composer"), _PEOPLE),
    **dict.fromkeys(("tool", "tools", "system", "ai", "ai tool", "model", "software", "generator"), _SYSTEMS),
    **dict.fromkeys(("company", "vendor", "maker"), '[provider] with name = "…"'),
    **dict.fromkeys(("date", "created", "year", "time", "release date"), 'event_time = "2026-11-22T10:00:00Z"'),
    **dict.fromkeys(("parts", "part", "stems", "stem"), '[[contributions]] with part = "…", extent = "…", by = "…"'),
    **dict.fromkeys(("copyright", "owner", "licence", "license"), '[rights] with notice = "…", holder = "…"'),
    **{scheme: f'identifiers = [{{ type = "{scheme}", value = "…" }}]' for scheme in ("isrc", "iswc", "upc", "grid")},
    "ean": 'identifiers = [{ type = "upc", value = "…" }]',
    **dict.fromkeys(("name", "song", "track"), 'title = "…"'),
    **dict.fromkeys(("album", "genre", "bpm", "duration", "comment", "notes", "mood"), _NO_FIELD),
}


def plain_word(text: str) -> str:
    """Return a word as it stands in the tables: small, with single spaces.

    >>> plain_word(" Lead_Singer")
    'lead singer'
    """
    return re.sub(r"[\s_-]+", " ", text[:80]).strip().casefold()


def line_for(field: str, given: str) -> str:
    """Return what to write in place of a value that ``field`` does not have; nothing where no table knows the word."""
    return _VALUES.get(field, {}).get(plain_word(given), "")


def field_for(given: str) -> str:
    """Return what to write in place of a field that a label does not have; nothing where no table knows it."""
    return _FIELDS.get(plain_word(given), "")


def meant(field: str, given: str, terms: Collection[str]) -> dict[str, str]:
    """Return what a word of people means: the field with its term, and what else belongs to it; empty if nobody knows.

    >>> meant("part", "Drums", ("instrumental",))
    {'part': 'instrumental', 'stem': 'drums'}
    """
    for term in terms:
        if plain_word(term) == plain_word(given):
            return {field: term}
    return dict(re.findall(r'(\w+) = "([^"]+)"', line_for(field, given)))
