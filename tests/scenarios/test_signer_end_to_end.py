"""Labels by every signer, from the request to the verdict, and a batch whose signer fails half-way."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import encypher_c2pa
import pytest

import pki
from kms_server import Kms
from project import MIMES, Cli, needs
from provlabel import Label, Report, TrustStore, label_file, open_signer, verify_file
from provlabel.sandbox import Sandbox
from signer_matrix import COMBINATIONS, SOFTHSM, TOKEN as BEARER, Backends
from signing_service import Canned, SigningService
from softhsm import PIN, Token

pytestmark = pytest.mark.fresh

ONE_OF_EACH = [item for item in COMBINATIONS if "es256" in str(item.id)]
FILES = ("cover.jpg", "take.wav")


def judged(path: Path, backends: Backends, sandbox: Sandbox) -> Any:
    report: Report = verify_file(path, trust=TrustStore.load(backends.root), sandbox=sandbox)
    [found] = report.files
    return found


def second_opinion(path: Path) -> str:
    return json.dumps(encypher_c2pa.verify(path.read_bytes(), MIMES[path.suffix], telemetry=False))


# --- every signer, every algorithm -----------------------------------------------------------------


@pytest.fixture(scope="module")
def file_sizes() -> dict[tuple[str, str], int]:
    """Bytes of a manifest by a key in a file: algorithm and name of the sample -> size."""
    return {}


@pytest.mark.parametrize("sample", FILES)
@pytest.mark.parametrize(("name", "algorithm"), COMBINATIONS)
def test_label_by_every_signer_is_trusted(
    name: str,
    algorithm: str,
    sample: str,
    backends: Backends,
    file_sizes: dict[tuple[str, str], int],
    media: Path,
    label: Label,
    sandbox: Sandbox,
) -> None:
    item = backends.get(name, algorithm)
    out = media / f"out-{sample}"
    receipt = label_file(media / sample, out, label, open_signer(item.uri, item.secrets), sandbox=sandbox)
    found = judged(out, backends, sandbox)
    assert (found.state, found.axes.content, found.axes.signer) == ("trusted", "intact", "trusted")
    assert found.signer.algorithm.lower() == algorithm
    assert [item.message for item in found.findings if item.level == "error"] == []
    assert "claimSignature.validated" in second_opinion(out)
    if (algorithm, sample) not in file_sizes:
        local = open_signer(backends.get("file", algorithm).uri)
        beside = label_file(media / sample, media / f"file-{sample}", label, local, sandbox=sandbox)
        file_sizes[algorithm, sample] = beside.manifest_bytes
    assert receipt.manifest_bytes <= file_sizes[algorithm, sample] + 64


@pytest.mark.parametrize("sample", FILES)
def test_second_opinion_sees_a_changed_byte(
    sample: str, backends: Backends, media: Path, label: Label, sandbox: Sandbox
) -> None:
    """Else its word above would be worth nothing."""
    out = media / f"out-{sample}"
    label_file(media / sample, out, label, open_signer(backends.get("file", "es256").uri), sandbox=sandbox)
    whole = out.read_bytes()
    at = whole.rindex(b"xmp.iid:") + 8  # in the claim, which is all that is signed
    out.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert "claimSignature.validated" not in second_opinion(out)
    assert judged(out, backends, sandbox).state == "invalid"


# --- the same through the command line -------------------------------------------------------------


class Run(NamedTuple):
    """What one ``provlabel label`` did."""

    code: int
    receipts: dict[str, dict[str, Any]]  #: name of the output -> receipt
    errors: dict[str, dict[str, Any]]  #: name of the source -> error
    stderr: str


Batch = Callable[..., Run]


@pytest.fixture
def batch(cli: Cli, media: Path, tmp_path: Path) -> Batch:
    """Label five pictures, or those named, in one run, into the folder ``out``."""
    for name in NAMES:
        shutil.copy(media / "cover.jpg", tmp_path / name)

    def run(uri: str, *options: str | Path, secret: str | None = None, names: Iterable[str] = NAMES, **env: str) -> Run:
        if secret is not None:
            (tmp_path / "secret").write_text(f"{secret}\n")
            (tmp_path / "secret").chmod(0o600)
            options = (*options, "--pass-file", "secret")
        around = {key: value for key, value in os.environ.items() if key.startswith(("AWS_", "SOFTHSM2_"))}
        done = cli(
            *("label", *names, "--kind", "ai_generated", "--signer", uri, "--out-dir", "out", "--format", "json"),
            *options,
            **{**around, **env},
        )
        told = json.loads(done.stdout) if done.stdout else {"receipts": [], "errors": []}
        return Run(
            done.returncode,
            {Path(item["output"]).name: item for item in told["receipts"]},
            {Path(item["path"]).name: item for item in told["errors"]},
            done.stderr,
        )

    return run


NAMES = ("1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg")
SECRETS = {"pkcs11": PIN, "https": BEARER}


@pytest.mark.parametrize(("name", "algorithm"), ONE_OF_EACH)
def test_command_line_with_every_signer(
    name: str, algorithm: str, backends: Backends, batch: Batch, tmp_path: Path, sandbox: Sandbox
) -> None:
    uri = backends.get(name, algorithm).uri
    run = batch(uri, secret=SECRETS.get(name))
    assert (run.code, run.errors) == (0, {}), run.stderr
    require_whole(tmp_path, run.receipts, NAMES, backends, sandbox)


def require_whole(
    folder: Path, receipts: Iterable[str], signed: Iterable[str], backends: Backends, sandbox: Sandbox
) -> None:
    """What has a receipt is there and trusted; nothing else is, and nothing half-written."""
    assert sorted(receipts) == sorted(signed)
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(signed)
    assert list(folder.rglob(".provlabel-*")) == []
    assert {judged(folder / "out" / name, backends, sandbox).state for name in signed} <= {"trusted"}


# --- a signer that fails half-way ------------------------------------------------------------------


def require_failed(run: Run, failed: Iterable[str], cause: str) -> None:
    """Each failed file is named, with the cause, in the answer and on the screen; the exit is 3."""
    assert run.code == 3, run.stderr
    assert sorted(run.errors) == sorted(failed)
    for name, error in run.errors.items():
        assert cause in error["message"], error
        assert name in error["message"]
        assert error["message"] in run.stderr


@pytest.fixture
def hooked(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Make ``--check-decode`` run a shell script before each file is signed; ``$file`` is its name."""

    def make(script: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        shim = folder / "ffmpeg"
        name = 'for a in "$@"; do case "$a" in file:*) file=$(basename "${a#file:}") ;; esac; done'
        shim.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{name}\n{script}\n")
        shim.chmod(0o700)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return make


@pytest.fixture
def token(backends: Backends) -> Token:
    made: Token = backends.server("pkcs11")
    return made


@SOFTHSM
def test_token_that_is_pulled_and_put_back(
    hooked: Callable[[str], dict[str, str]],
    token: Token,
    backends: Backends,
    batch: Batch,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    uri, away = backends.get("pkcs11", "es256").uri, token.folder / "pulled"
    env = hooked(f'case "$file" in 2*) mv {token.tokens} {away} ;; 4*) mv {away} {token.tokens} ;; esac')
    run = batch(uri, "--check-decode", secret=PIN, **env)
    require_failed(run, ("2.jpg", "3.jpg"), "the token says")
    require_whole(tmp_path, run.receipts, ("1.jpg", "4.jpg", "5.jpg"), backends, sandbox)


@SOFTHSM
def test_token_that_is_gone_for_good(
    hooked: Callable[[str], dict[str, str]],
    token: Token,
    backends: Backends,
    batch: Batch,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    uri, away = backends.get("pkcs11", "ps256").uri, token.folder / "pulled"
    env = hooked(f'case "$file" in 3*) mv {token.tokens} {away} ;; esac')
    try:
        run = batch(uri, "--check-decode", secret=PIN, **env)
    finally:
        away.rename(token.tokens)
    require_failed(run, ("3.jpg", "4.jpg", "5.jpg"), "the token says")
    require_whole(tmp_path, run.receipts, ("1.jpg", "2.jpg"), backends, sandbox)
    again = batch(uri, secret=PIN, names=run.errors)
    assert (again.code, sorted(again.receipts)) == (0, sorted(run.errors)), again.stderr
    require_whole(tmp_path, {**run.receipts, **again.receipts}, NAMES, backends, sandbox)


THROTTLED = (400, "ThrottlingException", "Rate exceeded")


@pytest.fixture
def kms(backends: Backends) -> Kms:
    made: Kms = backends.server("awskms")
    made.errors = []
    return made


@pytest.fixture
def hurried(tmp_path: Path) -> dict[str, str]:
    """Surroundings in which botocore does not wait between attempts."""
    folder = tmp_path / "hurried"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "from botocore.retries import standard\nstandard.ExponentialBackoff.delay_amount = lambda *_: 0.01\n"
    )
    return {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}


@pytest.mark.parametrize(
    ("times", "failed"), [(4, ()), (5, ("2.jpg",)), (99, NAMES[1:])], ids=["a-while", "one-file", "always"]
)
def test_kms_that_throttles(
    times: int,
    failed: tuple[str, ...],
    hurried: dict[str, str],
    kms: Kms,
    backends: Backends,
    batch: Batch,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    """The key's kind is asked for, the first file is signed; then it throttles: five attempts are made."""
    uri = backends.get("awskms", "es384").uri
    kms.errors = [None, None, *[THROTTLED] * times]
    run = batch(uri, **hurried)
    kms.errors = []
    if failed:
        require_failed(run, failed, "awskms:es384: ThrottlingException: Rate exceeded")
    assert run.code == (3 if failed else 0), run.stderr
    require_whole(tmp_path, run.receipts, set(NAMES) - set(failed), backends, sandbox)


HANGS_UP = Canned(0)


@pytest.mark.parametrize(
    ("times", "failed"), [(2, ()), (4, ("3.jpg",)), (99, NAMES[2:])], ids=["a-while", "one-file", "for-good"]
)
def test_service_that_goes_down(
    times: int, failed: tuple[str, ...], backends: Backends, batch: Batch, tmp_path: Path, sandbox: Sandbox
) -> None:
    """On the kept connection and on three new ones it hangs up; then the file is given up."""
    service: SigningService = backends.server("https")
    uri = backends.get("https", "ed25519").uri
    service.canned = [None, None, None, *[HANGS_UP] * times]
    run = batch(uri, secret=BEARER)
    service.canned = []
    if failed:
        require_failed(run, failed, "cannot be reached: ")
    assert run.code == (3 if failed else 0), run.stderr
    require_whole(tmp_path, run.receipts, set(NAMES) - set(failed), backends, sandbox)


DYING = """#!/bin/sh
[ "$1" = --signer-info ] && {{ cat {folder}/info; exit; }}
echo >> {folder}/calls
if [ $(wc -l < {folder}/calls) = 3 ]; then echo 'HSM: slot 4 is empty' >&2; kill -9 $$; fi
exec openssl dgst -sha256 -sign {folder}/key.pem
"""


@needs("openssl")
def test_program_that_dies_on_the_third_file(
    backends: Backends, batch: Batch, tmp_path: Path, sandbox: Sandbox
) -> None:
    folder = tmp_path / "signer"
    pki.write(folder, backends.issued["es256"])
    (folder / "info").write_text(json.dumps({"alg": "es256", "sign_cert": backends.issued["es256"].pem}))
    program = folder / "sign.sh"
    program.write_text(DYING.format(folder=folder))
    program.chmod(0o700)
    run = batch(f"cmd:{program}")
    require_failed(run, ("3.jpg",), "was killed by signal 9: HSM: slot 4 is empty")
    require_whole(tmp_path, run.receipts, set(NAMES) - {"3.jpg"}, backends, sandbox)
    again = batch(f"cmd:{program}", names=run.errors)
    assert (again.code, sorted(again.receipts)) == (0, ["3.jpg"])


@pytest.mark.parametrize("how", ["in-place", "detached"])
def test_failing_signer_leaves_the_sources_alone(
    how: str, kms: Kms, backends: Backends, cli: Cli, media: Path, tmp_path: Path
) -> None:
    """Every way to write, refused at the second file."""
    uri = backends.get("awskms", "es256").uri
    for name in NAMES[:3]:
        shutil.copy(media / "cover.jpg", tmp_path / name)
    kms.errors = [None, None, (400, "AccessDeniedException", "no"), None]
    around = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    done = cli("label", *NAMES[:3], "--kind", "ai_generated", "--signer", uri, f"--{how}", **around)
    assert done.returncode == 3
    assert "2.jpg: awskms:es256: AccessDeniedException: no" in done.stderr
    original = (media / "cover.jpg").read_bytes()
    changed = {name for name in NAMES[:3] if (tmp_path / name).read_bytes() != original}
    beside = {path.name for path in tmp_path.glob("*.c2pa")}
    assert (changed, beside) == (
        ({"1.jpg", "3.jpg"}, set()) if how == "in-place" else (set(), {"1.jpg.c2pa", "3.jpg.c2pa"})
    )
    assert list(tmp_path.rglob(".provlabel-*")) == []
