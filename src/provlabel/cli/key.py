"""``provlabel key``."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from provlabel._support.files import atomic_output
from provlabel._support.text import printable
from provlabel.cli import say
from provlabel.cli._shared import PATH, deliver, format_option, style_for, test_folder, trust_from, trust_option
from provlabel.cli._signing import answers_from, open_named_signer, signer_option
from provlabel.cli.key_sign import sign
from provlabel.errors import OutputError, UsageError
from provlabel.signers.request import KeyKind

if TYPE_CHECKING:
    from provlabel.report.renderers.style import Style
    from provlabel.signers.certificates import Facts
    from provlabel.signers.profile import Result

_KINDS = get_args(KeyKind)
_MARKS = {"held": "✓", "broken": "✗", "not-checked": "-"}
_LOOKS: dict[str, Any] = {"✓": "green", "✗": "red", "!": "yellow", "-": "dim"}


@click.group("key")
def command() -> None:
    """Make and look after signing credentials."""


@command.command("init")
@click.argument("folder", type=PATH, required=False)
@click.option("--algorithm", type=click.Choice(_KINDS), default="es256", show_default=True, help="What it signs with.")
def init(folder: Path | None, algorithm: KeyKind) -> None:
    """Make a throw-away test root and signing credential in FOLDER.

    Without FOLDER it is the one that --signer test and --trust test use. It proves nothing to
    anybody who was not told to trust its root.

    \b
    Examples:
      provlabel key init ci-key
      provlabel label cover.jpg --kind ai_generated --signer 'file:ci-key/key.pem?chain=ci-key/chain.pem'
      provlabel verify cover.labeled.jpg --trust ci-key/root.pem
    """
    from provlabel.signers.test import CHAIN, KEY, ROOT, make

    place = test_folder() if folder is None else folder
    make(place, algorithm)
    for name, purpose in ((KEY, "private key, mode 0600"), (CHAIN, "its certificate"), (ROOT, "pass to --trust")):
        say(f"{printable(str(place / name))}  {purpose}")


@command.command("csr")
@click.argument("key", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="Write the request here; it is not secret.")
@click.option("--organization", required=True, help="Who signs: the name that the CA will check.")
@click.option("--name", required=True, help="What signs, such as 'Acme label signer'.")
@click.option("--country", help="Two letters, such as DE.")
@click.option("--new-key", type=click.Choice(_KINDS), help="Make KEY first, mode 0600; ps256 is RSA.")
def csr(key: Path, output: Path, organization: str, name: str, country: str | None, new_key: KeyKind | None) -> None:
    """Make a request for a certificate (PKCS#10), to send to a CA.

    It asks for what C2PA wants: the key usage digitalSignature, and the extended key usages C2PA
    claim signing and emailProtection; one of the two is enough. The private key never leaves KEY.

    \b
    Examples:
      provlabel key csr key.pem --new-key es256 -o request.csr --organization 'Acme Audio Ltd' --name 'Acme signer'
      provlabel key csr key.pem -o renewal.csr --organization 'Acme Audio Ltd' --name 'Acme signer' --country DE
    """
    from provlabel.signers import LocalKey
    from provlabel.signers.request import make_key, request, subject

    who = subject(organization, name, country)
    if output == key or os.path.lexists(output):  # before a key is made for nothing
        raise OutputError(f"{printable(str(output))}: exists already", hint="choose another name with -o")
    if new_key is not None:
        make_key(key, new_key)
        say(f"{printable(str(key))}  private key, mode 0600; keep it")
    signer = open_named_signer(f"file:{key}", check=False)
    assert isinstance(signer, LocalKey)  # noqa: S101 - a key in a file is one
    made = request(signer.private_key_pem(), who)
    with atomic_output(output, replace=False) as scratch:
        scratch.stream.write(made.encode())
    say(f"{printable(str(output))}  request, to send to the CA")


@command.command("show")
@click.argument("chain", type=PATH, required=False)
@signer_option
@format_option
def show(chain: Path | None, signer_uri: str | None, pass_file: Path | None, format_: str) -> None:
    """Show the certificates of CHAIN, or of a signer; never a private key.

    \b
    As JSON: {"certificates": [{"subject", "issuer", "serial" (hex), "not_before", "not_after",
    "days_left" (negative when expired), "key", "key_usages", "extended_key_usages", "ca",
    "sha256" (fingerprint, hex)}, …]}, in the order of the file.

    \b
    Examples:
      provlabel key show chain.pem
      provlabel key show --signer test --format json
    """
    from provlabel.report.renderers.json import to_json
    from provlabel.signers import certificates

    _require_one(chain, signer_uri)
    pem = (
        open_named_signer(signer_uri, answers_from(pass_file), check=False).chain_pem
        if chain is None
        else certificates.read(chain)
    )
    facts = certificates.facts(pem, _shown(chain))
    if format_ == "json":
        deliver(to_json({"certificates": facts}), None)
    else:
        deliver("\n".join(_fact_lines(facts, style_for(sys.stdout))) + "\n", None)


@command.command("check")
@click.argument("chain", type=PATH, required=False)
@signer_option
@trust_option
@format_option
def check(
    chain: Path | None, signer_uri: str | None, pass_file: Path | None, trust: tuple[str, ...], format_: str
) -> int:
    """Check certificates, and the key of a signer, against every rule of the C2PA profile.

    Name a CHAIN file, or a signer with --signer; a key that lies elsewhere makes one test signature.
    With --trust it is also known whether an intermediate is missing. Ends with 1 if a rule is
    broken; warnings do not count.

    \b
    As JSON: {"passed": true or false, "rules": [{"rule": its name, "level": "error" or "warning",
    "state": "held", "broken" or "not-checked", "why", "hint" (empty unless broken)}, …]}

    \b
    Examples:
      provlabel key check chain.pem --trust root.pem
      provlabel key check --signer 'file:key.pem?chain=chain.pem' --format json
    """
    from provlabel.report.renderers.json import to_json
    from provlabel.signers import check

    results = _results(chain, signer_uri, pass_file, trust)
    passed = check.passed(results)
    if format_ == "json":
        deliver(to_json({"passed": passed, "rules": results}), None)
    else:
        deliver("\n".join(_result_lines(results, style_for(sys.stdout))) + "\n", None)
    return 0 if passed else 1


def _results(
    chain: Path | None, signer_uri: str | None, pass_file: Path | None, trust: tuple[str, ...]
) -> tuple[Result, ...]:
    from provlabel.signers import certificates, check

    _require_one(chain, signer_uri)
    anchors = "".join(item.pem for item in trust_from(trust).lists) if trust else None
    if chain is None:
        signer = open_named_signer(signer_uri, answers_from(pass_file), check=False)
        return check.examine_signer(signer, anchors_pem=anchors, shown=_shown(chain))
    return check.examine(certificates.read(chain), anchors_pem=anchors, shown=_shown(chain))


def _require_one(chain: Path | None, signer_uri: str | None) -> None:
    if chain is not None and signer_uri is not None:
        raise UsageError("CHAIN and --signer are two things to look at", hint="name one of them")


def _shown(chain: Path | None) -> str:
    """Name what is looked at; the URI of a signer may hold a PIN."""
    return "the signer" if chain is None else printable(str(chain))


def _fact_lines(facts: Iterable[Facts], style: Style) -> Iterator[str]:
    for number, item in enumerate(facts, 1):
        ends = f"{item.days_left} days left" if item.days_left >= 0 else "expired"
        yield f"{number}. {style.paint(printable(item.subject), 'bold')}"
        for name, value in (
            ("issuer", item.issuer),
            ("serial", item.serial),
            ("valid", f"{item.not_before} to {item.not_after}, {ends}"),
            ("key", item.key),
            ("usage", ", ".join(item.key_usages) or "none"),
            ("for", "issuing certificates" if item.ca else ", ".join(item.extended_key_usages) or "none"),
            ("sha256", item.sha256),
        ):
            yield f"   {style.paint(f'{name:<6}', 'dim')}  {printable(value)}"


def _result_lines(results: tuple[Result, ...], style: Style) -> Iterator[str]:
    for result in results:
        warned = result.state == "broken" and result.level == "warning"
        mark = "!" if warned else _MARKS[result.state]
        why = f"not checked: {result.why}" if result.state == "not-checked" else result.why
        yield f"{style.paint(mark, _LOOKS[mark])} {result.rule}: {printable(why, 1000)}"
        if result.hint:
            yield f"    hint: {printable(result.hint, 300)}"
    broken = Counter(result.level for result in results if result.state == "broken")
    states = Counter(result.state for result in results)
    yield (
        f"{states['held']} held, {broken['error']} broken, {broken['warning']} to be warned of, "
        f"{states['not-checked']} not checked"
    )


command.add_command(sign)
