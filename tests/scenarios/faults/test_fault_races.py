"""Others are at the same files while we label: labelers, writers, and whoever swaps a file for another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from project import MEDIA
from provlabel import Label, ProvlabelError, label_file
from provlabel._support import files as _files
from provlabel.evidence import Evidence
from provlabel.sandbox import Sandbox
from provlabel.signers import LocalKey, Signer
from races import race


def test_many_labelers_of_one_file(tmp_path: Path) -> None:
    """The proof lets fifty race, twenty times."""
    rounds = list(race(tmp_path, MEDIA / "cover.jpg", 8, 4))
    assert [item.problems for item in rounds] == [()] * 4


class Meanwhile:
    """A signer at whose turn something happens: between reading the file and publishing the result."""

    def __init__(self, signer: Signer, happens: Callable[[], object]) -> None:
        assert isinstance(signer, LocalKey)
        self.algorithm, self.chain_pem = signer.algorithm, signer.chain_pem
        self._signer, self._happens = signer, happens

    def sign(self, data: bytes) -> bytes:
        self._happens()
        return self._signer.sign(data)


class Between(Sandbox):
    """A sandbox after whose first reading something happens: between the check and the next opening."""

    happens: Callable[[], object] | None = None

    def read(self, *args: object, **kwargs: object) -> Evidence:
        seen = super().read(*args, **kwargs)  # type: ignore[arg-type]
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return seen


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewrite(path: Path) -> None:
    """Other bytes, as many, with the old time: only the change time tells."""
    seen = path.stat()
    with path.open("r+b") as stream:
        stream.seek(-100, os.SEEK_END)
        stream.write(bytes(10))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def replace(path: Path) -> None:
    shutil.copy(MEDIA / "still.png", path.with_name("another"))
    os.replace(path.with_name("another"), path)


def become_link(path: Path) -> None:
    """To a file of somebody else, with the same bytes even."""
    shutil.copy(path, path.with_name("secret"))
    path.unlink()
    path.symlink_to("secret")


CHANGES = (grow, shrink, rewrite, replace, become_link, Path.unlink)


def there(folder: Path) -> dict[str, bytes | str]:
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("when", ["between check and opening", "while it is signed"])
@pytest.mark.parametrize("in_place", [False, True], ids=["new file", "in place"])
@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_source_that_changes(
    change: Callable[[Path], None], in_place: bool, when: str, tmp_path: Path, label: Label, signer: Signer
) -> None:
    """What somebody else made of the source stays, and nothing is published of it."""
    source = tmp_path / "a.jpg"
    shutil.copy(MEDIA / "cover.jpg", source)
    dest = source if in_place else tmp_path / "b.jpg"
    after: dict[str, bytes | str] = {}

    def happens() -> None:
        if not after:
            change(source)
            after.update(there(tmp_path) or {"nothing": ""})

    with Between() as sandbox:
        if when == "between check and opening":
            sandbox.happens, used = happens, signer
        else:
            used = Meanwhile(signer, happens)
        with pytest.raises(ProvlabelError, match=r"a\.jpg: (changed|no such file)"):
            label_file(source, dest, label, used, replace=in_place, sandbox=sandbox)
    left = there(tmp_path)
    assert {name: what for name, what in left.items() if not name.startswith(".")} == {
        name: what for name, what in after.items() if not name.startswith(".") and name != "nothing"
    }
    assert not [name for name in left if name.startswith(".provlabel")]


@pytest.mark.parametrize("detached", [False, True], ids=["embedded", "pair"])
def test_output_that_appears_meanwhile_stays(
    detached: bool, tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox
) -> None:
    source, dest = tmp_path / "a.jpg", tmp_path / "b.jpg"
    shutil.copy(MEDIA / "cover.jpg", source)
    late = Meanwhile(signer, lambda: dest.write_bytes(b"theirs"))
    with pytest.raises(ProvlabelError, match=r"b\.jpg: exists already"):
        label_file(source, dest, label, late, detached=detached, sandbox=sandbox)
    assert there(tmp_path) == {"a.jpg": (MEDIA / "cover.jpg").read_bytes(), "b.jpg": b"theirs"}


def test_folder_that_is_removed_meanwhile(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    source, folder = tmp_path / "a.jpg", tmp_path / "out"
    shutil.copy(MEDIA / "cover.jpg", source)
    folder.mkdir()
    late = Meanwhile(signer, lambda: shutil.rmtree(folder))
    with pytest.raises(ProvlabelError, match="no such file or directory"):
        label_file(source, folder / "b.jpg", label, late, sandbox=sandbox)
    assert there(tmp_path) == {"a.jpg": (MEDIA / "cover.jpg").read_bytes()}


def test_run_that_is_stopped_after_both_of_a_pair_are_there_keeps_both(
    tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy without its manifest would be a picture without a label."""
    source, dest = tmp_path / "a.jpg", tmp_path / "b.jpg"
    shutil.copy(MEDIA / "cover.jpg", source)

    def stopped(_: Path) -> None:
        if dest.exists():
            raise SystemExit(128 + 15)

    monkeypatch.setattr(_files, "_sync_folder", stopped)
    with pytest.raises(SystemExit):
        label_file(source, dest, label, signer, detached=True, sandbox=sandbox)
    assert sorted(there(tmp_path)) == ["a.jpg", "b.jpg", "b.jpg.c2pa"]
