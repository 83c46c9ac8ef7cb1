"""What a developer's machine needs and a user's does not."""
