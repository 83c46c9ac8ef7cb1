"""What each tier of tests did, and in which order tests run: a tier is the first folder under tests/."""

from collections import Counter
from typing import Any

import pytest

TIERS = ("unit", "contract", "load", "wire", "engine", "clouds", "meta")
NEVER_EMPTY = "engine"
# Workers hand their collection's skips to the controller under this key.
HANDED_OVER = "skipped_in_collection"
# What a test records under this name is told at the end of the run.
TOLD = "told"
LONGEST = (
    "contract/test_schema.py",
    "engine/test_machine.py",
    "contract/test_machine.py",
    "engine/test_demo.py",
)
"""Files whose single tests take longest. They begin first, so that no worker ends long after the others."""
ONE_WORKER = ("clouds", "wire")
"""Tiers whose tests share servers and processes that take long to start."""


def tier_of(nodeid: str) -> str:
    """Return the tier of a test or of a folder of tests."""
    parts = nodeid.split("::", maxsplit=1)[0].split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "tests" else "others"


def in_order(items: list[pytest.Item]) -> None:
    """Sorts tests by how long they take, longest first."""
    order = ("engine", "load", "contract", "meta", "wire", "unit")
    # All tests of the clouds are on one worker, which therefore begins with them.
    places = {"tests/clouds": -1, **{f"tests/{name}": place for place, name in enumerate(LONGEST)}}
    places |= {f"tests/{tier}": len(LONGEST) + place for place, tier in enumerate(order)}

    def place(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return places.get(file, places.get(f"tests/{tier_of(item.nodeid)}", len(places)))

    items.sort(key=place)


class Tiers:
    """Counts reports, and fails a whole run in which no test met the real pulumi."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._ran: dict[str, set[str]] = {}
        self._skipped: dict[str, str] = {}
        self._told: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._told.update(str(value) for name, value in report.user_properties if name == TOLD)
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[report.nodeid] = _reason(report.longrepr)
        elif report.when == "call" or report.failed:
            self._ran.setdefault(tier_of(report.nodeid), set()).add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped[report.nodeid] = _reason(report.longrepr)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._skipped.update(getattr(node, "workeroutput", {}).get(HANDED_OVER, {}))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[HANDED_OVER] = self._skipped
        elif self._misses_the_engine() and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        terminalreporter.section("tiers")
        for nodeid, reason in sorted(self._skipped.items()):
            write(f"SKIPPED {nodeid}: {reason}", yellow=True, bold=True)
        skipped = Counter(tier_of(nodeid) for nodeid in self._skipped)
        for tier in (*TIERS, "others"):
            if tier in self._ran or tier in skipped:
                write(f"{tier}: {len(self._ran.get(tier, ()))} ran, {skipped[tier]} skipped")
        for line in sorted(self._told):
            write(line)
        if self._misses_the_engine():
            write(
                f"FAILED: a whole run must run the {NEVER_EMPTY} tests, and it ran none", red=True, bold=True
            )

    def _misses_the_engine(self) -> bool:
        options = self._config.option
        narrowed = options.keyword or options.markexpr or options.collectonly or getattr(options, "lf", False)
        whole = self._config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed
        return whole and not self._ran.get(NEVER_EMPTY)


def _reason(longrepr: object) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
