"""The live appliance: the highest rate at which no packet is lost, over a shared-memory port (memif)
and over a kernel interface (veth, af_packet), and what hand-off costs. Every packet is counted by who
sends it and by the appliance; a packet that the sender found no room for is lost, too.

Generator and appliance share the machine. The generator has the first processor to itself when there
is one worker; with as many workers as processors it takes its time from one of them. `worker ns` is
the processor time that all workers together spent on a packet while flooded: of all these numbers
the one that least depends on what else the machine does."""
import json
import os
import signal
import subprocess
import time

import program

SECONDS, STEPS, SETTLE_S = 2.0, 7, 5
MEMIF = "socket=%s,socket-abstract=no,rsize=14"
SPACE = "psbench%d" % os.getpid()
RECORDING = ("packets.record=accepted", "packets.max_total_size=512MiB")
# name, mix, workers, queues, more settings
MEMIF_ROWS = (
    ("datacentre, 1 worker", "datacentre", 1, 1, ()),
    ("datacentre, 2 workers, 1 queue", "datacentre", 2, 1, ()),
    ("datacentre, 2 workers, 2 queues", "datacentre", 2, 2, ()),
    ("dpi, 1 worker", "dpi", 1, 1, ()),
    ("dpi, 2 workers, 1 queue", "dpi", 2, 1, ()),
    ("dpi, 2 workers, 2 queues", "dpi", 2, 2, ()),
    ("datacentre, 1 worker, recording", "datacentre", 1, 1, RECORDING),
)
VETH_ROWS = MEMIF_ROWS[:3] + MEMIF_ROWS[6:]


class Appliance:
    """A running periscope; what it has counted."""

    def __init__(self, bench, port, workers, queues, before=(), more=()):
        self.dir = os.path.join(bench.out(), "out")
        self.err = open(bench.path("run.err"), "w+")
        command = [*before, program.PERISCOPE, "run", "-l", self.dir]
        for setting in (f'capture.ports=["{port}"]', f"capture.workers={workers}",
                        f"capture.queues={queues}", "capture.memory=256MiB", "control.http=off",
                        "control.health_tcp=0", "flow.idle_timeout=10s", *more):
            command += ["--set", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.err)
        for _ in range(100):
            time.sleep(0.1)
            if "periscope: running" in self.said():
                return
        raise SystemExit("bench: periscope does not run: " + self.said())

    def said(self):
        self.err.seek(0)
        return self.err.read()

    def stats(self):
        command = [program.PERISCOPE, "ctl", "-l", self.dir, "-j", "stats"]
        s = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        recording = s["outputs"]["recording"]
        return {"not_recorded": recording["by_policy"] + recording["lost_queue"] + recording["lost_disk"],
                "received": s["received"], "handoff_full": s["ledger"]["handoff_full"],
                "flow_table_full": s["ledger"]["flow_table_full"],
                "missed": sum(p["missed"] for p in s["ports"]),
                "nombuf": sum(p["nombuf"] for p in s["ports"]), "in_flight": s["in_flight"]}

    def worker_seconds(self):
        """Processor time of the workers."""
        sum_, base = 0, f"/proc/{self.process.pid}/task"
        for task in os.listdir(base):
            with open(f"{base}/{task}/comm") as file:
                if file.read().startswith("worker"):
                    sum_ += ticks(f"{self.process.pid}/task/{task}")
        return sum_ / os.sysconf("SC_CLK_TCK")

    def settled(self):
        """Counters once nothing comes any more."""
        before, until = self.stats(), time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            time.sleep(0.3)
            now = self.stats()
            if now == before and now["in_flight"] == 0:
                break
            before = now
        return before

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.err.close()
        if status != 0:
            raise SystemExit(f"bench: periscope ended with status {status}")


class Blast:
    """bench/blast.c at the other end of a memif."""

    def __init__(self, capture, device, queues):
        command = ["build/bench/blast", "--capture", capture, "--device", device, "--queues", str(queues)]
        if os.cpu_count() > 1:
            command = ["taskset", "-c", "0", *command]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        if not self.process.stdout.readline():
            raise SystemExit("bench: blast found nobody at the other end of the memif")

    def send(self, rate, seconds):
        self.process.stdin.write(f"{rate:.0f} {seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Flood:
    """tests/system/make/flood.c at the other end of a veth."""

    def __init__(self, capture):
        self.capture = capture

    def send(self, rate, seconds):
        command = ["ip", "netns", "exec", SPACE, "build/bench/flood", "from0", self.capture,
                   f"{rate:.0f}", str(seconds)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def stop(self):
        pass


def attempt(appliance, sender, rate, seconds):
    """One run: the rate that it really had, and what was lost where."""
    before = appliance.settled()
    busy = appliance.worker_seconds()
    sent = sender.send(rate, seconds)
    busy = appliance.worker_seconds() - busy
    after = appliance.settled()
    lost = {name: after[name] - before[name] for name in
            ("handoff_full", "flow_table_full", "missed", "nombuf", "not_recorded")}
    lost["refused"] = sent["refused"]
    received = after["received"] - before["received"]
    lost["unaccounted"] = sent["sent"] - received - lost["missed"] - lost["nombuf"]
    return {"rate": (sent["sent"] + sent["refused"]) / sent["seconds"],
            "taken": received / sent["seconds"], "worker_ns": 1e9 * busy / max(received, 1),
            "lost": {k: v for k, v in lost.items() if v}}


def search(bench, appliance, sender):
    """Between nothing and what was received when more came than could be: halving. A rate counts as
    carried when one of two runs loses nothing."""
    seconds = SECONDS / 2 if bench.quick else SECONDS
    full = attempt(appliance, sender, 0, seconds)
    low, high, best = 0.0, full["taken"] * 1.2, None
    for _ in range(STEPS - 2 if bench.quick else STEPS):
        rate = (low + high) / 2
        for _ in range(2):
            run = attempt(appliance, sender, rate, seconds)
            if not run["lost"]:
                break
        if run["lost"]:
            high = rate
        else:
            low, best = rate, run["rate"]
    return {"lossless": best, "flooded": full}


def captures(bench):
    """64 Ki packets of each mix, over and over: conversations come again when they have ended."""
    made = {}
    for mix in ("datacentre", "dpi"):
        made[mix] = bench.path(mix + ".pcap")
        program.make(program.GENERATE, "--mix", mix, "--packets", "65536", "--mirror", made[mix])
    return made


def show(title, row):
    full = row["flooded"]
    best = f"{row['lossless'] / 1e6:9.2f}" if row["lossless"] else "     none"
    print(f"  {title:36}{best}{full['taken'] / 1e6:12.2f}{full['worker_ns']:11.0f}   "
          + (", ".join(f"{k} {v:,}" for k, v in full["lost"].items()) or "nothing"))


def heading(title):
    print(f"\n{title}, million packets a second")
    print(f"  {'':36}{'lossless':>9}{'flooded':>12}{'worker ns':>11}   lost when flooded")


def memif(bench, made):
    heading("Live over memif")
    rows, socket = {}, os.path.abspath(bench.path("memif.sock"))
    alone = Blast(made["datacentre"], "net_null0", 1)
    run = alone.send(0, 1.0)
    alone.stop()
    rows["generator alone"] = run["sent"] / run["seconds"]
    print(f"  {'generator alone, into nothing':36}{rows['generator alone'] / 1e6:9.2f}")
    for title, mix, workers, queues, more in MEMIF_ROWS:
        # A memif's peer is met after the start, and what that needs no other port does.
        appliance = Appliance(bench, f"net_memif0,role=server,{MEMIF % socket}", workers, queues,
                              more=("rights.seccomp=off", "rights.user=off", *more))
        sender = Blast(made[mix], f"net_memif0,role=client,{MEMIF % socket}", queues)
        rows[title] = search(bench, appliance, sender)
        show(title, rows[title])
        sender.stop()
        appliance.stop()
        bench.forget_outs()
    return rows


def wire(up):
    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    if not up:
        subprocess.run(["ip", "netns", "del", SPACE], check=False)
        return
    ip("netns", "add", SPACE)
    ip("netns", "exec", SPACE, "sh", "-c", "for at in all default; do "
       "echo 1 >/proc/sys/net/ipv6/conf/$at/disable_ipv6; done")
    ip("-n", SPACE, "link", "add", "from0", "mtu", "1900", "arp", "off", "type", "veth",
       "peer", "name", "to0", "mtu", "1900", "arp", "off")
    for end in ("from0", "to0", "lo"):
        ip("-n", SPACE, "link", "set", end, "up")


def veth(bench, made):
    heading("Live over veth (af_packet)")
    rows = {}
    wire(True)
    try:
        run = Flood(made["datacentre"]).send(0, 1.0)
        rows["generator alone"] = run["sent"] / run["seconds"]
        print(f"  {'generator alone, nobody listens':36}{rows['generator alone'] / 1e6:9.2f}")
        for title, mix, workers, queues, more in VETH_ROWS:
            appliance = Appliance(
                bench, "net_af_packet0,iface=to0,framesz=2048,blocksz=65536", workers,
                queues, before=("ip", "netns", "exec", SPACE), more=more)
            rows[title] = search(bench, appliance, Flood(made[mix]))
            show(title, rows[title])
            appliance.stop()
            bench.forget_outs()
    finally:
        wire(False)
    return rows


def idle(bench):
    """Processor time of an appliance that nothing comes to."""
    print("\nIdle, % of one processor")
    rows = {}
    for how in ("sleep", "poll"):
        for workers in (1, 2, 4):
            appliance = Appliance(bench, "net_null0,no-rx=1", workers, 1, more=(f"capture.idle={how}",))
            time.sleep(1)
            seconds = 2 if bench.quick else 5
            before = ticks(appliance.process.pid)
            time.sleep(seconds)
            used = ticks(appliance.process.pid) - before
            rows[f"{how}, {workers} workers"] = 100 * used / os.sysconf("SC_CLK_TCK") / seconds
            appliance.stop()
            bench.forget_outs()
    for title, percent in rows.items():
        print(f"  {title:36}{percent:9.1f}")
    return rows


def ticks(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def handoff(bench):
    """Two workers in memory (bench/handoff.c)."""
    rounds = 40 if bench.quick else 200
    words = ["build/bench/handoff", "--rounds", str(rounds)]
    row = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    print("\nHand-off between two workers in memory, million packets a second")
    titles = {"own": "all packets come to their owners", "half": "half of all are handed over",
              "other": "all are handed over", "one": "one queue, half are handed over"}
    for mode, title in titles.items():
        print(f"  {title:36}{row[mode]['mpps']:9.2f}{row[mode]['mpps'] / row['own']['mpps']:12.2f} of the first")
    return row


def section(bench):
    if os.cpu_count() < 2:
        print("\nLive: needs two processors")
        return
    results = {"handoff": handoff(bench), "idle": idle(bench)}
    made = captures(bench)
    results["memif"] = memif(bench, made)
    if os.geteuid() == 0:
        results["veth"] = veth(bench, made)
    else:
        print("\nLive over veth: needs root for a network namespace")
    bench.results["live"] = results
