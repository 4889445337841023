"""The label in XMP, ID3 and other tags: what is written, read and compared."""
