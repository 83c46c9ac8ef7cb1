"""What the API asks clouds for, a file each: signed URLs, and whether it may read. No URL is stored."""
