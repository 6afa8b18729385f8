# SPDX-License-Identifier: GPL-2.0-only
"""Shows an execution and a night as pages, plots and traces."""
