"""The only import of c2pa-python: our settings always, its errors translated, its traps closed.

Every trap is measured and named in ``docs/engine.md``; the tests prove that each switch set here has
its effect, because the engine ignores keys that it does not know.  What signs is in :mod:`signing`,
:mod:`credential` and :mod:`identity`, which nobody pays for who only reads.
"""

from provlabel.engine._settings import settings
from provlabel.engine.loading import BINDINGS, NATIVE, binding, build, version
from provlabel.engine.reading import ANY_FILE, Reading, found_in, objection, read
from provlabel.engine.streams import RemoteManifest

__all__ = [
    "ANY_FILE", "BINDINGS", "NATIVE", "Reading", "RemoteManifest", "binding", "build", "found_in", "objection",
    "read", "settings", "version",
]  # fmt: skip
