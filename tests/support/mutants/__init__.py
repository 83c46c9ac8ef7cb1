"""What an attacker makes of a signed request: none of it says what the request said."""

from tests.support.mutants import of_content, of_inputs, of_signatures, signed_anew
from tests.support.mutants.families import FAMILIES, Victim

__all__ = ["FAMILIES", "Victim", "of_content", "of_inputs", "of_signatures", "signed_anew"]
