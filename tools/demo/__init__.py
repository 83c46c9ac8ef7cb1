"""`make demo`: what the package does, told with the real pulumi."""
