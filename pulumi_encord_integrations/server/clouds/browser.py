"""What a browser of the app may do with a URL: fetch it, and ask whether it may from an origin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_encord_integrations.model.access_checks import CheckName
from pulumi_encord_integrations.server.clouds.findings import Finding
from pulumi_encord_integrations.server.clouds.outbound import Answer, NotReached, Outbound

ELSEWHERE = "https://not-the-app.invalid"
"""An origin that no CORS rule names, unless it names all."""
_TOO_MANY = 429
_NO_ORIGINS = "the API knows no origin of the app to ask for"
_SET_ORIGINS = "Set encord:appOrigins where the API runs"
_REDIRECTED = "Redirects are not followed: give the URL that it leads to"
_VPN = "not asked: over VPN only a browser inside it reaches the data"


@dataclass(frozen=True)
class Browser:
    """Browsers of the app, as far as a server can stand in for them."""

    outbound: Outbound
    origins: Sequence[str]
    """Of the app; none if the deployment has not configured them."""

    def fetch(self, name: CheckName, url: str, subject: str, remedy: str) -> Finding:
        """Whether a URL gives data without any credentials: its first byte."""
        try:
            answer = self.outbound.request("GET", url, {"Range": "bytes=0-0"})
        except NotReached as error:
            return Finding(name, None, f"{subject}: {error}", reach_remedy(error))
        # An empty object has no first byte.
        if answer.status in {200, 206, 416}:
            return Finding(name, True)
        if 300 <= answer.status < 400:
            return Finding(name, None, f"{subject}: the URL redirects", _REDIRECTED)
        if answer.status >= 500 or answer.status == _TOO_MANY:
            return Finding(name, None, f"{subject}: the storage answered {answer.status}", "Ask again later")
        return Finding(name, False, f"{subject}: the URL is answered with {answer.status}", remedy)

    def preflights(
        self, names: Sequence[CheckName], url: str, subject: str, *, get: bool = True
    ) -> Iterator[Finding]:
        """Whether CORS lets the app's origins read, and no others; `get`: whether GET may be tried, too."""
        if not self.origins and "preflight" in names:
            yield Finding("preflight", None, _NO_ORIGINS, _SET_ORIGINS, required=False)
        elif "preflight" in names:
            yield from (self._preflight(url, subject, origin, get=get) for origin in self.origins)
        if "preflight_elsewhere" in names:
            yield self._elsewhere(url, subject, get=get)

    def _preflight(self, url: str, subject: str, origin: str, *, get: bool) -> Finding:
        asked = origin.replace("*", "app")
        try:
            allowed = self._allows(url, asked, get=get)
        except NotReached as error:
            return Finding("preflight", None, f"{subject}: {error}", reach_remedy(error))
        if allowed:
            return Finding("preflight", True)
        return Finding(
            "preflight",
            False,
            f"{subject}: browsers may not read from {origin}",
            f"Add a CORS rule that allows GET and HEAD from {origin}; "
            "`encord-integrations cloud-policy` prints it",
        )

    def _elsewhere(self, url: str, subject: str, *, get: bool) -> Finding:
        try:
            allowed = self._allows(url, ELSEWHERE, get=get)
        except NotReached as error:
            return Finding("preflight_elsewhere", None, f"{subject}: {error}", reach_remedy(error))
        if not allowed:
            return Finding("preflight_elsewhere", True)
        return Finding(
            "preflight_elsewhere",
            False,
            f"{subject}: the CORS rules let pages of any origin read",
            'Name the app\'s origins in the CORS rule in place of "*"',
        )

    def _allows(self, url: str, origin: str, *, get: bool) -> bool:
        """As the Fetch standard has it: GET needs no method list, and no preflight where it is simple."""
        answer = self.outbound.request(
            "OPTIONS", url, {"Origin": origin, "Access-Control-Request-Method": "GET"}
        )
        if 200 <= answer.status < 300 and _lets_in(answer, origin):
            return True
        return get and _lets_in(
            self.outbound.request("GET", url, {"Origin": origin, "Range": "bytes=0-0"}), origin
        )


def _lets_in(answer: Answer, origin: str) -> bool:
    # Browsers refuse a header that is given twice, which is one here with a comma.
    return answer.headers.get("access-control-allow-origin") in {"*", origin}


def over_vpn(names: Sequence[CheckName]) -> list[Finding]:
    """What cannot be told where the data is reached over VPN alone; nothing depends on it."""
    return [Finding(name, None, _VPN, required=False) for name in names]


def reach_remedy(error: NotReached) -> str:
    """What to do about an address that was not asked, or did not answer."""
    if error.remedy:
        return error.remedy
    if error.refused:
        return "If it is meant, list its network where the API runs: encord:privateNetworks"
    return "Check the endpoint, and that the API's machine reaches it"
