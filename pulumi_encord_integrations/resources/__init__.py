"""The Pulumi resources; the only home of `pulumi.dynamic`."""
