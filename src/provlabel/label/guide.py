"""Which kind to choose, in a person's words, with an example of music and one of pictures.  Pure.

What the kinds are in the standards stands in :mod:`provlabel.label.vocabularies`.  The sentences follow the IPTC
digitalsourcetype NewsCodes (Oct 2024), the asset rubrics of C2PA 1.0 and ``AiContribution`` of DDEX ERN 4.3.2.
"""

from __future__ import annotations

from typing import NamedTuple


class KindGuide(NamedTuple):
    """How a person knows that a kind is the right one."""

    answer: str  #: to the question: what did AI do?
    music: str
    picture: str
    otherwise: str  #: when another kind is the right one


#: In the order in which somebody is asked: from nothing to all, and then what is rare.
GUIDE: dict[str, KindGuide] = {
    "human_made": KindGuide(
        "nothing: people made all of it",
        "a band in the studio; equaliser and reverb are no AI",
        "a photograph, or a drawing by hand or in a paint program",
        "AI mastered it or took out noise: ai_assisted_technical",
    ),
    "ai_assisted_technical": KindGuide(
        "it helped technically: cleaner, louder, larger, but nothing new",
        "your own song, mastered by AI; noise taken out of a take; stems separated",
        "a photograph, denoised or enlarged by AI",
        "AI played, sang, wrote or painted anything: ai_partly_created or ai_modified",
    ),
    "ai_modified": KindGuide(
        "it changed a work that was there already",
        "a finished recording whose voice was replaced by a cloned one",
        "a photograph whose sky was replaced, or from which a person was removed",
        "the parts by AI belonged to the work from the start: ai_partly_created",
    ),
    "ai_partly_created": KindGuide(
        "it made parts of a new work, and people made others",
        "your vocals over drums by AI; your melody with lyrics by AI",
        "a collage of your drawing and a background by AI",
        "nobody made a part by hand: ai_generated",
    ),
    "ai_generated": KindGuide(
        "it made all of it, from a prompt or an example",
        "a song from Suno or Udio, also with your own prompt; cut or fades change nothing",
        "a cover from Midjourney or DALL·E",
        "a part is by people, such as your own vocals: ai_partly_created",
    ),
    "may_contain_ai": KindGuide(
        "nobody knows: it is a mix, and something in it may be by AI",
        "a mix with loops of a library that does not tell how they were made",
        "a collage with pictures of a stock library that does not tell",
        "you know that something in it is by AI: composite_synthetic or ai_partly_created",
    ),
    "composite_synthetic": KindGuide(
        "it is a mix of finished pieces, and one of them is synthetic",
        "a mashup of recordings, one of them with a synthetic voice",
        "a montage of photographs and one picture by AI",
        "you made the new work yourself, with parts by AI: ai_partly_created",
    ),
    "algorithmic_not_trained": KindGuide(
        "no AI, but rules: a program without training data made it",
        "a piece by a sequencer that draws notes at random",
        "a fractal, a plot, a pattern by a formula",
        "a trained model took part: one of the kinds above",
    ),
}


class Typical(NamedTuple):
    """What somebody made, and the kind that it is."""

    made: str
    kind: str


#: What is asked most often.
CASES: tuple[Typical, ...] = (
    Typical("a human song, mastered or mixed by AI", "ai_assisted_technical"),
    Typical("a human song with drums, choir or strings by AI", "ai_partly_created"),
    Typical("lyrics by AI, sung and played by people", "ai_partly_created"),
    Typical("a song from a prompt, with lyrics that you wrote", "ai_partly_created"),
    Typical("a song from a prompt alone", "ai_generated"),
    Typical("a finished song with a cloned voice in place of the singer's", "ai_modified"),
    Typical("a photograph with a sky by AI", "ai_modified"),
    Typical("a cover from a prompt, with the title set in a layout program", "ai_generated"),
    Typical("a photograph, enlarged or denoised by AI", "ai_assisted_technical"),
)
