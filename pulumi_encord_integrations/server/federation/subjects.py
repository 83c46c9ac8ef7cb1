"""Which subjects a pattern means."""


def matches(pattern: str, subject: str) -> bool:
    """Whether a pattern means a subject, all of it.

    A `*` stands for any characters but colons, which part the segments; at the very end for all that follows.
    """
    wanted, given = pattern.split(":"), subject.split(":")
    last = len(wanted) - 1
    if pattern.endswith("*") and len(given) > len(wanted):
        given = [*given[:last], ":".join(given[last:])]
    return len(given) == len(wanted) and all(map(_fits, wanted, given))


def _fits(pattern: str, text: str) -> bool:
    # By hand: a regular expression with many wildcards takes a time that strangers would choose.
    first, *inner = pattern.split("*")
    if not inner:
        return pattern == text
    *middle, last = inner
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        position = text.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
