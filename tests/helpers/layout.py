"""The order of the packages of the source; ``tests/project/test_layout.py`` holds it."""

from __future__ import annotations

# The packages and modules of provlabel from the ground up, as CONTRIBUTING.md draws them: each imports only from those
# before it.  In brackets what later versions add, so that its place is known.
ORDER = (
    *("_version", "errors", "_support"),  # [storage: object stores behind file names]
    *("label", "media", "report", "exchange", "trust", "evidence"),  # [disclosure: labels that people see and hear]
    *("carriers", "manifest", "signers", "engine", "verdict", "sandbox"),  # [durable: marks, fingerprints, recovery]
    *("law", "policy", "judges", "conformance", "verifying", "labeling", "batch", "schemas"),  # [service: HTTP]
    *("cli", "__main__"),
)
