"""Which worker runs which test."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support.tiers import ONE_WORKER, tier_of


class ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Whoever is free takes the next test; those that share servers stay on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        tier = tier_of(nodeid)
        return tier if tier in ONE_WORKER else nodeid
