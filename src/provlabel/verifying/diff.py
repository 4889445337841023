"""Two files, judged and compared; one file, as facts."""

from __future__ import annotations

from pathlib import Path

from provlabel._support.files import open_regular, reader, sha256_of
from provlabel._support.times import now
from provlabel.media.containers import Bare, ContainerError, bare_sha256
from provlabel.media.formats import sniff
from provlabel.report import FileReport
from provlabel.report.facts import Comparison, Fact, comparison, facts
from provlabel.sandbox.pool import shared_sandbox
from provlabel.sandbox.protocol import Check
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.options import VerifyOptions
from provlabel.verifying.tally import file_report
from provlabel.verifying.verify import verify_file

_NO_TRUST = TrustStore()


def diff_files(
    old: Path | str,
    new: Path | str,
    *,
    trust: TrustStore = _NO_TRUST,
    personal: bool = False,
    sandbox: AnySandbox | None = None,
) -> Comparison:
    """Verify two files and return what differs between what they say, and between their bytes.

    Args:
        old: one file; a manifest beside it counts.
        new: the other.
        trust: whose signatures count; without anchors nobody is trusted.
        personal: compare the fields marked personal too.
        sandbox: where untrusted bytes are read.

    Raises:
        InputError: a file is missing, forbidden, or not a regular file.
    """
    before, after = (verify_file(path, trust=trust, personal=personal, sandbox=sandbox).files[0] for path in (old, new))
    return comparison(before, after, *_same((Path(old), before), (Path(new), after)))


def facts_of(
    path: Path, *, trust: TrustStore = _NO_TRUST, personal: bool = False, sandbox: AnySandbox | None = None
) -> dict[str, Fact]:
    """Return what one file says by itself.

    A manifest beside it is left out: version control keeps the two apart.

    Raises:
        InputError: it is missing, forbidden, or not a regular file.
    """
    at = now()
    evidence = (sandbox or shared_sandbox()).read(path, trust, None, Check(at=at))
    return facts(file_report(str(path), evidence, VerifyOptions(trust=trust, personal=personal), (), at))


def _same(*sides: tuple[Path, FileReport]) -> tuple[bool | None, bool | None]:
    """Compare all but the manifests, and all but manifests and tags; ``None`` where that cannot be told."""
    old, new = (_bare_sha256(path, item) for path, item in sides)
    return (None, None) if old is None or new is None else (old.media == new.media, old.content == new.content)


def _bare_sha256(path: Path, item: FileReport) -> Bare | None:
    """Digest a file that the sandbox found sound, if it is still the same."""
    if item.state == "unreadable":
        return None
    with open_regular(path) as stream:
        size = stream.seek(0, 2)
        fmt = sniff(reader(stream))
        if fmt is None or sha256_of(stream) != item.sha256:
            return None
        try:
            return bare_sha256(fmt.container, stream, size)
        except ContainerError:
            return None
