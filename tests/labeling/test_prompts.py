"""A prompt that anybody can read: found wherever it stands, warned of, and taken out where that can be done."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from project import MEDIA, Cli
from provlabel import InputError, Label, Prompt, System, TrustStore, label_file, redact_file, verify_file
from provlabel.label.prompts import holds_prompt, is_prompt
from provlabel.policy import Gate, Policy
from provlabel.sandbox import Sandbox
from provlabel.signers import Signer

SECRET = "a castle of sand at night"
LABEL = Label(kind="ai_generated", systems=(System(name="A"),))
TOLD = Label(kind="ai_generated", systems=(System(name="A"),), prompt=Prompt(text=SECRET))
NO_PROMPTS = Gate.of(Policy(forbid=("clear-prompt",)))
STEPS = f"{SECRET}\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7"
COMFY = json.dumps({"3": {"class_type": "CLIPTextEncode", "inputs": {"text": SECRET}}})
GRAPH = json.dumps({"nodes": [{"widgets_values": [SECRET]}]})
#: Keyword of a text chunk, and what a generator or a person wrote there.
TEXTS = {
    "parameters": STEPS,
    "prompt": COMFY,
    "workflow": GRAPH,
    "invokeai_metadata": json.dumps({"positive_prompt": SECRET}),
    "sd-metadata": json.dumps({"image": {"prompt": SECRET}}),
    "Comment": json.dumps({"prompt": SECRET, "uncond_scale": 0.0}),
    "Description": f"{SECRET} --ar 16:9 --v 6 Job ID: 0000",
    "negative_prompt": SECRET,
    "Revised Prompt": SECRET,
}


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_text(path: Path, keyword: str, text: str, kind: str = "tEXt") -> Path:
    """A picture with a chunk of text before its pixels."""
    content = (MEDIA / "still.png").read_bytes()
    key, raw = keyword.encode() + b"\0", text.encode()
    body = {"tEXt": key + raw, "zTXt": key + b"\0" + zlib.compress(raw), "iTXt": key + b"\0\0\0\0" + raw}[kind]
    at = content.index(b"IDAT") - 4
    path.write_bytes(content[:at] + chunk(kind.encode(), body) + content[at:])
    return path


Judge = Callable[[Path], "list[str]"]


@pytest.fixture
def places(trust: TrustStore, sandbox: Sandbox) -> Judge:
    """Where a policy that forbids prompts in clear finds some."""

    def judge(path: Path) -> list[str]:
        file = verify_file(path, trust=trust, policy=NO_PROMPTS, sandbox=sandbox).files[0]
        assert file.axes.content == "intact"
        found = [item.message.partition(": ")[2] for item in file.findings if item.rule == "policy.clear-prompt"]
        assert file.passed == (not found)
        return found

    return judge


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
@pytest.mark.parametrize("keyword", TEXTS)
def test_what_a_generator_leaves_is_found_warned_of_and_taken_out(
    keyword: str, kind: str, tmp_path: Path, signer: Signer, sandbox: Sandbox, places: Judge
) -> None:
    source, dest = with_text(tmp_path / "a.png", keyword, TEXTS[keyword], kind), tmp_path / "signed.png"
    receipt = label_file(source, dest, LABEL, signer, sandbox=sandbox)
    assert any(f"can be read in {keyword} in the text chunks" in text for text in receipt.warnings)
    assert SECRET not in str(receipt.warnings)
    assert places(dest) == [f"{keyword} in the text chunks"]
    clean = tmp_path / "clean.png"
    receipt = redact_file(dest, clean, signer, sandbox=sandbox, generator_metadata=True)
    assert not any("can still be read" in text for text in receipt.warnings)
    assert places(clean) == []
    assert keyword.encode() + b"\0" not in clean.read_bytes()
    with Image.open(source) as before, Image.open(clean) as after:
        assert before.tobytes() == after.tobytes()


def test_a_prompt_that_was_signed_before_stays_in_the_history(
    tmp_path: Path, signer: Signer, sandbox: Sandbox, places: Judge
) -> None:
    first, second = tmp_path / "first.jpg", tmp_path / "second.jpg"
    label_file(MEDIA / "cover.jpg", first, TOLD, signer, prompt_mode="clear", sandbox=sandbox)
    receipt = label_file(first, second, TOLD, signer, prompt_mode="omit", sandbox=sandbox)
    assert any("org.provlabel.personal" in text for text in receipt.warnings)
    found = places(second)
    assert any("org.provlabel.personal of urn:c2pa:" in place for place in found)
    assert any("AIPromptInformation" in place for place in found)
    clean = tmp_path / "clean.jpg"
    redact_file(second, clean, signer, sandbox=sandbox)
    assert places(clean) == []
    assert SECRET.encode() not in clean.read_bytes()


@pytest.mark.parametrize("mode", ["omit", "hash"])
def test_an_ingredient_brings_its_prompt_along(
    mode: str, tmp_path: Path, signer: Signer, sandbox: Sandbox, places: Judge
) -> None:
    part, whole = tmp_path / "part.png", tmp_path / "whole.jpg"
    label_file(MEDIA / "still.png", part, TOLD, signer, prompt_mode="clear", sandbox=sandbox)
    how = {"ingredients": (part,), "prompt_mode": mode}
    receipt = label_file(MEDIA / "cover.jpg", whole, TOLD, signer, sandbox=sandbox, **how)  # type: ignore[arg-type]
    assert any("org.provlabel.personal" in text for text in receipt.warnings)
    assert len(places(whole)) == 1


def test_honest_labels_that_withhold_a_prompt_pass(
    tmp_path: Path, signer: Signer, sandbox: Sandbox, places: Judge
) -> None:
    for mode in ("omit", "hash"):
        dest = tmp_path / f"{mode}.jpg"
        receipt = label_file(
            MEDIA / "cover.jpg", dest, TOLD, signer, prompt_mode=mode, inputs=True, sandbox=sandbox  # type: ignore[arg-type]
        )  # fmt: skip
        assert not any("prompt can be read" in text for text in receipt.warnings)
        assert places(dest) == []


@pytest.fixture
def exif(tmp_path: Path) -> Iterator[Path]:
    """A picture of a front end that writes its parameters into EXIF."""
    path, data = tmp_path / "exif.jpg", Image.Exif()
    data.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + STEPS.replace("\n", " ").encode()
    data[0x010E] = "Lighthouse at dawn"
    with Image.open(MEDIA / "cover.jpg") as picture:
        picture.save(path, exif=data)
    return path


@pytest.fixture
def shared_exif(exif: Path) -> Path:
    """The same, and another tag whose text lies in the same bytes."""
    content, text = bytearray(exif.read_bytes()), STEPS.replace("\n", " ").encode()
    base = content.index(b"Exif\0\0") + 6
    order = "little" if content[base : base + 2] == b"II" else "big"
    at = content.index(text) - base
    first = base + int.from_bytes(content[base + 4 : base + 8], order)  # type: ignore[arg-type]
    assert int.from_bytes(content[first : first + 2], order) == 2, "a description, and the way to the rest"  # type: ignore[arg-type]
    entry = first + 2
    content[entry + 4 : entry + 12] = (len(text)).to_bytes(4, order) + at.to_bytes(4, order)  # type: ignore[arg-type]
    exif.write_bytes(content)
    return exif


def test_what_cannot_be_taken_out_is_named(
    shared_exif: Path, tmp_path: Path, signer: Signer, sandbox: Sandbox, places: Judge, cli: Cli
) -> None:
    exif, dest = shared_exif, tmp_path / "signed.jpg"
    label_file(exif, dest, TOLD, signer, prompt_mode="clear", carriers=(), sandbox=sandbox)
    assert {place.partition(" ")[0] for place in places(dest)} == {"org.provlabel.personal", "UserComment"}
    done = cli("redact", dest, "--personal", "--generator-metadata", "--signer", "test", "-o", "clean.jpg")
    assert done.returncode == 0, done.stderr
    assert "a prompt can still be read: UserComment" in done.stderr
    assert [place.partition(" ")[0] for place in places(tmp_path / "clean.jpg")] == ["UserComment"]
    with pytest.raises(InputError, match="holds no personal fields, and a prompt that can be read in UserComment"):
        redact_file(tmp_path / "clean.jpg", tmp_path / "no.jpg", signer, sandbox=sandbox, generator_metadata=True)
    assert not (tmp_path / "no.jpg").exists()


NAMES = (
    "Iptc4xmpExt:AIPromptInformation", "prompt", "PROMPT", "TXXX:Prompt", "sd:prompt", "negative_prompt", "prompts",
    "positivePrompt", "com.acme.prompt_text", "Revised Prompt", "promptText",
)  # fmt: skip
OTHERS = ("Iptc4xmpExt:AIPromptWriterName", "prompted", "promptly", "impromptu", "prompt_sha256", "prompt_salt", "")


def test_names_of_prompts() -> None:
    assert [name for name in NAMES if not is_prompt(name)] == []
    assert [name for name in OTHERS if is_prompt(name)] == []


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ({"prompt": {"mode": "hash", "sha256": "00"}}, False),
        ({"prompt": {"mode": "omit", "writer": "Ada"}}, False),
        ({"prompt": " "}, False),
        ({"prompt": {"mode": "clear", "text": SECRET}}, True),
        ({"actions": [{"parameters": {"com.acme": {"prompt": SECRET}}}]}, True),
        ({"Iptc4xmpExt:AIPromptInformation": {"x-default": SECRET}}, True),
        ({"prompts": [SECRET]}, True),
    ],
)
def test_what_is_said_by_a_name_that_means_a_prompt(data: object, holds: bool) -> None:
    assert holds_prompt(data) is holds
