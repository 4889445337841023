"""Sources in, published files out: label, redact, stamp."""
