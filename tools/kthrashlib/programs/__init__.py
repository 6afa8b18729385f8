# SPDX-License-Identifier: GPL-2.0-only
"""Everything about programs that were not written for kthrash: compiling, running, installing."""
