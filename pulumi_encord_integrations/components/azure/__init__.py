"""Azure Blob Storage: how a container is let in to, and that together with its integration."""
