"""Label ↔ C2PA manifest, both ways and pure: what we ask the engine to sign, and what a manifest states."""

from provlabel.manifest.read import label_info
from provlabel.manifest.write import PARENT, Definition, component, definition, ingredient_definition

__all__ = ["PARENT", "Definition", "component", "definition", "ingredient_definition", "label_info"]
