import gc
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.size import LONG
from tests.support.tiers import TIERS, Tiers, in_order, tier_of

# Whoever asks for AWS credentials here gets none, without a search for a machine that has them.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


# What tests make is as private as they say, whatever the umask of who runs them.
os.umask(0o022)

# A job in the background ignores Ctrl-C, and so does what it starts. Tests send it to processes of theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure, and the gate answers the same for the same code.
settings.register_profile("gate", deadline=None, derandomize=not LONG)
settings.load_profile("gate")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tiers(config), "tiers")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    # The groups of xdist 3.8 are written into ids, which are read-only since pytest 9.2:
    # once they work again, `xdist_group` marks do the same.
    from tests.support.scheduling import ByServer

    return ByServer(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = tier_of(item.nodeid)
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
    in_order(items)


def pytest_collection_finish() -> None:
    # Imported modules stay; collecting garbage among them took a tenth of the CPU time.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]
