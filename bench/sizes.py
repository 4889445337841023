"""Where the bytes of a manifest go: the fullest example label, signed with a local key, box by box."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from provlabel import label_file, load_label, open_signer

ROOT = Path(__file__).parents[1]


def account(store: bytes) -> Counter[str]:
    """Sum the bytes of a manifest store by the label of the innermost box that has one."""
    sizes: Counter[str] = Counter()
    _walk(store, "store", sizes)
    return sizes


def _walk(data: bytes, label: str, sizes: Counter[str]) -> None:
    offset = 0
    while offset + 8 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big") or len(data) - offset
        kind, body = data[offset + 4 : offset + 8], data[offset + 8 : offset + length]
        if kind == b"jumb":
            description = int.from_bytes(body[:4], "big")
            name = body[8 + 17 : description].split(b"\x00", 1)[0].decode()
            sizes["JUMBF boxes"] += 8 + description
            _walk(body[description:], name if not name.startswith("urn:") else "manifest", sizes)
        else:
            sizes[label] += length
        offset += length


def main() -> None:
    """Print one table for each example label."""
    with tempfile.TemporaryDirectory() as folder:
        signer = open_signer(f"test:{folder}/key")
        source = Path(folder, "take.wav")
        source.write_bytes((ROOT / "samples" / "media" / "take.wav").read_bytes())
        for path in sorted((ROOT / "samples" / "labels").glob("*.toml")):
            label_file(source, source, load_label(path), signer, personal=True, detached=True, replace=True)
            beside = source.with_name("take.wav.c2pa")
            store = beside.read_bytes()
            beside.unlink()
            sizes = account(store)
            print(f"{path.stem}: {len(store):,} bytes")
            for name, size in sizes.most_common():
                print(f"  {size:6,}  {name}")


if __name__ == "__main__":
    main()
