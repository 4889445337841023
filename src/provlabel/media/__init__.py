"""Images and sounds as bytes: formats, containers, copies, previews."""
