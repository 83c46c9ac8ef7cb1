"""What a create means: a new object, or one that is there already."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.server.errors import Conflict, invalid
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import declarations as store
from pulumi_encord_integrations.server.store.database import Record

CREATE, AGAIN, ADOPT = "create", "create-again", "adopt"


class Declarable(ABC):
    """One create of an object, with the questions that its kind answers."""

    noun: ClassVar[str]
    """`integration`, in messages."""
    called: ClassVar[str]
    """`titled`, in messages."""

    def __init__(self, tx: Transaction, title: str) -> None:
        self.tx = tx
        self.title = title

    @abstractmethod
    def key(self, declared: DeclaredAs) -> str:
        """The ownership key."""

    @abstractmethod
    def by_uuid(self, uuid: str) -> Record | None:
        """The living object."""

    @abstractmethod
    def by_key(self, key: str) -> Record | None:
        """The living object of a declaration."""

    @abstractmethod
    def by_title(self) -> Sequence[Record]:
        """All living objects of the title that may be adopted."""

    @abstractmethod
    def administers(self, row: Record) -> bool:
        """Whether the caller may change it."""

    @abstractmethod
    def require_adoptable(self, row: Record) -> None:
        """Refuses what the caller may not change, or what differs in what cannot change."""

    def meant(self, placement: Placement) -> tuple[Record | None, str]:
        """The object that a create means, if it is there, and what the create does to it."""
        row = self.declared(placement.declared_as)
        if row is not None:
            return row, AGAIN
        if placement.adopt:
            return self._adoptable(placement.declared_as), ADOPT
        return None, CREATE

    def made_before(self, nonce: str | None) -> Record | None:
        """What a create with this nonce made. A repeat that comes late must neither revive nor revert it."""
        organization = self.tx.caller.organization
        made = store.created_before(self.tx.connection, organization, nonce) if nonce else None
        if made is None:
            return None
        row = self.by_uuid(made)
        if row is None or not self.administers(row):
            gone = f"its {self.noun} has been deleted since" if row is None else "you do not administer it"
            raise Conflict("created_before", f"this create was done before, and {gone}")
        return row

    def declared(self, declared: DeclaredAs | None) -> Record | None:
        """The living object of a declaration."""
        row = self.by_key(self.key(declared)) if declared else None
        if row is not None and not self.administers(row):
            # The key can be guessed from names: whoever is no admin learns nothing of the object.
            raise Conflict(
                "declaration_taken", f"this declaration belongs to an {self.noun} that you do not administer"
            )
        return row

    def require_free(self, declared: DeclaredAs, uuid: str) -> None:
        """Refuses a declaration that is another object's."""
        other = self.declared(declared)
        if other is not None and other.uuid != uuid:
            raise Conflict(
                "declaration_taken", f"this declaration belongs to the {self.noun} {other.uuid} already"
            )

    def _adoptable(self, declared: DeclaredAs | None) -> Record:
        if declared is None:
            raise invalid("adopt needs declaredAs")
        rows = self.by_title()
        if not rows:
            raise Conflict("nothing_to_adopt", self.none(), "Drop adopt to create it")
        if len(rows) > 1:
            uuids = ", ".join(row.uuid for row in rows)
            raise Conflict(
                "several_to_adopt",
                f'{len(rows)} {self.noun}s are {self.called} "{self.title}": {uuids}',
                "Rename all but one",
            )
        self.require_adoptable(rows[0])
        owner = store.declared_as(rows[0])
        if owner is not None and owner.stack_id == declared.stack_id and owner.path != declared.path:
            raise Conflict(
                "declared_twice", f'"{self.title}" is declared in this stack already, as {owner.where}'
            )
        return rows[0]

    def none(self) -> str:
        """That there is nothing to adopt."""
        return f'there is no {self.noun} "{self.title}"'
