"""Amazon S3: the role that reads buckets, buckets for it to read, and both with their integration."""
