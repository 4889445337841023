"""Label ↔ C2PA manifest, both ways and pure: what we ask the engine to sign, and what a manifest states."""
