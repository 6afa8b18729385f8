# SPDX-License-Identifier: GPL-2.0-only
"""Says where this copy of kthrash is, and whether it is a checkout or installed.

kthrash-cc imports this module for each file that it compiles, so the module imports little.
"""

import os

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TOOLS)
LIBRARY = "libkthrash.so"
KERNEL = "libkthrash-kthread.a"     # the kernel for drivers

# Only where kthrash is installed, the library is at the top.
IS_INSTALLED = os.path.exists(os.path.join(ROOT, LIBRARY))


def state():
    """Returns the folder for what commands leave. Nothing is written to where kthrash is
    installed, because that may belong to root."""
    if not IS_INSTALLED:
        return os.path.join(ROOT, ".kthrash")
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):     # The standard says to ignore a relative path.
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "kthrash")
