# SPDX-License-Identifier: GPL-2.0-only
"""Reads a C file by libclang, and gives each node of its functions as a range of the file's text.

A node inside a macro's argument has the range of the argument in the file. A node from a macro's
body has the range of the whole invocation, so an edit replaces an invocation as a whole.
"""

import ctypes
import dataclasses
import os

from kthrashlib.common import environment

OPTIONS = 1     # A detailed record of the preprocessor, which has the invocations of macros.


@dataclasses.dataclass(eq=False)
class Node:
    """A node of the syntax tree. `start` and `end` are offsets in the file's text."""
    kind: str
    start: int
    end: int
    children: list
    name: str = ""      # of a call: the function's


@dataclasses.dataclass
class Function:
    name: str
    result: str         # its type
    body: Node
    macros: list        # (name, start, end) of each invocation in it


def library():
    """Returns libclang's bindings. The package python3-clang-19 has them."""
    try:
        from clang import cindex
    except ImportError as e:
        raise environment("Python can't import clang (%s); as root, run: "
                          "apt-get install --reinstall python3-clang-19" % e) from e
    return cindex


def place(cindex, location):
    """Returns the file and the offset of a location, which may be in a macro's argument."""
    file, offset, unused = ctypes.c_void_p(), ctypes.c_uint(), ctypes.c_uint()
    cindex.conf.lib.clang_getFileLocation(
        location, ctypes.byref(file), ctypes.byref(unused), ctypes.byref(unused),
        ctypes.byref(offset))
    return offset.value


def node(cindex, cursor):
    return Node(cursor.kind.name, place(cindex, cursor.extent.start),
                place(cindex, cursor.extent.end),
                [node(cindex, child) for child in cursor.get_children()],
                cursor.spelling if cursor.kind.name == "CALL_EXPR" else "")


def functions(path, arguments, folder):
    """Returns the functions that the file defines. `arguments` are the compiler's; names in them
    and `path` are relative to `folder`."""
    cindex = library()
    arguments = ["-working-directory=" + folder, *arguments]
    name = os.path.join(folder, path)
    try:
        unit = cindex.Index.create().parse(name, args=arguments, options=OPTIONS)
    except cindex.TranslationUnitLoadError as e:
        raise environment("libclang can't read %s" % path) from e
    wrong = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
    if wrong:
        raise environment("libclang can't read %s: %s" % (path, wrong[0].spelling))

    def here(cursor):
        return cursor.location.file and cursor.location.file.name in (name, path)

    top = list(filter(here, unit.cursor.get_children()))
    macros = [(c.spelling, place(cindex, c.extent.start), place(cindex, c.extent.end))
              for c in top if c.kind.name == "MACRO_INSTANTIATION"]
    found = []
    for cursor in top:
        if cursor.kind.name != "FUNCTION_DECL" or not cursor.is_definition():
            continue
        body = next(c for c in cursor.get_children() if c.kind.name == "COMPOUND_STMT")
        body = node(cindex, body)
        found.append(Function(cursor.spelling, cursor.result_type.spelling, body,
                              [m for m in macros if body.start < m[1] < body.end]))
    return found
