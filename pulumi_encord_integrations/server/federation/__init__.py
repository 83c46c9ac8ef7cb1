"""Tokens of OpenID Connect issuers: their form, their claims, and the keys that they are signed with."""
