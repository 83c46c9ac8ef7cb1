"""Servers that enforce what clouds enforce, for the tests of tests/clouds: made ready in .cache/clouds."""
