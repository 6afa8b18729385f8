# SPDX-License-Identifier: GPL-2.0-only
"""Decides which lane runs next on a free core, for how long and with which seed, and when the time
of the night is over.

Lanes share the time of all cores by weight. The lane that has had the least of its share is
next, for a slice. Each lane runs once, however short the night is. A lane that fails several times
in a row is not started again. Jobs beside the lanes (behind.py) take a core as a lane does.

The scheduler starts, follows and ends processes. It reads and writes no file of the campaign.
"""

import dataclasses
import time

LEAST_S = 2.0           # This is the shortest slice. In less time a lane finds nothing.
# This is the time between two looks at the memory of processes and at the disk.
LOOK_EVERY_S = 1.0


@dataclasses.dataclass
class Budget:
    """The time, cores and seed that a night has, and the limits of the config file."""
    seconds: float
    cores: int
    seed: int
    limits: dict


class Scheduler:
    def __init__(self, lanes, budget, has_work=lambda lane: True):
        """Makes a scheduler. `has_work` says whether a lane has something to do."""
        self.lanes, self.budget, self.has_work = lanes, budget, has_work
        self.beside = []            # These jobs run beside the lanes.
        self.before = 0.0           # Earlier starts of this night took this many seconds.
        self.started = self.looked = 0.0
        self.room_now, self.full_since, self.without_room = True, 0.0, 0.0
        self.interrupted = False

    # ---- room on the disk ---------------------------------------------------------

    @property
    def room(self):
        """True if the disk has room. Without room nothing is started."""
        return self.room_now

    @room.setter
    def room(self, room):
        if room and not self.room_now:
            self.without_room = self.waited()
        elif self.room_now and not room:
            self.full_since = time.monotonic()
        self.room_now = room

    def waited(self):
        """Returns how many seconds of this start the lanes have waited for room."""
        return self.without_room + (
            0.0 if self.room_now else time.monotonic() - self.full_since)

    # ---- time -----------------------------------------------------------------

    def begin(self):
        self.started = time.monotonic()

    def elapsed(self):
        return self.before + time.monotonic() - self.started if self.started else self.before

    def left(self):
        return self.budget.seconds - self.elapsed()

    def time_to_look(self):
        return time.monotonic() - self.looked >= LOOK_EVERY_S

    # ---- lanes ------------------------------------------------------------------

    def given_up(self, lane):
        return lane.row >= self.budget.limits["failures"]

    def slice_of(self, lane):
        total = sum(each.weight for each in self.lanes)
        share = self.budget.seconds * self.budget.cores * lane.weight / total
        owed = share - lane.seconds() if lane.seconds() < share else share
        return max(LEAST_S, min(owed, self.budget.limits["slice"], max(LEAST_S, self.left())))

    def next_lane(self):
        """Returns the lane that has had the least of its share, or None."""
        ready = [lane for lane in self.lanes if lane.state != "running" and
                 not self.given_up(lane) and self.has_work(lane)]
        if self.left() <= 0:
            ready = [lane for lane in ready if not lane.night["runs"]]
        return min(ready, key=lambda lane: lane.seconds() / lane.weight) if ready else None

    def start_lane(self, lane):
        # Each start has another seed, so that it does not repeat the last one.
        seed = self.budget.seed + 1000003 * lane.night["runs"] + 7919 * self.lanes.index(lane)
        lane.start(self.slice_of(lane), seed % 2**62, self.budget.limits["grace"])

    # ---- what runs -----------------------------------------------------------------

    def lanes_running(self):
        return [lane for lane in self.lanes if lane.state == "running"]

    def jobs_running(self):
        return [job for job in self.beside if job.state == "running"]

    def free_cores(self):
        return self.budget.cores - len(self.lanes_running()) - len(self.jobs_running())

    def poll(self):
        """Returns (lanes, jobs) that have ended since the last time."""
        return ([lane for lane in self.lanes_running() if not lane.poll()],
                [job for job in self.jobs_running() if not job.poll()])

    def fill(self, start_job, start_lane):
        """Gives each free core a job beside the lanes if `start_job` starts one, else a lane, which
        `start_lane` may refuse to start."""
        while self.room and self.free_cores() > 0:
            if start_job():
                continue
            lane = self.next_lane()
            if not lane:
                break
            start_lane(lane)
            if lane.state != "running":
                break

    def check_memory(self):
        """Kills what hangs or takes too much memory."""
        self.looked = time.monotonic()
        for job in self.lanes_running() + self.jobs_running():
            job.look(self.budget.limits["memory"])

    def over(self):
        """Returns True if the time is over or no lane may run any more, and all that was running
        has ended."""
        if self.interrupted:
            return True
        done = self.left() <= 0 or all(map(self.given_up, self.lanes))
        return done and not self.lanes_running() and \
            (not self.room or not self.next_lane())

    # ---- ending ---------------------------------------------------------------------

    def stop_lanes(self):
        for lane in self.lanes_running():
            lane.stop()

    def end_lanes(self, take):
        """Gives the lanes that were asked to end some seconds, then kills those that still run.
        Calls `take` again and again, to take over the results of the lanes that have ended."""
        deadline = time.monotonic() + self.budget.limits["grace"]
        while self.lanes_running() and time.monotonic() < deadline:
            take()
            time.sleep(0.02)
        for lane in self.lanes_running():
            lane.kill("did not end when asked to")
            lane.process.wait()
        take()

    def kill_jobs(self):
        for job in self.jobs_running():
            job.kill()
            job.process.wait()
