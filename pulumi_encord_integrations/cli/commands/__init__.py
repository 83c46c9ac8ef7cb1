"""The verbs, one file each: parsing and calls only."""
