# SPDX-License-Identifier: GPL-2.0-only
"""Starts a Slurm cluster of virtual nodes on this machine's loopback, for tests.

Everything, the munge key too, is in one folder. It needs root, slurm-wlm and munge. The daemons
die with the process that started them; close() also ends the jobs.
"""

import os
import signal
import socket
import subprocess
import time

NODES = ("kt1", "kt2")

CONF = """\
ClusterName=kthrash
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits until its old credential has expired, by default after 120 seconds.
AuthInfo=socket={folder}/munge.sock,cred_expire=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd-%n
SlurmdParameters=config_overrides
MailProg=/bin/true
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobs
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=5,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MinJobAge=3600
KillWait=5
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    """A cluster in `folder`. The folder is empty and has a short path, because it will hold a
    socket."""

    def __init__(self, folder):
        self.folder = folder
        self.conf = os.path.join(folder, "slurm.conf")
        self.environment = {**os.environ, "SLURM_CONF": self.conf}
        self.daemons = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        for name in ("munge", "state", "log", *("spool/" + n for n in NODES)):
            os.makedirs(os.path.join(self.folder, name), mode=0o755)
        os.chmod(os.path.join(self.folder, "munge"), 0o700)
        self.write_conf()
        key = os.path.join(self.folder, "munge", "key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o400), "wb") as f:
            f.write(os.urandom(128))
        at = self.folder
        self.daemon("munged", ["munged", "--foreground", "--force", "--key-file=" + key,
                               "--socket=%s/munge.sock" % at, "--pid-file=%s/munged.pid" % at,
                               "--log-file=%s/log/munged" % at,
                               "--seed-file=%s/munge/seed" % at])
        self.until(lambda: os.path.exists(at + "/munge.sock"), "munged's socket")
        self.daemon("slurmctld", ["slurmctld", "-D", "-c", "-f", self.conf])
        for node in NODES:
            self.daemon(node, ["slurmd", "-D", "-N", node, "-f", self.conf])
        self.until(lambda: all(self.state(n) == "idle" for n in NODES), "idle nodes")

    def write_conf(self):
        host = socket.gethostname().partition(".")[0]
        port, *node_ports = free_ports(1 + len(NODES))
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(CONF.format(folder=self.folder, host=host, port=port))
            for node, node_port in zip(NODES, node_ports):
                f.write("NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=1 "
                        "State=UNKNOWN\n" % (node, host, node_port))
            f.write("PartitionName=fuzz Nodes=%s Default=YES MaxTime=INFINITE State=UP\n"
                    % ",".join(NODES))

    def daemon(self, name, command):
        with open(os.path.join(self.folder, "log", name + ".out"), "w", encoding="utf-8") as f:
            self.daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                stdout=f, stderr=f, env={**self.environment, "PATH": os.environ["PATH"] +
                                         ":/usr/sbin:/sbin"})

    def run(self, *command):
        """Runs a command. Returns its output."""
        return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout

    def state(self, node):
        return self.run("sinfo", "-h", "-N", "-n", node, "-o", "%T").strip()

    def until(self, condition, what, seconds=60):
        """Waits until `condition()` is true. Returns its value. Raises an error if a daemon ends,
        or if the wait takes too long."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            ended = [n for n, d in self.daemons.items() if d.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise AssertionError("no %s%s\n%s" % (
                    what, "; ended: " + ", ".join(ended) if ended else "", self.logs()))
            time.sleep(0.1)

    def logs(self):
        text = self.run("squeue", "-a") + self.run("sinfo", "-N")
        for name in sorted(os.listdir(os.path.join(self.folder, "log"))):
            with open(os.path.join(self.folder, "log", name), errors="replace",
                      encoding="utf-8") as f:
                text += "-- %s --\n%s" % (name, f.read()[-1500:])
        return text

    def lose(self, node, survivors=False):
        """Kills the node's daemon and all that it ran. With survivors, the processes that the node
        ran live on, and only Slurm no longer knows of them."""
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        lost = [p for p in self.processes("SLURMD_NODENAME=" + node)
                if not survivors or command_of(p).startswith("slurmstepd")]
        # SIGSTOP comes first, so that no process sees another one end.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in lost:
                send(pid, number)
        self.run("scontrol", "update", "NodeName=" + node, "State=DOWN", "Reason=lost")

    def processes(self, word=None):
        """Returns the processes of this cluster, which have Slurm's own variable in their
        environment."""
        marks = [("SLURM_CONF=" + self.conf).encode()] + ([word.encode()] if word else [])
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    variables = f.read().split(b"\0")
            except OSError:
                continue
            if all(m in variables for m in marks) and int(pid) != os.getpid():
                found.append(int(pid))
        return found

    def close(self):
        if "slurmctld" in self.daemons:
            self.run("scancel", "--full", "--signal=KILL", "--user=root")
            self.run("scancel", "--user=root")
        for daemon in self.daemons.values():
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid in self.processes():
            send(pid, signal.SIGKILL)


def command_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
