"""Who gains or loses access by an `up`, which data goes, and whether the preview before named all that."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from tests.support.api import CREATOR
from tests.support.stateful.engine_model import Entry
from tests.support.stateful.invariants import Facts, Remote

UNDECLARED = "members not declared in this program: "
_EMAIL = re.compile(r"[\w.]+@[\w.]+\w")
FOR_GOOD = "which cannot be undone"
"""Said of who becomes an individual Admin."""


@dataclass
class Preview:
    """What a reviewer sees before an `up`."""

    refusal: str = ""
    told: dict[str, list[str]] = field(default_factory=dict)
    """URN of a resource -> what is shown and said of it."""

    def tell(self, urn: str, *texts: str) -> None:
        self.told.setdefault(urn, []).extend(texts)


def labelled(note: str) -> str:
    """The URN of the resource that a note begins with: `UserGroup "crew": ...`."""
    kind, name = note.split('"')[:2]
    return f"{kind.strip()}::{name}"


@dataclass(frozen=True)
class Moment:
    """All that counts, before or after an `up`."""

    facts: Facts
    registrations: Mapping[str, int]
    """By the uuid of an integration."""
    ids: Mapping[str, str]
    """URN -> id of what the state holds, but for what is going."""
    holders: Mapping[str, str]
    """URN -> uuid of the integration or group that a resource is about."""


def moment(remote: Remote, state: Iterable[Entry]) -> Moment:
    """As it is now."""
    with closing(sqlite3.connect(remote.path)) as database:
        rows = database.execute("SELECT integration, COUNT(*) FROM registrations GROUP BY integration")
        registrations = dict(rows.fetchall())
    entries = [entry for entry in state if not entry.going]
    return Moment(
        remote.facts(),
        registrations,
        {entry.urn: entry.id for entry in entries},
        {entry.urn: _holder(entry) for entry in entries},
    )


def _holder(entry: Entry) -> str:
    if entry.urn.startswith("IntegrationMember::"):
        return str(entry.inputs["integration"])
    return str(entry.inputs.get("integration") or entry.inputs.get("group") or entry.id)


def unnamed(before: Moment, after: Moment, preview: Preview) -> list[str]:
    """What an `up` did to people and data that its preview did not name."""
    return [
        *_people(before, after, preview),
        *_data(before, after, preview),
        *_alarms(before, after, preview),
    ]


def _people(before: Moment, after: Moment, preview: Preview) -> Iterator[str]:
    heirs = _heirs(before, after)
    old = {(heirs.get(uuid, uuid), who): role for uuid, who, role in _rows(before.facts)}
    new = {(uuid, who): role for uuid, who, role in _rows(after.facts)}
    for holder, who in sorted({key for key in {*old, *new} if old.get(key) != new.get(key)}):
        was, now = old.get((holder, who)), new.get((holder, who))
        if who == CREATOR and now == "admin" and holder not in before.facts.integrations:
            # Whoever makes an integration is its Admin.
            continue
        names = {who} if "@" in who else _names(who, before.facts, after.facts)
        same = {holder, *(uuid for uuid, heir in heirs.items() if heir == holder)}
        said = list(_about(same, before, after, preview))
        named = [text for text in said if any(name in text for name in names)]
        for_good = "@" in who and now == "admin"
        if not named or (for_good and not any(FOR_GOOD in text for text in named)):
            title = _title(holder, after.facts)
            yield f"{title}: {who} ({', '.join(sorted(names))}) {was} -> {now}; said {said}"


def _rows(facts: Facts) -> Iterator[tuple[str, str, str]]:
    for uuid, roles in facts.members.items():
        for who, role in roles.items():
            yield uuid, who, role
    for who, role in facts.people.items():
        yield "organization", who, role


def _names(key: str, *moments: Facts) -> set[str]:
    """What a group may be called."""
    uuid = key.removeprefix("group:")
    return {uuid, *(facts.groups[uuid] for facts in moments if uuid in facts.groups)}


def _title(uuid: str, facts: Facts) -> str:
    title, _ = facts.integrations.get(uuid, (facts.groups.get(uuid, uuid), False))
    return title


def _heirs(before: Moment, after: Moment) -> dict[str, str]:
    """What took the place of integrations that were replaced."""
    gone = before.facts.integrations.keys() - after.facts.integrations.keys()
    return {id_: after.ids[urn] for urn, id_ in before.ids.items() if id_ in gone and urn in after.ids}


def _about(holders: set[str], before: Moment, after: Moment, preview: Preview) -> Iterator[str]:
    """All that the preview said of these holders' resources."""
    for urn, texts in preview.told.items():
        found = {known.holders.get(urn) for known in (before, after)}
        if found & holders or (holders == {"organization"} and urn.startswith("OrganizationUser::")):
            yield from texts


def _data(before: Moment, after: Moment, preview: Preview) -> Iterator[str]:
    for uuid, count in before.registrations.items():
        if after.registrations.get(uuid, 0) < count:
            said = list(_about({uuid}, before, after, preview))
            words = f"{count} registration{'' if count == 1 else 's'}"
            if not any(words in text for text in said):
                yield f"{_title(uuid, before.facts)}: {words} went; said {said}"


def _alarms(before: Moment, after: Moment, preview: Preview) -> Iterator[str]:
    """Whom a replacement leaves behind by the preview, but not by the `up`."""
    heirs = _heirs(before, after)
    for uuid, heir in heirs.items():
        said = [text.partition(UNDECLARED)[2] for text in _about({uuid}, before, after, preview)]
        for who in _EMAIL.findall(" ".join(said)):
            role = before.facts.members.get(uuid, {}).get(who)
            if role is not None and role == after.facts.members.get(heir, {}).get(who):
                yield f"{_title(heir, after.facts)}: {who} keeps the role {role}; said {said}"
