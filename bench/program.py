"""Running programs in turns, and what they cost."""
import os
import shutil
import statistics
import subprocess
import tempfile
import time

PERISCOPE = "build/periscope"
GENERATE = "build/bench/generate"
LOOPCAP = "build/bench/loopcap"


class Bench:
    """What all sections share: the directory of inputs, rounds, results."""

    def __init__(self, directory, quick):
        self.dir = directory
        self.quick = quick
        self.rounds = int(os.environ.get("BENCH_ROUNDS", "2" if quick else "5"))
        self.results = {}
        self.outs = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def out(self):
        """A directory that is not there yet, in memory: no disk is measured, and no file system
        that remembers what was deleted a moment ago."""
        base = "/dev/shm" if os.path.isdir("/dev/shm") else self.dir
        self.outs.append(tempfile.mkdtemp(prefix="periscope-bench-", dir=base))
        return self.outs[-1]

    def forget_outs(self):
        for path in self.outs:
            shutil.rmtree(path, ignore_errors=True)
        self.outs = []

    def forget(self, *names):
        for name in names:
            path = self.path(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.remove(path)


def machine():
    model = "?"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": os.uname().release}


def make(*command):
    """Runs a program that makes an input; what it says on standard error."""
    return subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr


def cost(command, stdin=None):
    """Wall and CPU seconds and peak memory of one run."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: status {process.returncode} of: {' '.join(command)}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024}


def summarize(runs):
    """Medians, and the whole range of the wall time."""
    row = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    row["wall_min"] = min(run["wall"] for run in runs)
    row["wall_max"] = max(run["wall"] for run in runs)
    row["runs"] = len(runs)
    return row


def in_turns(bench, commands):
    """Every command once a round, so that what else the machine does meets all alike. A command
    is a function that gives its words, with an output directory of its own each time."""
    runs = {name: [] for name in commands}
    for _ in range(bench.rounds):
        for name, command in commands.items():
            runs[name].append(cost(command()))
            bench.forget_outs()
    return {name: summarize(list_) for name, list_ in runs.items()}


def replay(bench, capture, *more):
    """The words of the command: events, flow logs and summary on, recording off."""
    return [PERISCOPE, "replay", "-j", "-l", bench.out(), *more, capture]
