"""Direct Access: URLs that a customer supplies. Nothing is signed; what is given can be tried."""

from collections.abc import Iterator, Sequence

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest, CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    SignedObjects,
    StoredIntegration,
    WithoutProof,
)
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.findings import Finding, tally
from pulumi_encord_integrations.server.errors import Conflict

_GOOD: dict[CheckName, str] = {
    "fetch": "every URL gives its data",
    "preflight": "browsers of the app may read every URL",
}


class DirectAccess(WithoutProof):
    """Tries URLs as browsers of the app would."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """Always raises `Conflict`."""
        raise never_signed(integration.title)

    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """Without URLs there is nothing to check."""
        names = integration.checks
        if not request.urls:
            return AccessFinding([])
        if integration.over_vpn:
            return AccessFinding(tally(names, over_vpn(names), _GOOD))
        found = [one for index, url in enumerate(request.urls) for one in self._of_url(names, index, url)]
        return AccessFinding(tally(names, found, _GOOD))

    def _of_url(self, names: Sequence[CheckName], index: int, url: str) -> Iterator[Finding]:
        subject = f"urls[{index}]"
        if "fetch" in names:
            remedy = "Check that the URL is right, has not ended, and needs no login"
            yield self._browser.fetch("fetch", url, subject, remedy)
        yield from self._browser.preflights(names, url, subject)


def never_signed(title: str) -> Conflict:
    """The refusal to sign for Direct Access."""
    return Conflict(
        "never_signed", f'"{title}" is Direct Access: its URLs are used as they are, and none is signed'
    )
