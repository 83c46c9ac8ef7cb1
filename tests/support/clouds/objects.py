"""Keys that are hard to get right in a URL."""

KEYS = [
    "videos/plain.mp4",
    "videos/with space.mp4",
    "videos/plus+sign.mp4",
    "videos/what?&#%.mp4",
    "videos/\u00fcn\u00ef \u65e5\u672c \U0001f3a5.mp4",
    "videos/a%20b.mp4",
    "videos/(x)!'$,;=@~.mp4",
]
OF_S3 = [*KEYS, "videos//doubled.mp4", "videos/ends in a slash/"]
"""S3 lets parts of a key be empty."""
OUTSIDE = "secret/other.mp4"
CONTENT = {key: key.encode() for key in [*OF_S3, OUTSIDE]}
