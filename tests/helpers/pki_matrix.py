"""The matrix: chains right and wrong, with what each is worth at three times."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import pki

NOW = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
TIMES = (NOW - 200 * pki.DAY, NOW, NOW + 400 * pki.DAY)
EKU = pki.CLAIM_SIGNING
Days = tuple[int, int]

ROOT_DAYS, CA_DAYS, LEAF_DAYS = (-1000, 5000), (-500, 2000), (-300, 300)


class Chain(NamedTuple):
    """What a signature brings, whom the judge trusts, and the verdict at each of ``TIMES``."""

    certs: tuple[bytes, ...]
    anchors: tuple[str, ...]
    expected: tuple[str, str, str]
    allowed: tuple[str, ...] = ()


def der(*issued: pki.Issued) -> tuple[bytes, ...]:
    return tuple(one.certificate.public_bytes(ser.Encoding.DER) for one in issued)


def pem(*issued: pki.Issued) -> tuple[str, ...]:
    return tuple(one.pem for one in issued)


@functools.cache
def rsa_key(bits: int = 2048, which: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def issue(
    common: str,
    issuer: pki.Issued | None = None,
    days: Days = LEAF_DAYS,
    *,
    key: Any = None,
    ca: bool | None = False,
    length: int | None = None,
    usage: tuple[str, ...] | None = ("digital_signature",),
    ekus: tuple[str, ...] = (EKU,),
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    digest: Any = None,
    pss: bool = False,
    organization: str = "Acme Test",
    serial: int | None = None,
) -> pki.Issued:
    """Issue a certificate with any fault; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    subject = pki.name(common, organization)
    extensions: list[tuple[x509.ExtensionType, bool]] = [*extra]
    if ca is not None:
        extensions.append((x509.BasicConstraints(ca, length), True))
    if usage is not None:
        extensions.append((pki.usage(*usage), True))
    if ekus:
        extensions.append((x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in ekus]), False))
    extensions.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW + days[0] * pki.DAY)
        .not_valid_after(NOW + days[1] * pki.DAY)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    if digest is None and not isinstance(signer, pki.ed25519.Ed25519PrivateKey):
        digest = hashes.SHA256()
    how = {"rsa_padding": padding.PSS(padding.MGF1(digest), digest.digest_size)} if pss else {}
    return pki.Issued(key, builder.sign(signer, digest, **how))


def authority(common: str, issuer: pki.Issued | None = None, days: Days | None = None, **how: Any) -> pki.Issued:
    """Issue a CA certificate."""
    how = {"ca": True, "usage": ("key_cert_sign", "crl_sign"), "ekus": (), **how}
    return issue(common, issuer, days or (CA_DAYS if issuer else ROOT_DAYS), **how)


GOOD = ("trusted", "trusted", "expired")  # a leaf lasts from 300 days ago for 600
BAD = ("invalid",) * 3
STRANGE = ("unknown", "unknown", "expired")
UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def _simple(leaf: Callable[[pki.Issued], pki.Issued], expected: tuple[str, str, str] = GOOD) -> Chain:
    """Return a chain of root, intermediate and the leaf that is made of it."""
    root = authority("Root")
    middle = authority("Middle", root)
    return Chain(der(leaf(middle), middle), pem(root), expected)


def _middle(expected: tuple[str, str, str], days: Days = CA_DAYS, **how: Any) -> Chain:
    """Return a chain through an intermediate with a fault."""
    root = authority("Root")
    middle = authority("Middle", root, days, **how)
    return Chain(der(issue("Leaf", middle), middle), pem(root), expected)


def _keys(*keys: Any, digest: Any = None, pss: bool = False) -> Chain:
    """Return a chain of root, intermediate and leaf with these keys."""
    root = authority("Root", key=keys[0], digest=digest, pss=pss)
    middle = authority("Middle", root, key=keys[1], digest=digest, pss=pss)
    return Chain(der(issue("Leaf", middle, key=keys[2], digest=digest, pss=pss), middle), pem(root), GOOD)


def root_and_leaf() -> Chain:
    root = authority("Root")
    return Chain(der(issue("Leaf", root)), pem(root), GOOD)


def two_intermediates() -> Chain:
    root = authority("Root")
    upper = authority("Upper", root)
    lower = authority("Lower", upper)
    return Chain(der(issue("Leaf", lower), lower, upper), pem(root), GOOD)


def root_sent_along() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root)
    return Chain(der(issue("Leaf", middle), middle, root), pem(root), GOOD)


def anchor_is_intermediate() -> Chain:
    middle = authority("Middle", authority("Root"))
    return Chain(der(issue("Leaf", middle)), pem(middle), GOOD)


def anchor_is_intermediate_sent_along() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root)
    return Chain(der(issue("Leaf", middle), middle, root), pem(middle), GOOD)


def _self_signed(anchor: bool, allowed: bool, expected: tuple[str, str, str]) -> Chain:
    leaf = issue("Alone")
    return Chain(der(leaf), pem(leaf) if anchor else pem(authority("Root")), expected, pem(leaf) if allowed else ())


def expired_root() -> Chain:
    root = authority("Root", days=(-1000, -100))
    return Chain(der(issue("Leaf", root)), pem(root), ("trusted", "expired", "expired"))


def future_root() -> Chain:
    root = authority("Root", days=(100, 5000))
    return Chain(der(issue("Leaf", root, (-300, 600))), pem(root), ("not-yet-valid", "not-yet-valid", "trusted"))


def anchor_no_ca() -> Chain:
    root = authority("Root", ca=False)
    return Chain(der(issue("Leaf", root)), pem(root), BAD)


def ca_as_leaf() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root, ekus=(EKU,), usage=("digital_signature", "key_cert_sign"))
    return Chain(der(middle), pem(root), BAD)


def leaf_as_ca() -> Chain:
    root = authority("Root")
    leaf = issue("Leaf", root)
    return Chain(der(issue("Below", leaf), leaf), pem(root), BAD)


def length_exceeded() -> Chain:
    root = authority("Root")
    upper = authority("Upper", root, length=0)
    lower = authority("Lower", upper)
    return Chain(der(issue("Leaf", lower), lower, upper), pem(root), BAD)


def length_kept() -> Chain:
    root = authority("Root", length=2)
    upper = authority("Upper", root, length=1)
    lower = authority("Lower", upper, length=0)
    return Chain(der(issue("Leaf", lower), lower, upper), pem(root), GOOD)


def anchor_length_exceeded() -> Chain:
    root = authority("Root", length=0)
    middle = authority("Middle", root)
    return Chain(der(issue("Leaf", middle), middle), pem(root), BAD)


def missing_intermediate() -> Chain:
    root = authority("Root")
    return Chain(der(issue("Leaf", authority("Middle", root))), pem(root), STRANGE)


def wrong_order() -> Chain:
    root = authority("Root")
    upper = authority("Upper", root)
    lower = authority("Lower", upper)
    return Chain(der(issue("Leaf", lower), upper, lower), pem(root), STRANGE)


def intermediate_first() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root)
    return Chain(der(middle, issue("Leaf", middle)), pem(root), BAD)


def forged_intermediate() -> Chain:
    """The leaf is real; the intermediate has the right name and another key."""
    root = authority("Root")
    leaf = issue("Leaf", authority("Middle", root))
    return Chain(der(leaf, authority("Middle", root)), pem(root), BAD)


def forged_upward() -> Chain:
    """The intermediate is a stranger's who calls his root by our root's name."""
    middle = authority("Middle", authority("Root"))
    return Chain(der(issue("Leaf", middle), middle), pem(authority("Root")), STRANGE)


def same_subject_other_ca() -> Chain:
    root, other = authority("Root"), authority("Other Root")
    issue("Disney", root, organization="Disney")
    return Chain(der(issue("Disney", other, organization="Disney")), pem(root), STRANGE)


def altered_leaf() -> Chain:
    root = authority("Root")
    (raw,) = der(issue("Leaf", root))
    return Chain((raw.replace(b"Leaf", b"Boss"),), pem(root), STRANGE)


def _sha1(issued: pki.Issued, issuer: pki.Issued) -> pki.Issued:
    """Sign anew with SHA-1, which the library refuses to do: RSA's two identifiers differ in one byte."""
    sha256, sha1 = (bytes.fromhex("06092a864886f70d0101" + last) for last in ("0b", "05"))
    tbs = issued.certificate.tbs_certificate_bytes.replace(sha256, sha1)
    signature = issuer.key.sign(tbs, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    (raw,) = der(issued)
    raw = raw[:4] + tbs + raw[4 + len(tbs) : -len(signature)].replace(sha256, sha1) + signature
    return pki.Issued(issued.key, x509.load_der_x509_certificate(raw))


def sha1_leaf() -> Chain:
    root = authority("Root", key=rsa_key())
    return Chain(der(_sha1(issue("Leaf", root), root)), pem(root), BAD)


def sha1_above() -> Chain:
    """A signature with SHA-1 proves nothing, so nobody stands behind the intermediate."""
    root = authority("Root", key=rsa_key())
    middle = _sha1(authority("Middle", root), root)
    return Chain(der(issue("Leaf", middle), middle), pem(root), STRANGE)


def _named(**names: list[x509.GeneralName]) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    constraint = x509.NameConstraints(names.get("permitted"), names.get("excluded"))
    return ((constraint, True),)


def _directory(organization: str) -> list[x509.GeneralName]:
    return [x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization)]))]


def anchor_names() -> Chain:
    root = authority("Root", extra=_named(permitted=_directory("Umbrella")))
    return Chain(der(issue("Leaf", root)), pem(root), BAD)


def cross_signed() -> Chain:
    """One intermediate under two roots, of which the judge knows the second."""
    key = ec.generate_private_key(ec.SECP256R1())
    old, new = authority("Old Root"), authority("New Root")
    first, second = authority("Middle", old, key=key), authority("Middle", new, key=key)
    return Chain(der(issue("Leaf", first), second), pem(new), GOOD)


def loop() -> Chain:
    """Two CAs that vouch for each other, and nobody for them."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    first = authority("First", authority("Second", key=keys[1]), key=keys[0])
    second = authority("Second", first, key=keys[1])
    return Chain(der(issue("Leaf", first), *[first, second] * 4), pem(authority("Root")), STRANGE)


def doubled() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root)
    return Chain(der(issue("Leaf", middle), middle, middle, root, root), pem(root), GOOD)


def leaf_doubled() -> Chain:
    root = authority("Root")
    middle = authority("Middle", root)
    leaf = issue("Leaf", middle)
    return Chain(der(leaf, leaf, middle), pem(root), STRANGE)


def policy_demanded() -> Chain:
    demand = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)
    return _middle(BAD, extra=((demand, True),))


def anchor_with_policies() -> Chain:
    """An anchor's own policies are no demand (RFC 5280 §6.1.1 c)."""
    policy = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)])
    middle = authority("Middle", authority("Root"), extra=((policy, False),))
    return Chain(der(issue("Leaf", middle)), pem(middle), GOOD)


def several_anchors() -> Chain:
    """The first anchor of the right name and key is out of date, a renewed one is not."""
    key = ec.generate_private_key(ec.SECP256R1())
    old, new = authority("Root", days=(-1000, -100), key=key), authority("Root", key=key)
    return Chain(der(issue("Leaf", old)), pem(old, new), GOOD)


def garbage() -> Chain:
    return Chain((b"\x30\x82\x01\x00" + bytes(256),), pem(authority("Root")), BAD)


def garbage_above() -> Chain:
    root = authority("Root")
    return Chain((*der(issue("Leaf", root)), b"garbage"), pem(root), BAD)


def trailing_bytes() -> Chain:
    root = authority("Root")
    return Chain((der(issue("Leaf", root))[0] + b"\x00",), pem(root), BAD)


def empty() -> Chain:
    return Chain((), pem(authority("Root")), BAD)


def too_many() -> Chain:
    root = authority("Root")
    return Chain(der(issue("Leaf", root), *[root] * 10), pem(root), BAD)


def too_large() -> Chain:
    root = authority("Root")
    bulk = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.2"), bytes(70_000))
    return Chain(der(issue("Leaf", root, extra=((bulk, False),))), pem(root), BAD)


def _curve(curve: type[ec.EllipticCurve]) -> Any:
    return ec.generate_private_key(curve())


CHAINS: dict[str, Callable[[], Chain]] = {
    "root, leaf": root_and_leaf,
    "root, intermediate, leaf": lambda: _simple(lambda ca: issue("Leaf", ca)),
    "two intermediates": two_intermediates,
    "root sent along": root_sent_along,
    "Ed25519": lambda: _keys(*(pki.ed25519_key() for _ in range(3))),
    "P-384 and P-521": lambda: _keys(
        _curve(ec.SECP521R1), _curve(ec.SECP384R1), _curve(ec.SECP384R1), digest=hashes.SHA512()
    ),
    "RSA PKCS #1": lambda: _keys(rsa_key(), rsa_key(which=1), rsa_key(which=2)),
    "RSA-PSS": lambda: _keys(rsa_key(), rsa_key(which=1), rsa_key(which=2), digest=hashes.SHA384(), pss=True),
    "anchor is the intermediate": anchor_is_intermediate,
    "anchor is the intermediate, sent along": anchor_is_intermediate_sent_along,
    "anchor with policies": anchor_with_policies,
    "anchor twice, once out of date": several_anchors,
    "anchor is no CA": anchor_no_ca,
    "anchor's path length exceeded": anchor_length_exceeded,
    "anchor's name constraints violated": anchor_names,
    "self-signed leaf, allowed": lambda: _self_signed(False, True, GOOD),
    "self-signed leaf, an anchor": lambda: _self_signed(True, False, GOOD),
    "self-signed leaf, not allowed": lambda: _self_signed(False, False, STRANGE),
    "expired leaf": lambda: _simple(lambda ca: issue("Leaf", ca, (-300, -100)), ("trusted", "expired", "expired")),
    "future leaf": lambda: _simple(
        lambda ca: issue("Leaf", ca, (100, 500)), ("not-yet-valid", "not-yet-valid", "trusted")
    ),
    "expired intermediate": lambda: _middle(("trusted", "expired", "expired"), (-500, -100)),
    "future intermediate": lambda: _middle(("not-yet-valid", "not-yet-valid", "expired"), (100, 2000)),
    "expired root": expired_root,
    "future root": future_root,
    "CA as leaf": ca_as_leaf,
    "leaf as CA": leaf_as_ca,
    "path length exceeded": length_exceeded,
    "path length kept": length_kept,
    "intermediate without basic constraints": lambda: _middle(BAD, ca=None),
    "intermediate with CA false": lambda: _middle(BAD, ca=False),
    "intermediate without keyCertSign": lambda: _middle(BAD, usage=("crl_sign",)),
    "missing intermediate": missing_intermediate,
    "wrong order": wrong_order,
    "intermediate first": intermediate_first,
    "forged intermediate": forged_intermediate,
    "forged root": forged_upward,
    "same subject, other CA": same_subject_other_ca,
    "altered leaf": altered_leaf,
    "EKU of a TLS server": lambda: _simple(lambda ca: issue("Leaf", ca, ekus=(pki.SERVER,)), ("wrong-purpose",) * 3),
    "EKU of a clock beside the right one": lambda: _simple(
        lambda ca: issue("Leaf", ca, ekus=(EKU, pki.TIME_STAMPING)), BAD
    ),
    "any EKU beside the right one": lambda: _simple(lambda ca: issue("Leaf", ca, ekus=(EKU, "2.5.29.37.0")), BAD),
    "no EKU": lambda: _simple(lambda ca: issue("Leaf", ca, ekus=()), BAD),
    "no key usage": lambda: _simple(lambda ca: issue("Leaf", ca, usage=None), BAD),
    "key usage for encryption only": lambda: _simple(lambda ca: issue("Leaf", ca, usage=("key_encipherment",)), BAD),
    "unknown critical extension in the leaf": lambda: _simple(
        lambda ca: issue("Leaf", ca, extra=((UNKNOWN_EXTENSION, True),)), BAD
    ),
    "unknown critical extension above": lambda: _middle(BAD, extra=((UNKNOWN_EXTENSION, True),)),
    "unknown extension": lambda: _middle(GOOD, extra=((UNKNOWN_EXTENSION, False),)),
    "name not permitted": lambda: _middle(BAD, extra=_named(permitted=_directory("Umbrella"))),
    "name excluded": lambda: _middle(BAD, extra=_named(excluded=_directory("Acme Test"))),
    "name permitted": lambda: _middle(GOOD, extra=_named(permitted=_directory("Acme Test"))),
    "policy demanded": policy_demanded,
    "SHA-1": sha1_leaf,
    "SHA-1 above": sha1_above,
    "RSA of 1,024 bits": lambda: _simple(lambda ca: issue("Leaf", ca, key=rsa_key(1024)), BAD),
    "RSA of 1,024 bits above": lambda: _middle(BAD, key=rsa_key(1024)),
    "secp256k1": lambda: _simple(lambda ca: issue("Leaf", ca, key=_curve(ec.SECP256K1)), BAD),
    "secp256k1 above": lambda: _middle(BAD, key=_curve(ec.SECP256K1)),
    "cross-signed": cross_signed,
    "loop": loop,
    "intermediate and root doubled": doubled,
    "leaf doubled": leaf_doubled,
    "garbage": garbage,
    "garbage above": garbage_above,
    "trailing bytes": trailing_bytes,
    "empty": empty,
    "eleven certificates": too_many,
    "a certificate of 70 kB": too_large,
}
