"""The only import of c2pa-python: our settings always, its errors translated, its traps closed.

Every trap is measured and named in ``docs/engine.md``; the tests prove that each switch set here has
its effect, because the engine ignores keys that it does not know.
"""

from provlabel.engine._settings import settings
from provlabel.engine.credential import EngineCredential
from provlabel.engine.identity import ROLES, Actor
from provlabel.engine.loading import BINDINGS, NATIVE, binding, build, version
from provlabel.engine.reading import ANY_FILE, Reading, found_in, objection, read
from provlabel.engine.signing import Hashed, IngredientFile, sign, sign_hashed, sign_placed
from provlabel.engine.streams import RemoteManifest

__all__ = [
    "ANY_FILE", "BINDINGS", "NATIVE", "ROLES", "Actor", "EngineCredential", "Hashed", "IngredientFile", "Reading",
    "RemoteManifest", "binding", "build", "found_in", "objection", "read", "settings", "sign", "sign_hashed",
    "sign_placed", "version",
]  # fmt: skip
