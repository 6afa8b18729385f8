# SPDX-License-Identifier: GPL-2.0-only
"""Says in which state the checkout's sources are, and asks git about them.

A night is known by the content of the sources, not by what git says: the checkout may be a copy
without git, a machine may have no git, and the checkout may belong to another user. The commit is
for the reader only. Where git names none, the reason is kept with the state.
"""

import dataclasses
import fnmatch
import functools
import hashlib
import os
import stat

from kthrashlib import children
from kthrashlib.common import ROOT, Failure, environment, printable

# A build reads nothing else of the checkout.
SOURCES = (".bazelignore", ".bazelrc", ".bazelrc.user", "BUILD", "WORKSPACE", "core", "corpus",
           "fuzz", "platform", "stress", "tools")
# Editors, Python and write_whole() leave such names beside the sources. No build reads them.
LEFT = ("*~", ".#*", "#*#", ".*.sw?", "*.tmp", "*.pyc", "__pycache__", "*.profraw")
SHOWN = 16              # Sentences show this many digits of a hash.


@dataclasses.dataclass(frozen=True)
class State:
    """The state of the sources. `sources` is the SHA-256 of their content. `commit` is the commit
    that git names, or "". Then `no_commit` is the reason. `dirty` says that the sources are not
    those of the commit."""
    sources: str
    commit: str = ""
    dirty: bool = False
    no_commit: str = ""

    def told(self):
        return told(self.commit, self.dirty, self.sources, self.no_commit)


def told(commit, dirty, sources, no_commit):
    """Returns one line that says which sources these are."""
    by_hash = "sources sha256 " + sources[:SHOWN] if sources else ""
    if not commit:
        return ("no git%s: %s" % (" (%s)" % no_commit if no_commit else "",
                                  by_hash or "nothing is known of the sources"))
    if not dirty:
        return "commit " + commit
    return "commit %s, with changes that are not committed%s" % (
        commit, ": " + by_hash if by_hash else "")


# ---- the place ----


def check_place(root=ROOT):
    """Raises an error if Bazel can't build in the folder of the checkout. Bazel refuses a path with
    a blank, and crashes in a path with a character beyond ASCII. It looks at the path without
    symbolic links."""
    path = os.path.realpath(root)
    if " " in path or not path.isascii():
        raise environment("%s: Bazel can't build in a folder whose path has %s: expected the "
                          "checkout in another folder" % (
                              printable(path), "a blank" if " " in path else
                              "a character beyond ASCII"))


# ---- the content ----


def left_behind(name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in LEFT)


def is_campaign(folder):
    """Returns True for the folder of a campaign, which a user may have put among the sources."""
    return os.path.exists(os.path.join(folder, "campaign.json"))


def files(root=ROOT, names=SOURCES):
    """Returns the sources, as sorted paths from the top. It includes files that git does not
    track, because a build may read them."""
    # A link to a folder that is in the list already, or that contains the checkout, has no end.
    above, found, seen = os.path.realpath(root) + os.sep, [], set()

    def new(folder):
        real = os.path.realpath(folder)
        fresh = real not in seen and not above.startswith(os.path.join(real, ""))
        seen.add(real)
        return fresh
    for name in names:
        top = os.path.join(root, name)
        if os.path.lexists(top) and not os.path.isdir(top):
            found.append(name)
        for folder, below, here in os.walk(top, followlinks=True):
            below[:] = [b for b in sorted(below, key=os.fsencode) if not left_behind(b) and
                        not is_campaign(os.path.join(folder, b)) and
                        new(os.path.join(folder, b))]
            found += [os.path.relpath(os.path.join(folder, f), root)
                      for f in here if not left_behind(f)]
    return sorted(found, key=os.fsencode)


def tracked(root=ROOT):
    """Returns the files that git tracks. Without git it returns all files that may be ours."""
    if not refusal(root):
        return [f for f in text("ls-files", "-z", root=root).split("\0") if f]
    return files(root, [name for name in os.listdir(root) if not name.startswith(".") and
                        not os.path.islink(os.path.join(root, name))])


def content_of(path):
    """Returns the SHA-256 of what a build sees of the file, as bytes."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            with open(path, "rb") as f:
                return b"x" * bool(mode & 0o100) + hashlib.file_digest(f, "sha256").digest()
    except FileNotFoundError:
        pass        # A link leads nowhere, or an editor has removed the file in this moment.
    except OSError as e:
        raise environment("%s: a source can't be read: %s" % (
            printable(path), e.strerror)) from e
    try:
        return b"-> " + os.fsencode(os.readlink(path))
    except OSError:
        return b"no file"


def digest(root=ROOT):
    """Returns the SHA-256 of all sources, their names included."""
    whole = hashlib.sha256()
    for name in files(root):
        whole.update(b"%s\0%s\0" % (os.fsencode(name), content_of(
            os.path.join(root, name)).hex().encode()))
    return whole.hexdigest()


# ---- git ----


def surroundings():
    """Returns the environment for git. Variables such as GIT_DIR would lead git to another
    repository, so git does not get them. Git must write nothing, because the checkout may belong
    to another user."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def git(*args, root=ROOT):
    """Runs git at the top of the checkout. Returns (its exit status, what it prints, as bytes, its
    complaint). The status is None if there is no git to run."""
    # Git refuses a checkout of another user. It takes this one, whose programs run already.
    # `git diff` would write the index anew, as the wrong user.
    words = ["git", "-c", "safe.directory=" + os.path.realpath(root),
             "-c", "diff.autoRefreshIndex=false", *args]
    try:
        done = children.run(words, cwd=root, env=surroundings(), stdin=children.DEVNULL,
                            stdout=children.PIPE, stderr=children.PIPE, may_be_killed=True)
    except Failure as e:
        return None, b"", "git can't be run: %s" % e.__cause__.strerror
    said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
    return done.returncode, done.stdout, printable(
        said or "git ended with status %d" % done.returncode)


def text(*args, root=ROOT):
    """Returns what git prints, or "" if it fails. A name that is not UTF-8 keeps its bytes."""
    status, out, _ = git(*args, root=root)
    return os.fsdecode(out) if status == 0 else ""


def refusal(root=ROOT):
    """Returns the reason why git knows nothing of this checkout, or "" if git knows it."""
    status, out, said = git("rev-parse", "--show-toplevel", root=root)
    if status is None:
        return said
    if status != 0:
        return "it is no git checkout" if "not a git repository" in said else said
    top = os.fsdecode(out).removesuffix("\n")
    if not os.path.isdir(top) or not os.path.samefile(top, root):
        return "it is a folder in the git checkout %s" % printable(top)
    return ""


def commit_of(root=ROOT):
    """Returns (the commit, the reason why there is none)."""
    why = refusal(root)
    if why:
        return "", why
    status, out, said = git("rev-parse", "--verify", "HEAD^{commit}", root=root)
    if status != 0:
        return "", "its git repository has no commit" if "single revision" in said else said
    return out.decode().strip(), ""


def state(root=ROOT):
    """Returns the State of the sources."""
    commit, why = commit_of(root)
    status, out, _ = git("status", "--porcelain", "--untracked-files=normal", "--", *SOURCES,
                         root=root) if commit else (0, b"", "")
    # If git can't say whether the sources have changed, the reader must expect that they have.
    return State(digest(root), commit, status != 0 or bool(out), why)


@functools.cache
def show(commit, file):
    """Returns the text of a file in a commit, or "" if git does not have it."""
    if refusal():
        return ""
    status, out, _ = git("show", "%s:%s" % (commit, file))
    return out.decode("utf-8", "replace") if status == 0 else ""
