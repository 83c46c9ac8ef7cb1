"""Sessions of roles, and what ends their use."""

from datetime import UTC, datetime, timedelta

from pulumi_encord_integrations.server.clouds.aws_sessions import Role, RoleSession, RoleSessions
from pulumi_encord_integrations.server.clouds.s3 import Keys

OURS, OTHER = (Role(f"arn:aws:iam::123456789012:role/{name}", "id") for name in ("ours", "other"))


def test_the_sessions_of_one_role_are_forgotten() -> None:
    lives = RoleSession(Keys("a", "b", "c"), datetime.now(UTC) + timedelta(hours=1))
    kept = RoleSessions({(OURS, 900): lives, (OURS, 3_600): lives, (OTHER, 900): lives})
    kept.forget(OURS)
    assert list(kept._sessions) == [(OTHER, 900)]
