"""The rules: who may do what, and with what effect. No HTTP, no SQL."""
