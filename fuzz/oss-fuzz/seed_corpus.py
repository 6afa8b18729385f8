#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a seed corpus archive that depends only on the names and contents of the plans.

usage: seed_corpus.py ARCHIVE.zip FOLDER...
"""

import os
import sys
import zipfile

EARLIEST = (1980, 1, 1, 0, 0, 0)    # the earliest time that the format can hold


def main():
    archive, folders = sys.argv[1], sys.argv[2:]
    plans = sorted((name, folder) for folder in folders for name in os.listdir(folder)
                   if name.endswith(".plan"))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, folder in plans:
            info = zipfile.ZipInfo(name, EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with open(os.path.join(folder, name), "rb") as f:
                out.writestr(info, f.read())


main()
