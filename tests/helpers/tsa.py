"""A time authority on loopback: `openssl ts` behind HTTP, honest or in any of the ways that one can fail."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import tsp

import pki

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_CONF = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/cert.pem
signer_key = {folder}/key.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """One credential of a time authority, and the answers it can be made to give."""

    def __init__(self, folder: Path, root: pki.Issued, issued: pki.Issued | None = None) -> None:
        self.folder, self.root = folder, root
        self.issued = issued or pki.leaf(root, eku=TIME_STAMPING, common="Acme Clock", lasts=3650 * pki.DAY)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "key.pem").write_bytes(self.issued.key_pem())
        (folder / "cert.pem").write_text(self.issued.pem)
        (folder / "root.pem").write_text(root.pem)
        (folder / "serial").write_text("01")
        (folder / "conf").write_text(_CONF.format(folder=folder))
        self.at: dt.datetime | None = None  #: where its clock stands, when it is not right
        self._lock = threading.Lock()

    def answer(self, query: bytes, at: dt.datetime | None = None) -> bytes:
        """Return the TimeStampResp; with ``at`` the authority's clock stands there."""
        at = at or self.at
        with self._lock:
            (self.folder / "query").write_bytes(query)
            run = ["openssl", "ts", "-reply", "-config", self.folder / "conf", "-queryfile", self.folder / "query"]
            clock = ["faketime", at.strftime("%Y-%m-%d %H:%M:%S")] if at else []
            env = {"TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
            subprocess.run([*clock, *run, "-out", self.folder / "reply"], check=True, capture_output=True, env=env)
            return (self.folder / "reply").read_bytes()


def changed(query: bytes, **fields: Any) -> bytes:
    """Return the query with other fields: what a lying authority answers to."""
    asked = tsp.TimeStampReq.load(query)
    for name, value in fields.items():
        asked[name] = value
    return bytes(asked.dump(force=True))


def _of_something_else(query: bytes) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    return changed(query, message_imprint=imprint)


def _tampered(reply: bytes) -> bytes:
    """Break the signature, which stands at the end of the token."""
    return reply[:-4] + bytes([reply[-4] ^ 1]) + reply[-3:]


NOW = dt.datetime.now(dt.timezone.utc)
#: How an authority behaves: from itself and the query to status and body.
BEHAVIOURS: dict[str, Callable[[Authority, bytes], tuple[int, bytes]]] = {
    "good": lambda tsa, query: (200, tsa.answer(query)),
    "lying": lambda tsa, query: (200, tsa.answer(_of_something_else(query))),
    "wrong nonce": lambda tsa, query: (200, tsa.answer(changed(query, nonce=12345))),
    "no nonce": lambda tsa, query: (200, tsa.answer(changed(query, nonce=None))),
    "back-dated": lambda tsa, query: (200, tsa.answer(query, NOW - dt.timedelta(days=200))),
    "from the future": lambda tsa, query: (200, tsa.answer(query, NOW + dt.timedelta(days=20))),
    "bad signature": lambda tsa, query: (200, _tampered(tsa.answer(query))),
    "without certificate": lambda tsa, query: (200, tsa.answer(changed(query, cert_req=False))),
    "refusing": lambda tsa, query: (200, tsa.answer(changed(query, req_policy="1.2.3.99"))),
    "garbage": lambda tsa, query: (200, b"<html>login</html>"),
    "empty": lambda tsa, query: (200, b""),
    "endless": lambda tsa, query: (200, bytes(200_000)),
    "error 500": lambda tsa, query: (500, b"oops"),
    "redirect": lambda tsa, query: (302, b""),
}


@contextmanager
def serving(tsa: Authority, behaviour: str = "good") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve, and yield the address and the headers of each request; ``slow`` and ``dripping`` never end."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            seen.append(dict(self.headers))
            if behaviour == "slow":
                time.sleep(3)
                return
            if behaviour == "dripping":
                self._drip()
                return
            status, body = BEHAVIOURS[behaviour](tsa, query)
            self.send_response(status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("location", "http://127.0.0.1:1/")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _drip(self) -> None:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            try:
                for _ in range(100):
                    self.wfile.write(b"x-a: b\r\n")
                    time.sleep(0.1)
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr", seen
    finally:
        server.shutdown()
        server.server_close()


def available() -> bool:
    return shutil.which("openssl") is not None
