"""What a proxy changed of a signed request: what was sent, compared with what the API says arrived."""

from typing import Any

import httpx2

_TOLD = 2048
"""Characters of each part that the API tells."""
_WORDS = {"@authority": "Host header", "@request-target": "path or query", "@method": "method"}


def alteration(request: httpx2.Request, told: Any) -> tuple[str, str] | None:
    """A message and its hint; None if nothing that was signed has changed, or the API does not say."""
    sent = {
        "@authority": request.headers["Host"],
        "@request-target": request.url.raw_path.decode("ascii"),
        "@method": request.method,
    }
    arrived = {
        str(part.get("component")): str(part.get("arrived"))
        for part in (told if isinstance(told, list) else [])
        if isinstance(part, dict)
    }
    changed = [name for name in sent if name in arrived and sent[name][:_TOLD] != arrived[name]]
    if not changed:
        return None
    said = ", ".join(f"the {_WORDS[name]} from {sent[name]} to {arrived[name]}" for name in changed)
    prefix = sent["@request-target"].removesuffix(arrived.get("@request-target", ""))
    if prefix == sent["@request-target"]:
        prefix = ""
    address = f"{request.url.scheme}://{sent['@authority']}{prefix}"
    return f"a proxy before the API changed {said}: the signature covers it", _remedy(
        changed, prefix, address
    )


def _remedy(changed: list[str], prefix: str, address: str) -> str:
    public = f"serve the API with --public-url {address}"
    if prefix:
        return public[0].upper() + public[1:]
    if changed == ["@authority"]:
        return f"Let it pass on the Host header (nginx: proxy_set_header Host $http_host;), or {public}"
    return "Let it pass on the Host header, the path and the query unchanged"
