"""Checked by type checkers alone, never run: Direct Access integrations."""

from typing import assert_type

import pulumi

from pulumi_encord_integrations import DirectAccessIntegration
from pulumi_encord_integrations.model.scenarios import Source, UrlKind


def every_output_has_its_type(made: DirectAccessIntegration) -> None:
    assert_type(made.source, pulumi.Output[Source])
    assert_type(made.url_kind, pulumi.Output[UrlKind])
    assert_type(DirectAccessIntegration.get("n", made.id), DirectAccessIntegration)


def every_input_may_be_known_later(
    text: pulumi.Output[str],
    flag: pulumi.Output[bool],
    source: pulumi.Output[Source],
    url_kind: pulumi.Output[UrlKind],
) -> None:
    DirectAccessIntegration(
        "later",
        title=text,
        source=source,
        url_kind=url_kind,
        strict_client_only=flag,
        over_vpn=flag,
        adopt=flag,
        adopt_from=text,
        force_destroy=flag,
        opts=pulumi.ResourceOptions(protect=True),
    )


def what_is_optional_may_be_none() -> None:
    DirectAccessIntegration(
        "n",
        title="t",
        source="GCP",
        url_kind="SIGNED",
        strict_client_only=None,
        over_vpn=None,
        adopt=None,
        adopt_from=None,
        force_destroy=None,
        opts=None,
    )


def mistakes_are_found(made: DirectAccessIntegration) -> None:
    DirectAccessIntegration("a", title="t", source="FTP", url_kind="SIGNED")  # type: ignore[arg-type]
    DirectAccessIntegration("a", title="t", source="GCP", url_kind="signed")  # type: ignore[arg-type]
    DirectAccessIntegration("a", title="t", source="GCP")  # type: ignore[call-arg]
    print(made.buckets)  # type: ignore[attr-defined]
