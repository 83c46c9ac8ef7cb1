"""A type of resource for tests alone, in as many lines as a new type costs: a tag on an integration."""
