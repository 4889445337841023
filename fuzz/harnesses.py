"""All harnesses, by name: one row for each parser of ours."""

from __future__ import annotations

import documents
import media
import statements
from _harness import Harness

HARNESSES: dict[str, Harness] = {**media.harnesses(), **statements.harnesses(), **documents.harnesses()}
