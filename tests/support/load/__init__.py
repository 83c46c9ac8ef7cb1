"""Many clients of a served API at once, honest and hostile, and what each of them saw."""
