"""What lets the API read buckets, step by step, for clouds that are set up by hand: a file for each."""
