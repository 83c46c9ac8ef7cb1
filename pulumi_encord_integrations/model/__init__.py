"""What the things are: pydantic models and pure rules. No I/O, no Pulumi."""
