"""Instructions a packet of each stage, counted by callgrind, beside the record in
bench/instructions.json: more than 3 % above it fails. `check.py --record` writes the record.

valgrind shows programs the same processor on every machine with AVX2, so libc and rte_acl choose
the same functions there and counts agree to a fraction of a percent. Another compiler or library
gives other numbers that say nothing about our code: then the comparison is printed and not judged."""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

RECORD = "bench/instructions.json"
TOLERANCE = 1.03
PACKETS = 16384
TRAFFIC = 20000
PACKAGES = ("gcc-12", "libc6", "librte-acl23", "libndpi4.2", "libdeflate0", "zlib1g", "valgrind")

# What is measured, and the function that holds it (none that waits for another thread: how often
# it looks would count). `stages` sees established flows alone, `replay` the dpi mix; its counts
# are divided by all packets.
STAGES = {"decap": "run_decap", "session": "run_session", "flow": "run_flow", "path": "run_path"}
REPLAY = {"read": "input_next", "decap": "distributor_decap", "pipeline": "pipeline_run", "nDPI": "dpi_packet",
          "parsers": "flow_read", "export": "exporter_flow", "flow logs": "exporter_window", "writer": "output_record"}


def environment():
    """What counts depend on besides our code."""
    found = {"build": "plain"}
    for package in PACKAGES:
        query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                               capture_output=True, text=True)
        found[package] = query.stdout if query.returncode == 0 else "none"
    with open("/proc/cpuinfo") as file:
        found["processor"] = "with AVX2" if " avx2 " in file.read() else "without AVX2"
    if any(os.environ.get(name) for name in ("CFLAGS", "CC", "LDFLAGS")):
        found["build"] = "with CC, CFLAGS or LDFLAGS of the environment"
    return found


def count(directory, name, command, functions):
    """Inclusive instructions of the functions."""
    out = os.path.join(directory, f"callgrind.{name}")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+)\s.*?[:/ ](\w+)(?: \[.*)?$", line)
        if match and match.group(2) in functions:
            found.setdefault(match.group(2), int(match.group(1).replace(",", "")))
    missing = [function for function in functions if function not in found]
    if missing:
        sys.exit(f"bench-check: callgrind saw no {', '.join(missing)}")
    return found


def stages(directory, rules):
    functions = STAGES if rules == 0 else {"path": "run_path"}
    found = count(directory, f"stages-{rules}",
                  ["build/bench/stages", "--once", "--packets", str(PACKETS), "--flows", "4096",
                   "--rules", str(rules)], functions.values())
    return {name: found[function] / PACKETS for name, function in functions.items()}


def replay(directory):
    capture = os.path.join(directory, "mix.pcap")
    subprocess.run(["build/bench/generate", "--mix", "dpi", "--packets", str(TRAFFIC),
                    "--mirror", capture], check=True, stderr=subprocess.DEVNULL)
    command = ["build/periscope", "replay", "--workers", "1", "--force", "-j", "-l",
               os.path.join(directory, "out"), capture]
    found = count(directory, "replay", command, REPLAY.values())
    return {f"replay: {name}": found[function] / TRAFFIC for name, function in REPLAY.items()}


def index(directory):
    """Packets told to an index, and the index of a part written, for each of its packets."""
    functions = {"index": "index_builder_add", "index, its end": "index_builder_close"}
    found = count(directory, "index", ["build/bench/packet_index", "--once", str(TRAFFIC)], functions.values())
    return {name: found[function] / TRAFFIC for name, function in functions.items()}


def measure(directory):
    with ThreadPoolExecutor() as pool:
        plain, ruled = (pool.submit(stages, directory, rules) for rules in (0, 10))
        whole = pool.submit(replay, directory)
        indexed = pool.submit(index, directory)
        now = plain.result()
        now["filter, 10 rules"] = ruled.result()["path"] - now["path"]
        return {**now, **whole.result(), **indexed.result()}


def compare(now, record):
    """Prints both; the stages that got worse."""
    worse = []
    print(f"{'instructions a packet':24}{'record':>10}{'now':>10}")
    for name, count_ in now.items():
        before = record.get(name)
        mark = ""
        if before is None:
            mark = "  no record"
            worse.append(name)
        elif count_ > before * TOLERANCE:
            mark = f"  {(count_ / before - 1) * 100:+.1f} %"
            worse.append(name)
        print(f"{name:24}{before if before is not None else 0:10.1f}{count_:10.1f}{mark}")
    return worse


def main():
    with tempfile.TemporaryDirectory(prefix="periscope-bench-") as directory:
        now = measure(directory)
    if sys.argv[1:] == ["--record"]:
        with open(RECORD, "w") as file:
            json.dump({"environment": environment(),
                       "instructions": {name: round(count_, 1) for name, count_ in now.items()}},
                      file, indent=1)
            file.write("\n")
        return
    with open(RECORD) as file:
        record = json.load(file)
    worse = compare(now, record["instructions"])
    other = [f"{name} {version} (recorded: {record['environment'].get(name)})"
             for name, version in environment().items()
             if record["environment"].get(name) != version]
    if other:
        print("bench-check: NOT JUDGED, recorded in another environment: " + "; ".join(other))
    elif worse:
        sys.exit(f"bench-check: more than 3 % above {RECORD}: {', '.join(worse)}")


main()
