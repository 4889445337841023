"""What lies in other files is not signed: nothing is labeled that shows or plays it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from drawings import ELSEWHERE, WITHIN
from movies import QUICKTIME, Tables, full, movie
from project import DOCS
from provlabel import InputError, Label, TrustStore, label_bytes, verify_bytes
from provlabel.media.containers import CONTAINERS, elsewhere
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer


@pytest.mark.parametrize("case", ["image", "script", "frame", "import", "entity", "style-sheet"])
def test_a_drawing_of_other_files_is_not_labeled(case: str, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match="lies elsewhere") as refused:
        label_bytes(ELSEWHERE[case], label, signer, sandbox=sandbox)
    assert "into the file itself" in refused.value.hint


def test_a_movie_of_other_files_is_not_labeled(label: Label, signer: Signer, sandbox: Sandbox) -> None:
    outside = movie([[[100]]], brand=QUICKTIME, tables=Tables(references=full(b"url ", b"file:///a.mov\0")))
    with pytest.raises(InputError, match="lie in another file"):
        label_bytes(outside, label, signer, sandbox=sandbox)


@pytest.mark.parametrize("case", WITHIN)
def test_what_only_seems_to_lie_elsewhere_is_labeled(
    case: str, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    signed = label_bytes(WITHIN[case], label, signer, sandbox=sandbox)[0]
    assert verify_bytes(signed, trust=trust, sandbox=sandbox).files[0].state == "trusted"


@pytest.mark.parametrize("case", ELSEWHERE)
def test_each_way_to_show_other_files_is_found(case: str) -> None:
    assert _found(ELSEWHERE[case])


def test_drawings_within_drawings_are_looked_at_only_so_deep() -> None:
    inner = "<svg/>"
    for _ in range(6):
        quoted = inner.replace("%", "%25").replace("<", "%3C").replace('"', "%22").replace("#", "%23")
        inner = f'<svg><image href="data:image/svg+xml,{quoted}"/></svg>'
    assert _found(inner.encode()) == ("drawings within drawings, too deep to be looked at",)


def test_many_addresses_are_cut() -> None:
    many = "".join(f'<image href="{number}.png"/>' for number in range(1000))
    assert len(_found(f"<svg>{many}</svg>".encode())) == 20


def test_drawings_of_this_project_show_nothing_else() -> None:
    for path in [*DOCS.glob("*.svg"), *Path("/usr/share/icons").rglob("*.svg")][:300]:
        assert _found(path.read_bytes()) == (), path


def _found(content: bytes) -> tuple[str, ...]:
    stream = io.BytesIO(content)
    return elsewhere("svg", stream, tuple(CONTAINERS["svg"].walk(stream, len(content))))
