"""Components that provision the cloud side: each module knows one cloud's SDK, an extra of the package."""
