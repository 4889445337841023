"""The label of a file, for what is made from it: taken over only from a file that verifies."""

from __future__ import annotations

from pathlib import Path

from provlabel._support.text import printable
from provlabel.errors import InputError
from provlabel.label import Label, label_from_dict
from provlabel.label.signed import joined
from provlabel.report import FileReport
from provlabel.sandbox.requests import AnySandbox
from provlabel.trust.anchors import TrustStore
from provlabel.verifying.verify import verify_file


def kept_label(
    source: Path | str, trust: TrustStore, *, personal: bool = False, sandbox: AnySandbox | None = None
) -> Label:
    """Return the label that a file carries, to sign it again over what was made from that file.

    The file has to pass the default policy: trusted, with a label of provlabel that its signer stands for.

    Args:
        source: the file.
        trust: whose signatures count.
        personal: take over names and other personal fields too, as far as they are signed in clear.
        sandbox: where the file is read; without, workers that this process shares.

    Raises:
        InputError: it cannot be read, does not verify, or has no such label.
        LabelError: its label is none that can be signed again.
    """
    [file] = verify_file(source, trust=trust, personal=personal, sandbox=sandbox).files
    shown = printable(file.path)
    if (why := _against(file)) is not None:
        raise InputError(f"{shown}: its label is not kept: {why[0]}", hint=why[1])
    assert file.label is not None  # noqa: S101 - narrows the type
    return label_from_dict(joined(file.label.value, file.label.personal), source=f"the label of {shown}")


def _against(file: FileReport) -> tuple[str, str] | None:
    """Say why a label is not taken over, and what to do; nothing where it is."""
    counted = next((found for found in file.findings if found.counts and found.rule != "policy.label"), None)
    if file.state == "trusted" and counted is None:
        if file.label is None or file.label.source != "org.provlabel.label":
            return "it has no label of provlabel", "write the label: --kind …, or --label FILE"
        return None
    if file.state == "unsigned":
        return "it has none", "name what it was made from with --parent FILE, or write the label: --kind …"
    # What nobody vouches for is told before what follows from it.
    first = next((found for found in file.findings if found.hint and found.rule.startswith("signer.")), counted)
    if first is None:
        return f"it is {file.state}, and only what is trusted is kept", "pass --trust PEM"
    return first.message, first.hint
