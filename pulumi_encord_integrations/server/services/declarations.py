"""What a create means: a new object, or one that is there already."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from pulumi_encord_integrations.model.identity import DeclarationView, DeclaredAs, Placement
from pulumi_encord_integrations.server.errors import Conflict, invalid
from pulumi_encord_integrations.server.services.audit import last_write
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import declarations as store
from pulumi_encord_integrations.server.store.database import Record

CREATE, AGAIN, ADOPT = "create", "create-again", "adopt"


def shown(row: Record, stack: UUID | None) -> dict[str, Any]:
    """The declaration as it is answered to a caller that sent a stack's identity, or none."""
    if row.stack_id is None:
        return {"declared_as": None, "declared_here": False}
    declaration = DeclarationView(path=row.path, project=row.project, stack=row.stack)
    return {"declared_as": declaration, "declared_here": row.stack_id == str(stack)}


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
    def by_adopted_uuid(self, uuid: UUID) -> Record:
        """The living object of a uuid; raises `Conflict` if there is none that this create could mean."""

    @abstractmethod
    def title_of(self, row: Record) -> str:
        """The name of an object for people."""

    @abstractmethod
    def require_adoptable(self, row: Record) -> None:
        """Refuses what the caller may not change, or what differs in what cannot change."""

    def meant(self, placement: Placement) -> tuple[Record | None, str]:
        """The object that a create means, if it is there, and what the create does to it."""
        row = self.declared(placement.declared_as)
        if row is not None:
            if isinstance(placement.adopt, UUID) and row.uuid != str(placement.adopt):
                raise self._taken(row)
            return row, AGAIN
        if placement.adopt is not False:
            return self._adoptable(placement), ADOPT
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

    def require_free(self, declared: DeclaredAs, row: Record, declared_by: UUID | None) -> None:
        """Refuses a declaration that is another object's.

        On behalf of a stack, refuses an object that yet another one declares by now.
        """
        other = self.declared(declared)
        if other is not None and other.uuid != row.uuid:
            raise self._taken(other)
        owner = store.declared_as(row)
        if declared_by and owner and owner.stack_id not in {declared_by, declared.stack_id}:
            raise Conflict(
                "declared_elsewhere",
                f'"{self.title}" ({row.uuid}) is declared by {owner.where} by now',
                "Take it out of this stack, or adopt it back with adopt and adopt_from",
            )

    def _taken(self, row: Record) -> Conflict:
        return Conflict(
            "declaration_taken", f"this declaration belongs to the {self.noun} {row.uuid} already"
        )

    def _adoptable(self, placement: Placement) -> Record:
        declared, adopt = placement.declared_as, placement.adopt
        if declared is None:
            raise invalid("adopt needs declaredAs")
        row = self.by_adopted_uuid(adopt) if isinstance(adopt, UUID) else self._only_one()
        self.require_adoptable(row)
        self._require_left(row, declared, placement.adopt_from)
        return row

    def _only_one(self) -> Record:
        rows = self.by_title()
        if not rows:
            raise Conflict("nothing_to_adopt", self.none(), "Drop adopt to create it")
        if len(rows) > 1:
            uuids = ", ".join(row.uuid for row in rows)
            raise Conflict(
                "several_to_adopt",
                f'{len(rows)} {self.noun}s are {self.called} "{self.title}": {uuids}',
                "Rename all but one, or give adopt the uuid of the one that is meant",
            )
        return rows[0]

    def _require_left(self, row: Record, declared: DeclaredAs, adopt_from: str | None) -> None:
        """Refuses what is declared elsewhere, unless its stack lost its state or is named as left."""
        owner = store.declared_as(row)
        if owner is None:
            return
        if owner.stack_id == declared.stack_id:
            if owner.path != declared.path:
                where = f"is declared in this stack already, as {owner.where}"
                raise Conflict("declared_twice", f'"{self.title_of(row)}" {where}')
        elif not declared.succeeds(owner) and not (adopt_from and owner.is_from(adopt_from)):
            written = last_write(self.tx, row.uuid)
            named = f'adopt_from="{owner.by}", or ' if owner.by else ""
            raise Conflict(
                "declared_elsewhere",
                f'"{self.title_of(row)}" ({row.uuid}) is declared by another stack, {owner.where}'
                + (f"; last written by {written}" if written else ""),
                f"If that stack no longer declares it: {named}encord-integrations release {row.uuid}",
            )

    def none(self) -> str:
        """That there is nothing to adopt."""
        return f'there is no {self.noun} "{self.title}"'
