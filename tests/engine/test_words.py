"""Every kind of error that the engine knows is told in words of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provlabel import EngineError, InputError, Label, engine, label_file
from provlabel.engine.streams import RemoteManifest, translated
from provlabel.engine.words import KINDS
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer
from sample_files import SVG


def kinds() -> list[str]:
    """Those of the binding that is installed."""
    base = engine.binding().C2paError
    return sorted(error.__name__.removeprefix("_C2pa") for error in base.__subclasses__())


def test_there_are_words_for_each_kind_and_no_other() -> None:
    assert sorted(KINDS) == kinds()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_ours_come_first_and_its_own_follow_where_they_help(kind: str) -> None:
    error = getattr(engine.binding(), f"_C2pa{kind}")
    with pytest.raises(EngineError) as caught, translated():
        raise error(f"{kind}: wrapped in cotton")
    assert caught.value.kind == kind
    words, colon, own = str(caught.value).partition(": ")
    assert words == KINDS[kind]
    assert re.fullmatch(r"[a-z][a-z ,]+(JSON)?", words)
    assert own == ("wrapped in cotton" if colon else "")


def test_what_stands_alone_and_what_is_unknown() -> None:
    c2pa = engine.binding()
    for raised, said in (
        (c2pa.C2paError("Oddness: nobody knows"), "the engine failed: nobody knows"),
        (c2pa.C2paError("Oddness"), "the engine failed"),
        (c2pa._C2paOther("Other: asset could not be parsed: a\x1b[31m"), f"{KINDS['Other']}: a\\u{{1b}}[31m"),
    ):
        with pytest.raises(EngineError) as caught, translated():
            raise raised
        assert str(caught.value) == said
    with pytest.raises(RemoteManifest), translated():
        raise c2pa.C2paError("Remote: manifest from url https://example.org/x")


def test_a_manifest_in_lines_is_told_as_what_it_is(signer: Signer, sandbox: Sandbox, tmp_path: Path) -> None:
    """The engine says `Other: asset could not be parsed: XML bad base64 encoding`."""
    (tmp_path / "a.svg").write_text(SVG)
    label_file(tmp_path / "a.svg", tmp_path / "b.svg", Label(kind="ai_generated"), signer, sandbox=sandbox)
    text = (tmp_path / "b.svg").read_text()
    at = text.index("<c2pa:manifest>") + 100
    (tmp_path / "c.svg").write_text(f"{text[:at]}\n  {text[at:]}")
    with pytest.raises(
        InputError, match="the manifest in the SVG is not written as base64 without line breaks"
    ) as told:
        label_file(tmp_path / "c.svg", None, Label(kind="ai_generated"), signer, sandbox=sandbox)
    assert "Other" not in str(told.value)
