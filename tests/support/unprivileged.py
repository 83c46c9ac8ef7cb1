"""Runs a program that the modes of files bind, also as root of Linux: `python -P unprivileged.py PROGRAM`."""

import ctypes
import os
import sys

_DROP = 24
_OVERRIDING = (1, 2)
"""The capabilities to write and to read whatever the mode says, as prctl(2) counts them."""

if __name__ == "__main__":
    for capability in _OVERRIDING if sys.platform == "linux" else ():
        # Whoever has no such capability may not drop it, and need not.
        ctypes.CDLL(None).prctl(_DROP, capability, 0, 0, 0)
    os.execv(sys.argv[1], sys.argv[1:])
