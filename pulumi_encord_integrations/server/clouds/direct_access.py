"""Direct Access: URLs that a customer supplies. Nothing is signed; what is given can be tried."""

import string
from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import quote

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest, CheckName
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.adapter import (
    AccessFinding,
    CloudAdapter,
    SignedObjects,
    StoredIntegration,
)
from pulumi_encord_integrations.server.clouds.browser import Browser, over_vpn
from pulumi_encord_integrations.server.clouds.findings import Finding, Question, answered, tally
from pulumi_encord_integrations.server.errors import Conflict

_GOOD: dict[CheckName, str] = {
    "fetch": "every URL gives its data",
    "preflight": "browsers of the app may read every URL",
}


class DirectAccess(CloudAdapter):
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
        asked = [
            Question(f"urls[{index}]", names, partial(self._of_url, names, f"urls[{index}]", _as_sent(url)))
            for index, url in enumerate(request.urls)
        ]
        return AccessFinding(tally(names, answered(asked), _GOOD))

    def _of_url(self, names: Sequence[CheckName], subject: str, url: str) -> Iterator[Finding]:
        if "fetch" in names:
            remedy = "Check that the URL is right, has not ended, and needs no login"
            yield self._browser.fetch("fetch", url, subject, remedy)
        # Of strict client-only data nothing is read.
        yield from self._browser.preflights(names, url, subject, get="fetch" in names)


def _as_sent(url: str) -> str:
    """As browsers send it: what is not ASCII is percent-encoded, what is stays as it was written."""
    return quote(url, safe=string.punctuation)


def never_signed(title: str) -> Conflict:
    """The refusal to sign for Direct Access."""
    return Conflict(
        "never_signed", f'"{title}" is Direct Access: its URLs are used as they are, and none is signed'
    )
