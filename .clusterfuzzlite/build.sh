#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-only
exec bash "$SRC/kthrash/fuzz/oss-fuzz/build.sh"
