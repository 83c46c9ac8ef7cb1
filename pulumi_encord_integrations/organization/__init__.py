"""The declared organization: `encord.yaml` read, checked and turned into resources."""
