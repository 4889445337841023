"""Make the files of the self-test: small pictures signed with keys that are thrown away, and the anchors for them.

Run: ``python samples/make_selftest.py``; needs Pillow, cryptography and ``openssl ts``.  The certificates hold from
2000 to 2099, so that the clock of a machine makes no difference.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from provlabel import Label, Timestamper, engine, label_file, open_signer
from provlabel.engine.selftest.checks import REMOTE
from provlabel.manifest.write import Definition

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
import pki
import tsa
from provlabel.engine import signing
from provlabel.engine.credential import EngineCredential

FOLDER = Path(__file__).parents[1] / "src" / "provlabel" / "engine" / "selftest"
PNG = "image/png"
NOW = dt.datetime.now(dt.timezone.utc)
BEGINS = dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc) - NOW
LASTS = dt.datetime(2099, 12, 31, tzinfo=dt.timezone.utc) - NOW - BEGINS
CREATED = {
    "label": "c2pa.actions.v2",
    "created": True,
    "data": {
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            }
        ]
    },
}
#: An identity that nobody can read.
DAMAGED = {"label": "cawg.identity", "data": {"signer_payload": {}, "signature": "x"}}


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(made, "PNG")
    return made.getvalue()


def signed(credential: EngineCredential, *more: dict[str, Any]) -> bytes:
    """Sign a picture as little as the engine allows."""
    made = {"claim_generator_info": [{"name": "provlabel"}], "assertions": [CREATED, *more]}
    dest = io.BytesIO()
    signing.sign(Definition(made, {}), io.BytesIO(picture()), dest, PNG, credential)
    return dest.getvalue()


def remote(credential_of: tuple[bytes, bytes, bytes]) -> bytes:
    """A picture that says only where its manifest lies; we never write one, so this is the engine's doing."""
    c2pa = engine.binding()
    made = {"claim_generator_info": [{"name": "provlabel"}], "assertions": [CREATED]}
    builder = c2pa.Builder(json.dumps(made), c2pa.Context.from_json(json.dumps(engine.settings())))
    builder.set_no_embed()
    builder.set_remote_url(REMOTE)
    dest = io.BytesIO()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(*credential_of, None))
    builder.sign(signer, PNG, io.BytesIO(picture()), dest)
    return dest.getvalue()


def stamped(folder: Path, signer: str) -> bytes:
    """A picture with a timestamp of an authority of our own."""
    root = pki.root("provlabel self-test clock root", begins=BEGINS, lasts=LASTS)
    clock = pki.leaf(root, eku=pki.TIME_STAMPING, common="provlabel self-test clock", begins=BEGINS, lasts=LASTS)
    source, dest = folder / "source.png", folder / "stamped.png"
    source.write_bytes(picture())
    with tsa.serving(tsa.Authority(folder / "tsa", root, clock)) as (url, _):
        stamper = Timestamper(urls=(url,), room=2000)
        label_file(source, dest, Label(kind="ai_generated"), open_signer(signer), timestamper=stamper, carriers=())
    (FOLDER / "clock.pem").write_text(root.pem)
    return dest.read_bytes()


def main() -> None:
    """Write all files."""
    root = pki.root("provlabel self-test root", begins=BEGINS, lasts=LASTS)
    leaf = pki.leaf(root, common="provlabel self-test", begins=BEGINS, lasts=LASTS, ocsp="http://127.0.0.1:9/ocsp")
    credential = EngineCredential("es256", leaf.pem, leaf.key_pem())
    (FOLDER / "root.pem").write_text(root.pem)
    (FOLDER / "chain.pem").write_text(leaf.pem)
    (FOLDER / "signed.png").write_bytes(signed(credential))
    (FOLDER / "identity.png").write_bytes(signed(credential, DAMAGED))
    (FOLDER / "remote.png").write_bytes(remote((b"es256", leaf.pem.encode(), leaf.key_pem())))
    with tempfile.TemporaryDirectory() as folder:
        (FOLDER / "stamped.png").write_bytes(stamped(Path(folder), pki.write(Path(folder, "key"), leaf, root)))


if __name__ == "__main__":
    main()
