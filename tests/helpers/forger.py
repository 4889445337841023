"""A signer whom nobody trusts, and who writes signatures as they like."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

import pki
from project import MEDIA
from provlabel import Label, TrustStore, label_file, open_signer
from provlabel.manifest import cose
from provlabel.sandbox import Sandbox


def der(issued: pki.Issued) -> bytes:
    return issued.certificate.public_bytes(ser.Encoding.DER)


class Forger:
    """A signer whom nobody trusts, with a detached manifest whose signature they can write as they like."""

    def __init__(self, folder: Path, label: Label, sandbox: Sandbox, by: pki.Issued, root: pki.Issued) -> None:
        self.by, self.path = by, folder / "a.jpg"
        folder.mkdir()
        shutil.copy(MEDIA / "cover.jpg", self.path)
        signer = open_signer(pki.write(folder / "key", by))
        label_file(self.path, None, label, signer, detached=True, stamp_room=20_000, sandbox=sandbox)
        self.sidecar = folder / "a.jpg.c2pa"
        self.store = self.sidecar.read_bytes()
        (folder / "root.pem").write_text(root.pem)
        self.trust = TrustStore.load(folder / "root.pem")

    def sign(self, protected: dict[Any, Any], unprotected: dict[Any, Any]) -> None:
        place = cose.place(self.store)
        raw = cbor2.dumps(protected)
        value = cose.raw_ecdsa(
            "es256", self.by.key.sign(cose.to_be_signed(raw, place.claim), ec.ECDSA(hashes.SHA256()))
        )
        bare = len(cbor2.dumps(cbor2.CBORTag(18, [raw, {**unprotected, "pad": b""}, None, value])))
        for pad in range(place.length - bare, 0, -1)[:8]:
            whole = cbor2.dumps(cbor2.CBORTag(18, [raw, {**unprotected, "pad": bytes(pad)}, None, value]))
            if len(whole) == place.length:
                self.sidecar.write_bytes(place.put(self.store, whole))
                return
        raise AssertionError("no padding fits")
