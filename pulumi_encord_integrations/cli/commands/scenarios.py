"""`encord-integrations scenarios`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.rendering.output import result, show
from pulumi_encord_integrations.client.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_encord_integrations.model.scenarios import Reach, Scenario

EXAMPLES = (
    "scenarios",
    "scenarios --type aws --strict --over-vpn",
    "scenarios --type direct_access --source DROPBOX --url-kind SIGNED",
)


def scenarios(
    json: Json = False,
    type_: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="What an integration of this type amounts to."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Strict client-only.")] = False,
    over_vpn: Annotated[bool, typer.Option("--over-vpn", help="Over VPN.")] = False,
    url_kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="SIGNED or UNSIGNED; of direct access alone.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Where the data lies; of direct access alone.")
    ] = None,
) -> None:
    """Prints Encord's table of scenarios, or which one some settings amount to.

    Settings that amount to none end with exit code 1 and every reason why.
    """
    from pulumi_encord_integrations.model.scenarios import SCENARIOS

    if type_ is not None:
        _answer(_reach(type_, strict, over_vpn, url_kind, source), json)
    elif strict or over_vpn or url_kind or source:
        raise typer.BadParameter("the settings of which type? Name it with --type")
    elif json:
        result(document(scenarios=[_wire_form(row) for row in SCENARIOS]))
    else:
        from pulumi_encord_integrations.cli.rendering.scenarios import table

        show(table(SCENARIOS))


def _answer(reach: "Reach", json: bool) -> None:
    """Prints the scenario; raises `Refused` with every reason if there is none."""
    from pulumi_encord_integrations.model.scenarios import judge

    verdict = judge(reach)
    row = verdict.scenario
    if json:
        problems = [{"property": p.where, "message": p.message, "help": p.help} for p in verdict.problems]
        result(document(scenario=row and _wire_form(row), problems=problems))
    if row is None:
        raise Refused("these settings amount to no scenario", hint="\n".join(map(str, verdict.problems)))
    if not json:
        from pulumi_encord_integrations.cli.rendering.scenarios import sheet

        show(sheet(row))


def _reach(type_: str, strict: bool, over_vpn: bool, url_kind: str | None, source: str | None) -> "Reach":
    """The settings, spelled as the API spells them."""
    from typing import get_args

    from pulumi_encord_integrations.model.integration_registry import integration_types
    from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS, Reach, Source, UrlKind

    provider = _known("--type", type_, [kind.provider for kind in integration_types()])
    if provider != DIRECT_ACCESS:
        if source:
            raise typer.BadParameter("--source is of direct access alone")
        return Reach(
            provider, strict, over_vpn, _known("--url-kind", url_kind or "SIGNED", get_args(UrlKind))
        )
    if not source or not url_kind:
        raise typer.BadParameter("direct access needs --source and --url-kind")
    return Reach(
        provider,
        strict,
        over_vpn,
        _known("--url-kind", url_kind, get_args(UrlKind)),
        _known("--source", source, get_args(Source)),
    )


def _known(option: str, value: str, known: "Iterable[str]") -> str:
    spelled = value.upper().replace("-", "_")
    if spelled not in known:
        raise typer.BadParameter(f"{option} {value} is unknown; one of {', '.join(known)}")
    return spelled


def _wire_form(row: "Scenario") -> dict[str, Any]:
    return {
        "name": row.name,
        "providers": row.providers,
        "urlKinds": row.url_kinds,
        "secure": row.secure,
        "dataTypes": row.data_types,
        "features": row.features,
        "strictClientOnly": row.strict,
        "overVpn": row.over_vpn,
    }
