# SPDX-License-Identifier: GPL-2.0-only
"""An execution and a night as pages, plots and traces."""
