"""Where is `pulumi`? Found on this machine, else installed, else built; kept in an ignored folder.

`locate()` answers with the folder of the binary and changes nothing; `ensure()` makes it be there first.
"""

from tools.engine.commands import EngineError
from tools.engine.environment import environment
from tools.engine.finder import Engine, ensure, find, locate

__all__ = ["Engine", "EngineError", "ensure", "environment", "find", "locate"]
