"""The label: records, vocabularies, reading from JSON or TOML, and what goes into which assertion."""

from provlabel.label.loading import label_from_dict, load_label
from provlabel.label.records import SCHEMA, Identifier, Label, Prompt, Provider, System, origin_of
from provlabel.label.signed import SignedLabel, as_records, digest_of_prompt, joined, signed_label

__all__ = [
    "SCHEMA", "Identifier", "Label", "Prompt", "Provider", "SignedLabel", "System", "as_records",
    "digest_of_prompt", "joined", "label_from_dict", "load_label", "origin_of", "signed_label",
]  # fmt: skip
