"""Whom to believe: trust lists, time authorities, chains, revocation."""
