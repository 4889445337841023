"""An HTTP server on loopback with a real OCSP responder, bad ones, and addresses that are traps."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import algos, crl, keys, ocsp, x509 as asn1
from certomancer.services import RevocationInfoInterface, SimpleOCSPResponder
from cryptography.hazmat.primitives import serialization as ser

import pki
from pki_answers import HOUR, responder
from pki_matrix import NOW, der, rsa_key

Reply = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """An HTTP server on loopback whose pages are functions, and what it was asked; with ``context``, over TLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Reply] = {}
        self.hits: list[str] = []
        self.stopping = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.hits.append(f"{self.command} {self.path}")
                with contextlib.suppress(OSError):
                    site.pages.get(self.path, reply(b"", 404))(self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()


def reply(content: bytes, status: int = 200, **headers: str) -> Reply:
    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return page


class Register(RevocationInfoInterface):
    """What certomancer's responder knows."""

    def __init__(self, issuer: pki.Issued, *revoked: pki.Issued) -> None:
        self.issuer = asn1.Certificate.load(der(issuer)[0])
        self.revoked = {one.certificate.serial_number for one in revoked}

    def get_issuer_cert(self) -> asn1.Certificate:
        return self.issuer

    def check_revocation_status(self, cid: ocsp.CertId, at_time: dt.datetime) -> tuple[ocsp.CertStatus, list[Any]]:
        if cid["serial_number"].native not in self.revoked:
            return ocsp.CertStatus("good"), []
        since = {"revocation_time": NOW - HOUR, "revocation_reason": crl.CRLReason("key_compromise")}
        return ocsp.CertStatus("revoked", ocsp.RevokedInfo(since)), []


PSS = algos.RSASSAPSSParams(
    {
        "hash_algorithm": {"algorithm": "sha384"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha384"}},
        "salt_length": 48,
    }
)


def certomancer(issuer: pki.Issued, *revoked: pki.Issued, pss: bool = False) -> Reply:
    """Return a page behind which certomancer's responder sits, a delegate of ``issuer``."""
    delegate = responder(issuer, key=rsa_key() if pss else None)
    algorithm = {"algorithm": "rsassa_pss", "parameters": PSS} if pss else {"algorithm": "sha256_ecdsa"}
    raw = delegate.key.private_bytes(ser.Encoding.DER, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    made = SimpleOCSPResponder(
        asn1.Certificate.load(der(delegate)[0]),
        keys.PrivateKeyInfo.load(raw),
        algos.SignedDigestAlgorithm(algorithm),
        NOW,
        Register(issuer, *revoked),
        validity=24 * HOUR,  # its own default ends in the middle of a long run of tests
        response_extensions=[],
    )

    def page(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.rfile.read(int(handler.headers["Content-Length"]))
        del handler.headers["Content-Length"]
        answer = made.build_ocsp_response(ocsp.OCSPRequest.load(asked)).dump()
        reply(answer, Content_Type="application/ocsp-response")(handler)

    return page


def sleeping(site: Site) -> Reply:
    return lambda _: site.stopping.wait(20) and None


URLS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_GET%20/",
    "ldap://127.0.0.1:PORT/",
    "data:application/ocsp-response;base64,MAMKAQA=",
    "javascript:alert(1)",
    "//127.0.0.1:PORT/",
    "127.0.0.1:PORT",
    "",
    "http://",
    "http://:PORT/",
    "http://127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@example.com/",
    "http://127.1:PORT/",
    "http://127.000.000.001:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.255.255.254:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://[::]:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://[fc00::1]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://user@127.0.0.1:PORT/",
    "http://example.com:80@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@example.com/",
    "http://example.com\r\nHost: 127.0.0.1:PORT/",
    "http://example.com /",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.0.0.1:PORT/",
    "http://inside.example:PORT/",
    "http://half.example:PORT/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:PORT/" + "a" * 3000,
]
