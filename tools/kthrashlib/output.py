# SPDX-License-Identifier: GPL-2.0-only
"""Makes sure that what a command prints is written, or that the command fails.

Python buffers what is printed, writes it when the program ends, and then reports a failure in its
own way. A program whose standard output is closed prints nothing, without an error. Here standard
output raises Failure the first time that it can't be written, so that a long command ends soon.
Standard error can't tell anybody, so it only remembers.

A closed pipe is no error of this kind: BrokenPipeError ends the program by SIGPIPE (defence.py).
"""

import codecs
import errno
import io
import os
import sys

from kthrashlib import children
from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, Failure, environment, say


class Stream(io.FileIO):
    """Standard output or standard error. `failed` says why it could not be written, or is ""."""

    def __init__(self, fd, raises):
        super().__init__(fd, "w", closefd=False)
        self.raises, self.failed = raises, ""

    def write(self, data):
        try:
            return super().write(data)
        except OSError as e:
            if e.errno == errno.EPIPE:
                raise
            first = not self.failed
            self.failed = "it is closed" if e.errno == errno.EBADF else e.strerror
            if first and self.raises:
                raise unwritten(self) from e
            return len(data)


def unwritten(stream):
    return environment("standard output can't be written: %s" % stream.failed)


def text(stream, encoding, errors, line_buffering):
    return io.TextIOWrapper(io.BufferedWriter(stream), encoding, errors,
                            line_buffering=line_buffering)


def begin():
    """Call it before the process opens anything. If standard input, output or error is closed, its
    number is taken by a descriptor that can't be written. So no file that is opened later, here
    or in a child, gets that number."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    # The outputs take any text, in every locale. common.py has these two ways to write a name.
    sys.stdout = text(Stream(1, True), "utf-8", "kthrash-bytes", os.isatty(1))
    sys.stderr = text(Stream(2, False), sys.stderr.encoding if sys.stderr else "utf-8",
                      "kthrash-escape", True)


def stream_of(file):
    """Returns the Stream below sys.stdout or sys.stderr, or None if begin() was not called."""
    raw = getattr(getattr(file, "buffer", None), "raw", None)
    return raw if isinstance(raw, Stream) else None


def relay(words, **kwargs):
    """Runs a program that does not look whether its output was written. Unless standard output is
    a terminal, copies to it what the program prints. Returns the program's exit status."""
    if sys.stdout.isatty():
        return children.run(words, may_be_killed=True, **kwargs).returncode
    p = children.start(words, stdout=children.PIPE, **kwargs)
    try:
        copy(p.stdout)
        return p.wait()
    except children.Interrupted:
        copy(p.stdout)      # The program has got the signal, too, and says its last words.
        raise
    finally:
        p.stdout.close()
        children.stop(p)


def copy(pipe):
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    # A prompt has no end of line, so it is copied as it comes.
    for data in iter(lambda: pipe.read1(65536), b""):
        sys.stdout.write(decoder.decode(data))
        sys.stdout.flush()


def findings_are_kept():
    """The findings of this command are in files. From now on its exit status is FINDINGS even if
    standard output can't be written."""
    stream = stream_of(sys.stdout)
    if stream:
        stream.raises = False


def end(status):
    """Returns the exit status of a command that ended with `status`."""
    out = stream_of(sys.stdout)
    said = bool(out.failed and out.raises)      # The Failure was raised, and its sentence said.
    try:
        sys.stdout.flush()
        out.failed = out.failed or failed_at_close(1)
    except Failure:
        pass
    sys.stdout.flush()      # This drops what could not be written.
    if out.failed and not said:
        say("kthrash: " + unwritten(out).message)
    if status == FINDINGS and not out.raises:
        return status
    lost = out.failed or stream_of(sys.stderr).failed
    return ENVIRONMENT if lost and status in (CLEAN, FINDINGS) else status


def failed_at_close(fd):
    """Some file systems report a full disk or a quota only when a descriptor is closed."""
    try:
        os.close(os.dup(fd))
    except OSError as e:
        return e.strerror
    return ""
