"""CEL, the language of IAM's conditions in Google Cloud: texts as its literals."""


def literal(text: str) -> str:
    """A text as a string literal, in printable ASCII: nothing in it can end the literal."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    code = ord(character)
    # CEL takes no surrogates, so JSON's pairs of them would not do.
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
