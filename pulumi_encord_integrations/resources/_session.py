"""The provider process's one session, made when first needed from the stack's configuration."""

import threading
from collections.abc import Callable
from pathlib import Path

from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.reconcilers.session import Session

_lock = threading.Lock()
_session: Session | None = None
_config: Callable[[str], str | None] = lambda _key: None  # noqa: E731


def configure(config: Callable[[str], str | None]) -> None:
    """Keeps the reader of the stack's configuration."""
    global _config
    _config = config


def settings_in_force() -> settings.Settings:
    """The settings of this process, complete; raises `ConfigurationError`."""
    found = settings.load(_config, settings.project_folder(Path.cwd()))
    if found.embedded:
        from pulumi_encord_integrations import embedded

        embedded.require(found)
    return found


def organization() -> str:
    """The organization's uuid; of an embedded API without starting it where that is possible."""
    found = settings_in_force()
    if _session is None and found.embedded:
        from pulumi_encord_integrations import embedded

        known = embedded.organization(found)
        if known:
            return known
    return session().organization.uuid


def session(*, create: bool = False) -> Session:
    """The session; `create` may make an embedded database, else its absence is an error."""
    global _session
    with _lock:
        if _session is None:
            from pulumi_encord_integrations import embedded

            _session = Session(embedded.connect(settings_in_force(), create=create))
        return _session
