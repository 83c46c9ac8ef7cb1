"""A team from a file: users of the organization, groups of them, and the groups' roles on an integration."""

import csv
from pathlib import Path

import pulumi

from pulumi_encord_integrations import (
    GcpIntegration,
    IntegrationMembers,
    OrganizationUser,
    UserGroup,
    UserGroupMembers,
)

with Path("team.csv").open(encoding="utf-8") as file:
    team = list(csv.DictReader(file))

videos = GcpIntegration("videos", title="Training videos", buckets=["acme-training"])

people: dict[str, OrganizationUser] = {}
for row in team:
    email, leads = row["email"], row["group"] == "leads"
    people[email] = OrganizationUser(email, email=email, role="MEMBER" if leads else "TASKER")

groups: dict[str, UserGroup] = {}
for name in ("leads", "annotators"):
    groups[name] = UserGroup(name, name=name.title())
    users = [people[row["email"]] for row in team if row["group"] == name]
    UserGroupMembers(name, group=groups[name], users=users, exclusive=True)

# The creator is Admin already, and stays: individual Admins cannot be removed.
members = IntegrationMembers(
    "videos",
    integration=videos,
    members=[
        {"user": "ada@example.com", "role": "admin"},
        {"group": groups["leads"], "role": "admin"},
        {"group": groups["annotators"], "role": "user"},
    ],
    exclusive=True,
)

pulumi.export("members", members.members)
