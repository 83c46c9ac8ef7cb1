"""What Cloud Storage tells browsers about a bucket, by its `cors`, as Google documents it.

Only the XML API heeds it, which signed URLs are part of. A preflight asks nobody who they are. It is answered
with 200 in any case, and without the headers if no rule has its origin, its method and all its headers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]


def preflight(rules: Sequence[Rule], headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that allow what a browser asks for; none if nothing does."""
    origin, method = headers.get("Origin", ""), headers.get("Access-Control-Request-Method", "")
    asked = [
        name.strip() for name in headers.get("Access-Control-Request-Headers", "").split(",") if name.strip()
    ]
    for rule in rules:
        known = {name.lower() for name in rule.get("responseHeader", ())}
        if _matches(rule, origin, method) and {name.lower() for name in asked} <= known:
            answer = {
                **_allowed(rule, origin),
                "Access-Control-Allow-Methods": ", ".join(rule["method"]),
                "Access-Control-Max-Age": str(rule.get("maxAgeSeconds", 3600)),
            }
            return {**answer, "Access-Control-Allow-Headers": ", ".join(asked)} if asked else answer
    return {}


def exposed(rules: Sequence[Rule], origin: str, method: str) -> dict[str, str]:
    """The headers that let a page of that origin read an answer; none if nothing does."""
    for rule in rules:
        if _matches(rule, origin, method):
            names = ", ".join(rule.get("responseHeader", ()))
            answer = _allowed(rule, origin)
            return {**answer, "Access-Control-Expose-Headers": names} if names else answer
    return {}


def _matches(rule: Rule, origin: str, method: str) -> bool:
    origins, methods = rule.get("origin", ()), rule.get("method", ())
    return bool(origin) and ("*" in origins or origin in origins) and ("*" in methods or method in methods)


def _allowed(rule: Rule, origin: str) -> dict[str, str]:
    if "*" in rule["origin"]:
        return {"Access-Control-Allow-Origin": "*"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
