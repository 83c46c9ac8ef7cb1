"""The settings as the command reads them: the environment, a stack's configuration, the project's."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.client.errors import ConfigurationError

_VARIABLES = {key: variable for variable, key in settings.VARIABLES.values() if key}


def read_settings(stack: str | None) -> settings.Settings:
    """The settings in force here; raises `ConfigurationError`."""
    folder = settings.project_folder()
    config = _Configuration(folder, stack)
    try:
        found = settings.load(config.get, folder)
    except ConfigurationError as error:
        if "endpoint" in config.refused or not _unset("endpoint", config):
            raise
        names = [] if stack else _stacks(config.stack_folder)[:1]
        ways = [error.hint, *(f"or name a stack: --stack {name}" for name in names)]
        ways.append(f"or set {_VARIABLES['endpoint']} in the environment")
        raise ConfigurationError(error.message, hint="\n".join(ways)) from None
    names = [] if stack else _stacks(config.stack_folder)[:1]
    if found.embedded and not found.user and names:
        # `pulumi config set` writes the stack's file, which is read only if the stack is named.
        hint = (
            f"Name the stack that sets it: --stack {names[0]}, or set {_VARIABLES['user']} in the environment"
        )
        raise ConfigurationError("encord:user is not set here", hint=hint)
    files = {f"encord:{key}": f"encord:{key} in {file.name}" for key, file in config.files.items()}
    return replace(found, sources={name: files.get(source, source) for name, source in found.sources.items()})


def read_project(folder: Path) -> dict[str, Any] | None:
    """What the project's file says, None if there is no file; raises `ConfigurationError`."""
    file, project = _project(folder)
    return project if file.is_file() else None


def _unset(key: str, config: "_Configuration") -> bool:
    return not os.environ.get(_VARIABLES[key]) and config.get(key) is None


def read_server_settings() -> settings.Settings:
    """The settings of an API on this machine, which needs no endpoint."""
    folder = settings.project_folder()
    environment = {**os.environ, settings.VARIABLES["endpoint"][0]: settings.EMBEDDED}
    return settings.load(_Configuration(folder, None).get, folder, environment)


class _Configuration:
    """The `encord` namespace of Pulumi's own files."""

    def __init__(self, folder: Path, stack: str | None) -> None:
        project_file, project = _project(folder)
        self.stack_folder = folder / str(project.get("stackConfigDir") or "")
        self.refused: set[str] = set()
        self.files: dict[str, Path] = {}
        """Key -> the file that it was read from."""
        self._sources = [(project_file, _config(project_file, project))]
        if stack and (file := _stack_file(self.stack_folder, stack, project_file)):
            self._sources.insert(0, (file, _config(file, _mapping(file))))

    def get(self, key: str) -> str | None:
        """The value of one key; raises `ConfigurationError` if it cannot be read here."""
        for file, config in self._sources:
            if (value := _plain(config.get(f"encord:{key}"))) is not None:
                self.files[key] = file
                return self._text(key, value, file)
        return None

    def _text(self, key: str, value: Any, file: Path) -> str:
        if not isinstance(value, dict | list):
            return str(value).lower() if isinstance(value, bool) else str(value)
        self.refused.add(key)
        if "secure" in value:
            raise ConfigurationError(
                f"encord:{key} in {file.name} is encrypted and cannot be read here",
                hint=f"Set {_VARIABLES[key]} in the environment",
            )
        raise ConfigurationError(f"encord:{key} in {file.name} must be a text")


def _plain(value: Any) -> Any:
    """The value itself: a project may write it as `{value: ...}` or `{default: ...}`."""
    if isinstance(value, dict) and "secure" not in value:
        return value.get("value", value.get("default"))
    return value


def _project(folder: Path) -> tuple[Path, dict[str, Any]]:
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        if (folder / name).is_file():
            return folder / name, _mapping(folder / name)
    return folder / "Pulumi.yaml", {}


def _stack_file(folder: Path, stack: str, project: Path) -> Path | None:
    """The file of a stack, which may be named with its organization and project.

    None where the project has no such files at all: a stack without settings of its own has none.
    """
    name = stack.rsplit("/", 1)[-1]
    for suffix in ("yaml", "yml"):
        if (file := folder / f"Pulumi.{name}.{suffix}").is_file():
            return file
    known = _stacks(folder)
    if not known and project.is_file():
        return None
    hint = f"Stacks here: {', '.join(known)}" if known else "Run it in the project's folder"
    raise ConfigurationError(f"there is no Pulumi.{name}.yaml in {folder}", hint=hint)


def _stacks(folder: Path) -> list[str]:
    return sorted(
        file.name.removeprefix("Pulumi.").rsplit(".", 1)[0]
        for suffix in ("yaml", "yml")
        for file in folder.glob(f"Pulumi.*.{suffix}")
    )


def _config(file: Path, data: dict[str, Any]) -> dict[str, Any]:
    config = data.get("config") or {}
    if not isinstance(config, dict):
        raise ConfigurationError(f"config in {file.name} is not a mapping")
    return config


def _mapping(file: Path) -> dict[str, Any]:
    from pulumi_encord_integrations.organization.diagnostics import Unreadable
    from pulumi_encord_integrations.organization.document import read

    try:
        root, diagnostics = read(file.read_bytes())
        if diagnostics:
            raise Unreadable(diagnostics[0])
        data = root.plain
    except Unreadable as stop:
        place = ":".join([str(file), *map(str, stop.diagnostic.place)])
        raise ConfigurationError(f"{place} is not valid YAML: {stop.diagnostic.message}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    if not isinstance(data or {}, dict):
        raise ConfigurationError(f"{file} is not a mapping")
    return data or {}
