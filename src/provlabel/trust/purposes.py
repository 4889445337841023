"""What certificates are for: extended key usages, by name, and which of them a signer of claims may have.

Which ones are accepted is the validator's own configuration (C2PA 2.4 §14.4.1); what no configuration may change is in
:data:`NEVER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provlabel._support.text import printable
from provlabel.errors import ConfigError

EMAIL_PROTECTION, DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"  # RFC 5280, RFC 9336
CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"  # C2PA Certificate Policy
MICROSOFT_SIGNING = "1.3.6.1.4.1.311.76.59.1.9"  # as "MS C2PA Signing" in both sources of OFFICIAL_EKUS
ANY_USAGE, TIME_STAMPING, OCSP_SIGNING = "2.5.29.37.0", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
SERVER, CLIENT, CODE_SIGNING = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3"

#: One of these a signer's certificate has to have, where nobody says otherwise (C2PA 2.4 §14.5.1).  The engine alone
#: would refuse the last two.
EKUS = (EMAIL_PROTECTION, DOCUMENT_SIGNING, CLAIM_SIGNING)
#: Those of the configuration that goes with the public lists: ``static/trust/store.cfg`` of contentauth/verify-site
#: and ``valid_eku_oids.cfg`` of c2pa-rs.  Both also have timeStamping and OCSPSigning, for others than signers.
OFFICIAL_EKUS = (*EKUS, MICROSOFT_SIGNING)

#: By the names that CAs and openssl give them.
NAMES = {
    EMAIL_PROTECTION: "emailProtection",
    DOCUMENT_SIGNING: "documentSigning",
    CLAIM_SIGNING: "C2PA claim signing",
    MICROSOFT_SIGNING: "Microsoft C2PA signing",
    ANY_USAGE: "anyExtendedKeyUsage",
    TIME_STAMPING: "timeStamping",
    OCSP_SIGNING: "OCSPSigning",
    SERVER: "serverAuth",
    CLIENT: "clientAuth",
    CODE_SIGNING: "codeSigning",
}

#: What nobody can accept for signers of claims, and why.
NEVER = {
    ANY_USAGE: "C2PA forbids it",
    TIME_STAMPING: "it is for time authorities, and C2PA forbids it beside any other",
    OCSP_SIGNING: "it is for OCSP responders, and C2PA forbids it beside any other",
    SERVER: "a TLS server signs whatever its clients send, and the engine refuses it",
    CLIENT: "a TLS client signs whatever a server sends, and the engine refuses it",
    CODE_SIGNING: "it is for programs, and the engine refuses it",
}

MAX_LENGTH = 128  # characters of an object identifier
#: An object identifier, dotted; in the form that JSON Schema knows too.
PATTERN = r"^[0-2](\.(0|[1-9][0-9]*))+$"


def shown(usages: Iterable[str]) -> str:
    """Return object identifiers for people, each with its name where it has one."""
    return ", ".join(f"{oid} ({NAMES[oid]})" if oid in NAMES else printable(oid) for oid in usages)


def require_acceptable(oid: str, where: str) -> None:
    """Refuse what cannot be accepted as the purpose of a signer's certificate.

    Args:
        oid: the object identifier, dotted.
        where: what names it, for the error.

    Raises:
        ConfigError: it is no object identifier, or one of :data:`NEVER`.
    """
    if len(oid) > MAX_LENGTH or not re.fullmatch(PATTERN[1:-1], oid, re.ASCII):
        raise ConfigError(
            f"{where} {printable(oid)}: no object identifier", hint=f"dotted numbers, such as {MICROSOFT_SIGNING}"
        )
    if oid in NEVER:
        raise ConfigError(
            f"{where} {shown([oid])}: never for signers of claims; {NEVER[oid]}",
            hint="a certificate can have several; name one that says that it signs",
        )
