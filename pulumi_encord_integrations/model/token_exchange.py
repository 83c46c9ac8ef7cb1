"""The exchange of an issuer's token for one of the API's own, as RFC 8693 spells it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from pulumi_encord_integrations.model.users import Scope

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  the name of a kind of token
JWT = "urn:ietf:params:oauth:token-type:jwt"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  the name of a kind of token
NOT_ACCEPTED = "invalid_grant"
"""The code of every refusal of an issuer's token."""


class ExchangedToken(BaseModel):
    """A bearer token that stands for a federation."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    access_token: str
    issued_token_type: str = ACCESS_TOKEN
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  how it is sent
    expires_in: int
    """Seconds."""
    scope: Scope
