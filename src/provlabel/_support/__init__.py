"""What several packages need and none is about: files, text, times, types."""
