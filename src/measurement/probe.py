"""Shows how an interpreter's global lock schedules threads, on any Python from 2.7 on.

Called with one argument, a run in JSON, it prints what it saw as a line of JSON; without, it prints what
interpreter it is. Only the standard library; times in seconds.

A run shares units of work among threads ({"s": "cpu", "threads", "units"}), or repeats an operation in one
thread beside others that work ({"s": "io", "kind": "sleep" or "write", "spinners", "d", "dur", "post"}).
Both may name the "interval" of the lock and the number of "cpus".
"""
from __future__ import division, print_function

import json
import os
import sys
import time

clock = getattr(time, "perf_counter", time.time)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
UNIT = 50e-6
GAP = 4


def work(rounds):
    while rounds > 0:
        rounds -= 1


def calibrate():
    """Rounds of work in a unit, and what the best of them took."""
    rounds, best = 1000, float("inf")
    for attempt in range(200):
        start = clock()
        work(rounds)
        best = min(best, clock() - start)
    per_round = max(best, 1e-9) / rounds
    return max(1, int(UNIT / per_round)), per_round


def quantiles(values):
    values = sorted(values)
    return [values[min(len(values) - 1, int(q * len(values)))] for q in QUANTILES]


def mean(values):
    return sum(values) / len(values)


class Meter(object):
    """What the process and the machine use from its start to its stop."""

    def __init__(self):
        import resource

        self.usage = lambda: resource.getrusage(resource.RUSAGE_SELF)
        self.machine_before = self.machine()
        self.before = self.usage()
        self.start = clock()

    @staticmethod
    def machine():
        """CPU time of all processes, and time that a hypervisor took away."""
        try:
            with open("/proc/stat") as stat:
                fields = [int(field) for field in stat.readline().split()[1:]]
        except (IOError, OSError):
            return None
        tick = os.sysconf("SC_CLK_TCK")
        busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6]
        return busy / tick, (fields[7] if len(fields) > 7 else 0) / tick

    def stop(self):
        wall = clock() - self.start
        now, before = self.usage(), self.before
        cpu = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
        seen = {
            "wall": wall,
            "cpu": cpu,
            "nvcsw": now.ru_nvcsw - before.ru_nvcsw,
            "nivcsw": now.ru_nivcsw - before.ru_nivcsw,
        }
        machine = self.machine()
        if machine is None or self.machine_before is None:
            return seen, 0.0, 0.0
        busy, stolen = [later - earlier for later, earlier in zip(machine, self.machine_before)]
        return seen, max(0.0, busy - cpu) / wall, stolen / wall


def share_units(rounds, threads, units):
    """Threads share units of work; each notes down when its units end."""
    import threading

    each = units // threads
    stamps = [[0.0] * (each + 1) for thread in range(threads)]
    gate = threading.Event()

    def body(mine):
        gate.wait()
        mine[0] = clock()
        for done in range(1, each + 1):
            work(rounds)
            mine[done] = clock()

    crew = [threading.Thread(target=body, args=(mine,)) for mine in stamps]
    for thread in crew:
        thread.start()
    time.sleep(0.05)
    meter = Meter()
    gate.set()
    for thread in crew:
        thread.join()
    seen, foreign, stolen = meter.stop()

    lengths = [[later - earlier for earlier, later in zip(mine, mine[1:])] for mine in stamps]
    unit = sorted(lengths[0])[each // 10]
    slices = []
    for mine in lengths:
        current = 0.0
        for length in mine:
            if length > GAP * unit:
                slices.append(current)
                current = 0.0
            else:
                current += length
        slices.append(current)
    seen.update(
        unit=unit,
        slices_n=len(slices),
        slice_mean=mean(slices),
        slice_pcts=quantiles(slices),
    )
    return seen, foreign, stolen


def repeat_operation(rounds, spinners, kind, pause, seconds, post):
    """One thread repeats an operation beside others that work."""
    import threading

    over = []
    counts = [0] * spinners
    latencies = []
    sink = os.open(os.devnull, os.O_WRONLY)

    def spin(mine):
        while not over:
            work(rounds)
            counts[mine] += 1

    def operate():
        end = clock() + seconds
        start = clock()
        while start < end:
            if kind == "sleep":
                time.sleep(pause)
            else:
                os.write(sink, b"x")
            latencies.append(clock() - start)
            for unit in range(post):
                work(rounds)
            start = clock()
        over.append(True)

    crew = [threading.Thread(target=spin, args=(mine,)) for mine in range(spinners)]
    for thread in crew:
        thread.start()
    time.sleep(0.02)
    meter = Meter()
    operator = threading.Thread(target=operate)
    operator.start()
    operator.join()
    seen, foreign, stolen = meter.stop()
    for thread in crew:
        thread.join()
    os.close(sink)
    seen.update(
        ops=len(latencies),
        lat_mean=mean(latencies),
        lat_pcts=quantiles(latencies),
        lat_max=max(latencies),
        spin_units=sum(counts),
    )
    return seen, foreign, stolen


def pin(cpus):
    """Keeps the process on so many of the cores that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cpus])
    elif sys.platform.startswith("linux"):
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        mask = ctypes.c_ulong((1 << cpus) - 1)
        if libc.sched_setaffinity(0, ctypes.sizeof(mask), ctypes.byref(mask)) != 0:
            raise OSError(ctypes.get_errno(), "sched_setaffinity")


def set_interval(interval):
    if interval is None:
        return
    if sys.version_info >= (3, 2):
        sys.setswitchinterval(interval)
    else:
        sys.setcheckinterval(int(interval))


def interpreter():
    import platform

    import resource  # noqa: F401, its absence is to be told now
    import threading  # noqa: F401

    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    return {
        "python": "%s-%s" % (platform.python_implementation().lower(), platform.python_version())
        + ("" if has_lock else "t"),
        "version": platform.python_version(),
        "gil": has_lock,
        "ticks": sys.version_info < (3, 2),
    }


def main():
    about = interpreter()
    if len(sys.argv) < 2:
        print(json.dumps(about))
        return
    asked = json.loads(sys.argv[1])
    pin(asked["cpus"])
    rounds, per_round = calibrate()
    set_interval(asked.get("interval"))
    if asked["s"] == "cpu":
        seen, foreign, stolen = share_units(rounds, asked["threads"], asked["units"])
    else:
        seen, foreign, stolen = repeat_operation(
            rounds,
            asked["spinners"],
            asked["kind"],
            asked.get("d", 0.0),
            asked["dur"],
            asked.get("post", 0),
        )
    seen.update(
        iters_per_unit=rounds, iter_s=per_round, version=about["version"], gil=about["gil"]
    )
    print(
        json.dumps(
            {
                "python": about["python"],
                "cpus": asked["cpus"],
                "args": asked,
                "result": seen,
                "foreign": foreign,
                "steal": stolen,
            }
        )
    )


if __name__ == "__main__":
    main()
