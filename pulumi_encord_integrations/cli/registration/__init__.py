"""Registration files, however large: read as a stream, checked, and cut into batches."""
