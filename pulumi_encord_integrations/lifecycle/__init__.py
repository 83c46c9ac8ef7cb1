"""The lifecycle of every resource, from check to delete, written once and without Pulumi."""
