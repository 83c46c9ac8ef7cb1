"""What the audit trail tells of an object."""

from datetime import datetime

from pulumi_encord_integrations.model.base import Received


class LastWrite(Received):
    """The newest write of an object: who did what, when."""

    by: str
    at: datetime
    action: str

    def __str__(self) -> str:
        return f"{self.by} at {self.at:%Y-%m-%d %H:%M} UTC ({self.action})"


class LastWriteOf(LastWrite):
    """The newest write of one of many objects."""

    uuid: str
