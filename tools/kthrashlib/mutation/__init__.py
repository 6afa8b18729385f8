# SPDX-License-Identifier: GPL-2.0-only
"""The room of `mutate`: small edits of the code under test, hunted to score the hunts."""
