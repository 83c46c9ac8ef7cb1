"""Policy documents that let the API, and nobody else, read buckets: pure functions, a file for each cloud."""
