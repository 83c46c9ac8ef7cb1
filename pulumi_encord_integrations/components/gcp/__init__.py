"""Google Cloud Storage: who is let into buckets, the proof of control, and both with their integration."""
