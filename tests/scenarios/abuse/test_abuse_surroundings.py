"""What lies around: planted code and settings, odd paths, key files of others, huge and growing files, processes."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import cbor2
import pytest

from attacks import ATTACKS
from project import MEDIA, ROOT, SAMPLES, Cli, needs
from provlabel import ConfigError, InputError, Label, TrustStore, label_file, open_signer, verify_file
from provlabel.cli import _COMMANDS
from provlabel.manifest.limits import MAX_SIZE
from provlabel.sandbox import Sandbox
from provlabel.sandbox.pool import shared_sandbox
from provlabel.signers import Signer
from provlabel.signers.material import read_secrets
from stores import load, store_of
from terminal import escaped

pytestmark = pytest.mark.fresh

# --- planted code and settings (row 35) ---------------------------------------------------------------

MODULES = ("json", "msgspec", "provlabel", "click", "c2pa", "sitecustomize", "usercustomize", "PIL", "ssl", "_worker")
COMMANDS: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "still.png", "--trust", "test"),
    "verify a folder": ("verify", ".", "--workers", "2", "--no-cache", "--format", "html", "-o", "../page.html"),
    "show": ("show", "still.png"),
    "label": ("label", "still.png", "-o", "../out.png", "--kind", "ai_generated", "--signer", "test", "--thumbnail"),
    "batch": ("batch", ".", "--out-dir", "../out", "--label", "label.json", "--signer", "test", "--workers", "2"),
}


@pytest.fixture
def poisoned(tmp_path: Path) -> Path:
    """A checkout in which everything that a program may look for in its folder runs code of somebody else."""
    checkout = tmp_path / "checkout"
    for where in (checkout, checkout / "libs", checkout / "artifacts"):
        where.mkdir()
        for name in ("libc2pa_c.so", "libc2pa_c.dylib", "c2pa_c.dll"):
            (where / name).write_bytes(b"\x7fELF no library at all")
    for name in MODULES:
        (checkout / f"{name}.py").write_text("import os\nopen(os.path.join(os.environ['HOME'], 'pwned'), 'w')\n")
    (checkout / ".env").write_text("PROVLABEL_SIGNER=file:key.pem\n")
    (checkout / ".config").mkdir()
    (checkout / "pyvenv.cfg").write_text("home = .\n")
    shutil.copy(MEDIA / "still.png", checkout / "still.png")
    (checkout / "label.json").write_text('{"kind": "ai_generated"}')
    return checkout


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_loaded_from_the_working_directory(name: str, poisoned: Path, home: Path, credential: Path) -> None:
    """By the command ``provlabel``; ``python -m`` imports from where one stands, as it always does.

    What the environment names (``PYTHONPATH``, ``LD_PRELOAD``) is chosen by whoever starts the program.
    """
    program = Path(sys.executable).parent / "provlabel"
    if not program.exists():
        pytest.skip("provlabel is not installed as a command")
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [program, *COMMANDS[name]], cwd=poisoned, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "pwned").exists()
    assert not list(poisoned.parent.rglob("pwned"))


def test_a_planted_module_would_be_seen(poisoned: Path, home: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(poisoned)}
    subprocess.run([sys.executable, "-c", "import json"], cwd=poisoned, env=env, check=False)
    assert (poisoned / "pwned").exists()


def test_settings_are_not_read_from_a_file_beside(poisoned: Path, cli: Cli) -> None:
    """``.env`` names a signer, and would be obeyed by programs that read it."""
    for name in MODULES:
        (poisoned / f"{name}.py").unlink()
    done = cli("label", "still.png", "-o", "out.png", "--kind", "ai_generated", cwd=poisoned)
    assert done.returncode == 2
    assert "--signer" in done.stderr


# --- paths (rows 17, 21, 23) --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["socket", "fifo", "device", "folder"])
def test_what_is_no_file_is_never_opened_for_long(kind: str, tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "odd.png"
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/urandom")
    for args in (
        ("verify", path),
        ("show", path),
        ("lint", path),
        ("label", path, "--label", path, "--signer", "test"),
    ):
        done = cli(*args)
        assert done.returncode in (2, 3) or (kind == "folder" and args[0] == "verify"), (args, done.stdout)
        escaped(done)


@pytest.mark.parametrize("output", ["../outside.png", "{}/outside.png", "a/../../outside.png"])
def test_a_job_list_that_leads_elsewhere_writes_nothing_there(output: str, tmp_path: Path, cli: Cli) -> None:
    """A list that somebody else wrote names where results go: with ``--out-dir`` they go nowhere else."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(MEDIA / "still.png", folder / "still.png")
    target = output.format(tmp_path)
    row = {"path": str(folder / "still.png"), "out": target, "label": {"kind": "ai_generated"}}
    (folder / "jobs.jsonl").write_text(json.dumps(row) + "\n")
    before = set(tmp_path.rglob("*"))
    done = cli("batch", "--jobs", folder / "jobs.jsonl", "--out-dir", folder / "out", "--signer", "test", cwd=folder)
    escaped(done)
    made = {path for path in set(tmp_path.rglob("*")) - before if path.suffix == ".png"}
    assert all(path.is_relative_to(folder / "out") for path in made), made


def test_a_scratch_file_that_somebody_planted_is_not_written_through(tmp_path: Path, cli: Cli) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    shutil.copy(MEDIA / "still.png", tmp_path / "a.png")
    for number in range(64):
        (tmp_path / f".provlabel-{number:02x}.png").symlink_to(victim)
    done = cli("label", tmp_path / "a.png", "-o", tmp_path / "b.png", "--kind", "ai_generated", "--signer", "test")
    assert done.returncode == 0, done.stderr
    assert victim.read_text() == "mine"
    assert not (tmp_path / "b.png").is_symlink()


def test_an_output_folder_that_becomes_a_link_is_written_where_it_was_asked(tmp_path: Path, cli: Cli) -> None:
    """It is the user's own folder: what it leads to is theirs to say, and no name below it is followed."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "still.labeled.png").symlink_to(outside / "other.png")
    shutil.copy(MEDIA / "still.png", tmp_path / "still.png")
    order = ("label", tmp_path / "still.png", "--kind", "ai_generated", "--signer", "test")
    done = cli(*order, "-o", inside / "still.labeled.png")
    assert done.returncode == 3
    assert list(outside.iterdir()) == []
    assert (inside / "still.labeled.png").is_symlink()


def test_names_that_differ_in_form_alone_are_two_files(tmp_path: Path, cli: Cli) -> None:
    """NFC and NFD twins, and names that differ in case."""
    twins = [unicodedata.normalize(form, "Türöffner.png") for form in ("NFC", "NFD")] + ["Still.png", "still.png"]
    for name in twins:
        shutil.copy(MEDIA / "still.png", tmp_path / name)
    if len(list(tmp_path.iterdir())) != len(twins):
        pytest.skip("this file system takes them for one name")
    report = json.loads(cli("verify", tmp_path, "--format", "json").stdout)
    assert sorted(Path(item["path"]).name for item in report["files"]) == sorted(twins)
    done = cli("label", *[tmp_path / name for name in twins], "--out-dir", tmp_path / "out", "--kind", "ai_generated",
               "--signer", "test")  # fmt: skip
    assert done.returncode in (0, 2), done.stderr
    made = list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else []
    assert len(made) == (len(twins) if done.returncode == 0 else 0)


def huge(path: Path) -> Path:
    """A file of 100 GB that takes no place on the disk."""
    shutil.copy(MEDIA / "still.png", path)
    try:
        os.truncate(path, 100 << 30)
    except OSError:
        pytest.skip("this file system has no files of 100 GB")
    return path


@pytest.mark.parametrize("args", [("verify", "{}"), ("verify", "{}/.."), ("show", "{}"), ("diff", "{}", "{}")],
                         ids=["verify", "verify a folder", "show", "diff"])  # fmt: skip
def test_a_file_of_100_gb_is_refused_at_once(args: tuple[str, ...], tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "in").mkdir()
    path = huge(tmp_path / "in" / "huge.png")
    folder = str(path.parent)
    done = cli(*(part.replace("{}/..", folder).replace("{}", str(path)) for part in args))  # cli gives it 120 s
    assert done.returncode in (1, 3)
    assert args[0] == "diff" or f"larger than {MAX_SIZE >> 30} GiB" in done.stdout


def test_a_file_of_100_gb_is_not_signed(tmp_path: Path, label: Label, signer: Signer, sandbox: Sandbox) -> None:
    path = huge(tmp_path / "huge.png")
    with pytest.raises(InputError, match="larger than 64 GiB"):
        label_file(path, tmp_path / "out.png", label, signer, sandbox=sandbox)
    assert [item.name for item in tmp_path.iterdir()] == ["huge.png"]


def test_a_file_that_grows_while_it_is_read_is_not_believed(
    tmp_path: Path, label: Label, signer: Signer, trust: TrustStore, sandbox: Sandbox
) -> None:
    path = tmp_path / "grows.wav"
    label_file(MEDIA / "take.wav", path, label, signer, sandbox=sandbox)
    stop, states = threading.Event(), set()

    def grow() -> None:
        while not stop.is_set():
            with path.open("ab") as stream:
                stream.write(b"\0" * 64)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        for _ in range(30):
            states.add(verify_file(path, trust=trust, sandbox=sandbox).files[0].state)
    finally:
        stop.set()
        thread.join()
    assert states <= {"unreadable", "invalid"}


# --- key files (row 14) -------------------------------------------------------------------------------


@pytest.fixture
def key(tmp_path: Path) -> Path:
    open_signer(f"test:{tmp_path / 'test'}")
    return next(path for path in (tmp_path / "test").iterdir() if b"PRIVATE KEY" in path.read_bytes())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o606, 0o644, 0o666, 0o620, 0o602])
def test_a_key_that_others_can_reach_is_refused_before_it_is_used(mode: int, key: Path, media: Path, cli: Cli) -> None:
    key.chmod(mode)
    done = cli("label", media / "still.png", "-o", media / "o.png", "--kind", "ai_generated", "--signer", f"file:{key}")
    assert done.returncode == 2, done.stderr
    assert "others can" in done.stderr
    assert "chmod" in done.stderr
    assert not (media / "o.png").exists()


@pytest.mark.parametrize("kind", ["link to one that others read", "fifo", "folder", "socket"])
def test_a_key_that_is_no_private_file_is_refused(kind: str, key: Path, media: Path, cli: Cli) -> None:
    odd = key.parent / "odd.pem"
    if kind == "fifo":
        os.mkfifo(odd, 0o600)
    elif kind == "folder":
        odd.mkdir(0o700)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(odd))
    else:
        (key.parent / "real.pem").write_bytes(key.read_bytes())
        (key.parent / "real.pem").chmod(0o644)
        odd.symlink_to("real.pem")
    done = cli("label", media / "still.png", "-o", media / "o.png", "--kind", "ai_generated", "--signer", f"file:{odd}")
    assert done.returncode in (2, 3)
    assert not (media / "o.png").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_that_belongs_to_another_is_refused(key: Path, media: Path, cli: Cli) -> None:
    """Whoever owns it can read it, and can change it, whatever its mode is."""
    os.chown(key, 65534, 65534)
    done = cli("label", media / "still.png", "-o", media / "o.png", "--kind", "ai_generated", "--signer", f"file:{key}")
    assert done.returncode == 2, done.stderr
    assert "belongs to" in done.stderr or "others can" in done.stderr
    with pytest.raises(ConfigError):
        read_secrets(key)


# --- what is signed tells nothing else (rows 38, 39) ----------------------------------------------------


def test_each_salt_is_random_and_of_16_bytes(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    """The salts of redactable assertions (C2PA 2.4 §8.4.2.3), and of the hash of a prompt, in the boxes themselves."""
    label = {"kind": "ai_generated", "prompt": {"text": "one of few"}, "people": [{"id": "p1", "name": "A. Person"}]}
    (tmp_path / "label.json").write_text(json.dumps(label))
    from provlabel import load_label

    salts: list[bytes] = []
    for number in range(4):
        out = tmp_path / f"{number}.png"
        label_file(MEDIA / "still.png", out, load_label(tmp_path / "label.json"), signer, personal=True,
                   prompt_mode="hash", sandbox=sandbox)  # fmt: skip
        found = assertion_salts(store_of(out.read_bytes()))
        assert found, "no assertion of ours has a salt"
        salts += found
    assert all(len(salt) == 16 for salt in salts)
    assert len(set(salts)) == len(salts)
    assert all(len(set(salt)) > 4 for salt in salts)


def assertion_salts(raw: bytes) -> list[bytes]:
    """Each byte string under a key ``salt`` in our own assertions, and each ``c2sh`` box in any."""
    [root] = load(raw)
    found: list[bytes] = []
    for box in root.inside[-1].child("c2pa.assertions").inside[1:]:
        said = box.inside[0].body
        if (at := said.find(b"c2sh", 17)) > 0:
            found.append(said[at + 4 : at - 4 + int.from_bytes(said[at - 4 : at], "big")])
        if box.label.startswith("org.provlabel") and box.content.kind == b"cbor":
            found += _salts(cbor2.loads(box.content.body))
    return found


def _salts(value: object) -> list[bytes]:
    if isinstance(value, dict):
        own = [item for name, item in value.items() if name == "salt" and isinstance(item, bytes)]
        text = [bytes.fromhex(item) for name, item in value.items() if name == "salt" and isinstance(item, str)]
        return own + text + [salt for item in value.values() for salt in _salts(item)]
    return [salt for item in value for salt in _salts(item)] if isinstance(value, list) else []


def test_nothing_of_the_machine_gets_into_a_manifest(tmp_path: Path, signer: Signer, sandbox: Sandbox) -> None:
    """No path, user, host or folder, and no picture of what was there before."""
    folder = tmp_path / "canary-folder-7f3a"
    folder.mkdir()
    for name in SAMPLES:
        source = folder / f"canary-name-7f3a{Path(name).suffix}"
        shutil.copy(MEDIA / name, source)
        out = tmp_path / f"out{source.suffix}"
        label_file(source, out, Label(kind="ai_generated"), signer, sandbox=sandbox)
        content = out.read_bytes()
        told = [word for word in _machine() if word in content]
        assert told == []
        assert b"canary-folder-7f3a" not in content
        assert b"canary-name-7f3a" not in content
        assert b"c2pa.thumbnail" not in content


def _machine() -> list[bytes]:
    import getpass

    words = [socket.gethostname(), getpass.getuser() if len(getpass.getuser()) > 5 else "", str(Path.home())]
    return [word.encode() for word in words if len(word) > 5]


# --- text that comes from others (rows 28, 29) ----------------------------------------------------------

#: Attacks that a name of a file can hold, and an argument too; several in each name, since each run takes its time.
_PLAIN = [
    text.replace("/", "|").replace("\0", "")[:40]
    for name, text in ATTACKS.items()
    if name not in ("surrogates", "very long")
]
NAMES = ["".join(_PLAIN[at : at + 5]) for at in range(0, len(_PLAIN), 5)]


@pytest.mark.parametrize("text", NAMES, ids=range(len(NAMES)))
def test_no_name_acts_on_whoever_reads_the_output(text: str, tmp_path: Path, cli: Cli) -> None:
    """Of commands whose outputs are not attacked field by field elsewhere."""
    bad = tmp_path / f"{text}.png"
    shutil.copy(MEDIA / "still.png", bad)
    pem = tmp_path / f"{text}.pem"
    pem.write_text("no certificate")
    for args in (
        ("show", bad),
        ("trust", "show", "--trust", pem),
        ("label", bad, "--kind", f"k{text}", "--signer", "test", "--title", f"t{text}", "--out-dir", tmp_path / "out"),
        ("stamp", bad, "-o", tmp_path / "o.png", "--tsa", f"http://{text}/"),
        (f"c{text}",),
    ):
        escaped(cli(*args))


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_no_argument_acts_on_whoever_reads_the_error(command: str, cli: Cli) -> None:
    done = cli(command, f"--{''.join(NAMES)}", *NAMES)
    assert done.returncode == 2
    escaped(done)


def test_a_table_holds_no_formula(tmp_path: Path, cli: Cli) -> None:
    """Spreadsheets run a cell that begins with one of these signs."""
    labels = []
    for number, text in enumerate((*(f"{sign}cmd|' /C calc'!A0" for sign in "=+-@"), ATTACKS["formula"])):
        label = {"kind": "ai_generated", "provider": {"name": text}, "systems": [{"name": text}]}
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(label))
        labels.append(path)
    done = cli("export", *labels, "--to", "csv")
    assert done.returncode == 0, done.stderr
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert any("calc" in cell for cell in cells)
    risky = [cell for cell in cells if re.match(r"[=+\-@\t\r]", cell)]
    assert risky == []


# --- processes (row 48) -------------------------------------------------------------------------------


def _verified(args: tuple[str, str]) -> str:
    return verify_file(args[0], trust=TrustStore.load(args[1])).files[0].state


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_a_server_verify_whatever_started_them(
    method: str, tmp_path: Path, label: Label, signer: Signer, credential: Path, sandbox: Sandbox
) -> None:
    """After a worker was used here, which a forked copy must not use as its own."""
    out = tmp_path / "a.png"
    label_file(MEDIA / "still.png", out, label, signer, sandbox=sandbox)
    root = str(credential / "root.pem")
    assert _verified((str(out), root)) == "trusted"
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_verified, [(str(out), root)] * 6) == ["trusted"] * 6
    assert _verified((str(out), root)) == "trusted"
    shared_sandbox().close()


# --- modes of what we write ---------------------------------------------------------------------------


@needs("setpriv")
def test_what_holds_a_secret_is_for_its_owner_alone(tmp_path: Path, cli: Cli) -> None:
    done = cli("key", "init", tmp_path / "key")
    assert done.returncode == 0, done.stderr
    private = [path for path in (tmp_path / "key").iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert private
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in private)


def test_a_batch_needs_no_place_where_its_workers_meet(tmp_path: Path, cli: Cli) -> None:
    """The path of a socket has room for a hundred bytes; pipes have no path."""
    far = tmp_path / ("a" * 100)
    far.mkdir()
    (tmp_path / "label.json").write_text('{"kind": "ai_generated"}')
    shutil.copytree(MEDIA, tmp_path / "media")
    order = ("batch", tmp_path / "media", "--out-dir", tmp_path / "out", "--label", tmp_path / "label.json")
    done = cli(*order, "--signer", "test", TMPDIR=str(far))
    assert done.returncode == 0, done.stderr
    assert list(far.iterdir()) == []
