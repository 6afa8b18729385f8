# SPDX-License-Identifier: GPL-2.0-only
"""Starts and ends child processes. No other module of the package starts one.

A child ends when the program ends, however that ends:

- The program returns, or an exception ends it: end_all() ends what still runs.
- A signal: the handler passes it on to the children and raises Interrupted. run() and stop() give
  a child GRACE_S to end and then kill it with its descendants.
- SIGKILL or SIGQUIT, where no handler runs: the kernel kills each child (PR_SET_PDEATHSIG), and the
  guard kills their descendants (guard.py). The driver's own children ask the kernel for the same.

PR_SET_PDEATHSIG acts when the thread ends that started the child. So a thread waits for the
children that it has started.

A child is the leader of a session of its own, so that one signal reaches all that it starts, and
Ctrl-C reaches it once. With `terminal` it stays in the program's own process group, because it
reads the terminal, or because Ctrl-Z must stop it, too.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
# pylint: disable-next=unused-import     # The other modules use these names.
from subprocess import DEVNULL, PIPE, STDOUT, TimeoutExpired    # noqa: F401

from kthrashlib import guard
from kthrashlib.common import environment

GRACE_S = 10
# After a signal the program looks this often whether its children have ended.
LOOK_S = 0.2
PR_SET_PDEATHSIG = 1
PRCTL = ctypes.CDLL(None).prctl
PAGE = os.sysconf("SC_PAGE_SIZE")
# These signals end the program, unless the caller of the program has it ignore them.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """One of SIGNALS has come."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    @property
    def status(self):
        return 128 + self.number


class State:
    """What this process knows of its children. There is one object of this class."""

    def __init__(self):
        self.living = set()     # The Popen of each child that may still run.
        self.lock = threading.RLock()   # A signal handler may run while the thread holds it.
        self.caught = 0         # The first signal that has come, or 0.
        self.deadline = 0.0     # Then the program kills the children that still run.
        self.callback = None    # What a signal calls instead of raising Interrupted.
        self.starting = 0       # So many starts in the main thread are under way.
        self.guard = self.mark = None


state = State()


# ---- processes in /proc ----


def parents():
    """Returns {process: (parent, resident bytes)} of all processes."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(") ")[2].split()
        except OSError:
            continue
        found[int(pid)] = int(fields[1]), int(fields[21]) * PAGE
    return found


def family(pid, all_of):
    """Returns `pid` and its descendants."""
    found, new = [], [pid]
    while new:
        found += new
        new = [p for p, (parent, _) in all_of.items() if parent in new]
    return found


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


# ---- starting ----


def begin():
    """Makes this process a program that owns its children: its signals are handled, and a guard
    kills what it leaves behind."""
    handle_signals()
    with open("/proc/self/stat", encoding="ascii", errors="replace") as f:
        began = f.read().rpartition(") ")[2].split()[19]
    state.mark = "%d.%s" % (os.getpid(), began)


def start_guard():
    """Starts the guard with the first child, because many commands start none."""
    with state.lock:
        if state.guard is not None or state.mark is None:
            return
        reader, state.guard = os.pipe()     # This process keeps its end until it ends.
        # The guard has no marks of its own front door, so that it does not kill itself.
        subprocess.Popen(   # pylint: disable=consider-using-with
            [sys.executable, "-I", "-S", "-B", guard.__file__, state.mark], stdin=reader,
            stdout=DEVNULL, stderr=DEVNULL, start_new_session=True, cwd="/")
        os.close(reader)


def dies_with(parent, number):
    """Returns the function that the child calls before it becomes the new program."""
    def prepare():
        PRCTL(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:      # The parent died before the kernel knew.
            os._exit(127)   # pylint: disable=protected-access
    return prepare


def environment_of(given, marked):
    """Returns the environment of a child."""
    found = dict(os.environ if given is None else given)
    if not marked:
        found.pop(guard.VARIABLE, None)
    elif state.mark:
        outer = os.environ.get(guard.VARIABLE)
        found[guard.VARIABLE] = outer + ":" + state.mark if outer else state.mark
    return found


def start(words, *, terminal=False, stop_signal=None, marked=True, env=None, **keys):
    """Starts a child; returns its Popen. The caller waits for it in the same thread.

    `stop_signal` is what ends the child in order, if that is not the signal that the program has
    got. The kernel sends it if the program dies. Without `marked` the guard does not kill the
    child's descendants: one of them is a daemon that stays.
    """
    main = threading.current_thread() is threading.main_thread()
    if state.caught and not state.callback:
        raise Interrupted(state.caught)
    if keys.get("text"):
        keys.setdefault("encoding", "utf-8")
        keys.setdefault("errors", "replace")
    state.starting += main
    try:
        start_guard()
        # pylint: disable-next=consider-using-with,subprocess-popen-preexec-fn
        p = subprocess.Popen(words, env=environment_of(env, marked), start_new_session=not terminal,
                             preexec_fn=dies_with(os.getpid(), stop_signal or signal.SIGKILL),
                             **keys)
        p.terminal, p.stop_signal, p.told = terminal, stop_signal, False
        with state.lock:
            state.living = {c for c in state.living if c.returncode is None} | {p}
    except (FileNotFoundError, PermissionError) as e:
        raise environment("can't run %s: %s" % (words[0], e.strerror)) from e
    finally:
        state.starting -= main
    if state.caught and not state.callback:     # The signal came while the child was made.
        tell(p, state.caught)
        if main:
            raise Interrupted(state.caught)
    return p


# ---- ending ----


def send(p, number):
    """Sends a signal to a child, and to its process group if that is its own."""
    if p.poll() is None:
        try:
            if p.terminal:
                p.send_signal(number)
            else:
                os.killpg(p.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def tell(p, number):
    """Asks a child to end, once."""
    if not p.told:
        p.told = True
        send(p, p.stop_signal or number)


def kill(p):
    """Kills a child and its descendants."""
    if p.poll() is None:
        kill_all(family(p.pid, parents()))
    if not p.terminal:
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def stop(p, number=signal.SIGTERM):
    """Ends a child: asks it to end, and kills it if it does not within GRACE_S. Returns its
    status."""
    tell(p, number)
    try:
        p.wait(GRACE_S)
    except TimeoutExpired:
        pass
    kill(p)
    return p.wait()


def end_all():
    """Ends all children."""
    for p in list(state.living):
        if p.returncode is None:
            stop(p, state.caught or signal.SIGTERM)


# ---- signals ----


def on_alarm(*_):
    """Ends what other threads wait for: a child that does not end, or that has left a descendant
    with its standard output."""
    running = [p for p in list(state.living) if p.poll() is None]
    if running and time.monotonic() < state.deadline:
        return
    for p in running:
        kill(p)
    if state.mark:
        guard.kill_marked(state.mark)


def on_signal(number, _):
    again, state.caught = state.caught, state.caught or number
    if state.callback:
        state.callback()
        return
    for p in list(state.living):
        if p.returncode is None and again:
            kill(p)     # The user has asked twice.
        elif p.returncode is None:
            tell(p, number)
    if again:
        return
    state.deadline = time.monotonic() + GRACE_S
    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)
    if not state.starting:      # Else start() raises.
        raise Interrupted(number)


def handle_signals():
    """The caller of this program may have it ignore a signal, as nohup does with SIGHUP."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, on_signal)


def on_interrupt(callback):
    """From now on a signal calls `callback` and interrupts nothing. The caller ends its children in
    order."""
    state.callback = callback
    if state.mark is None:      # A module of the package runs without the front door.
        state.caught = 0
        handle_signals()


@contextlib.contextmanager
def interrupts_go_to_child():
    """While this lasts, the terminal's Ctrl-C is for the child, a debugger or a pager."""
    if not os.isatty(0):
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted():
    """Returns the exit status of a program that a signal has ended: 130 after Ctrl-C."""
    return 128 + (state.caught or signal.SIGINT)


# ---- running ----


def name(number):
    try:
        return "signal %d (%s)" % (number, signal.Signals(number).name)
    except ValueError:
        return "signal %d" % number


def killed(words, status):
    """Returns the failure of a child that a signal has killed."""
    return environment("%s was killed by %s" % (os.path.basename(words[0]), name(-status)))


def run(words, *, given=None, timeout=None, may_be_killed=False, **keys):
    """Runs a child to its end; returns what subprocess.run() returns. `given` is the text for its
    standard input. If a signal kills the child, that is a failure of the environment."""
    if given is not None:
        keys["stdin"] = PIPE
    p = start(words, **keys)
    try:
        out, err = p.communicate(given, timeout=timeout)
    except TimeoutExpired:
        kill(p)
        p.communicate()
        raise
    except BaseException:
        stop(p, state.caught or signal.SIGTERM)
        raise
    finally:
        for pipe in (p.stdin, p.stdout, p.stderr):
            if pipe:
                pipe.close()
    if p.returncode < 0 and state.caught and not state.callback:
        raise Interrupted(state.caught)
    if p.returncode < 0 and not may_be_killed:
        raise killed(words, p.returncode)
    return subprocess.CompletedProcess(words, p.returncode, out, err)
