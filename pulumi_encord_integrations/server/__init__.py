"""The backing API: an HTTP service with the wire conventions of Encord's v2 API."""
