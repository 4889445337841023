"""What signing services of the documentation answer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

#: The end of a recipe -> what the service answers with, given a signature in DER and as r‖s.
REPLIES: dict[str, Callable[[bytes, bytes], dict[str, Any]]] = {
    "Vault": lambda der, both: {"data": {"signature": f"vault:v1:{base64.b64encode(der).decode()}"}},
    "Google Cloud KMS": lambda der, both: {"signature": base64.b64encode(der).decode()},
    "Azure Key Vault": lambda der, both: {"value": base64.urlsafe_b64encode(both).rstrip(b"=").decode()},
}
