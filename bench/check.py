"""Instructions a packet of each stage, counted by callgrind, beside the record in
bench/instructions.json: more than 3 % above it fails. `check.py --record` writes the record."""
import json
import os
import re
import subprocess
import sys
import tempfile

RECORD = "bench/instructions.json"
TOLERANCE = 1.03
PACKETS = 16384
TRAFFIC = 20000

# What is measured, and the function that holds it (none that waits for another thread: how often
# it looks would count). `stages` sees established flows alone, `replay` the dpi mix; its counts
# are divided by all packets.
STAGES = {"decap": "run_decap", "session": "run_session", "flow": "run_flow", "path": "run_path"}
REPLAY = {"read": "input_next", "pipeline": "pipeline_run", "nDPI": "dpi_packet",
          "export": "exporter_flow", "flow logs": "exporter_window", "writer": "output_write"}


def count(directory, command, functions):
    """Inclusive instructions of the functions."""
    out = os.path.join(directory, "callgrind.out")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+)\s.*?[:/ ](\w+)(?: \[.*)?$", line)
        if match and match.group(2) in functions:
            found.setdefault(match.group(2), int(match.group(1).replace(",", "")))
    missing = [name for name in functions if name not in found]
    if missing:
        sys.exit(f"bench-check: callgrind saw no {', '.join(missing)}")
    return found


def stages(directory):
    common = ["build/bench/stages", "--once", "--packets", str(PACKETS), "--flows", "4096"]
    found = count(directory, common + ["--rules", "0"], STAGES.values())
    # The path goes twice: once to establish the flows.
    result = {name: found[function] / PACKETS / (2 if name == "path" else 1)
              for name, function in STAGES.items()}
    filtered = count(directory, common + ["--rules", "10"], ["run_path"])["run_path"]
    result["filter, 10 rules"] = filtered / PACKETS / 2 - result["path"]
    return result


def replay(directory):
    capture = os.path.join(directory, "mix.pcap")
    subprocess.run(["build/bench/generate", "--mix", "dpi", "--packets", str(TRAFFIC),
                    "--mirror", capture], check=True, stderr=subprocess.DEVNULL)
    command = ["build/periscope", "replay", "--workers", "1", "--force", "-j", "-l",
               os.path.join(directory, "out"), capture]
    found = count(directory, command, REPLAY.values())
    return {f"replay: {name}": found[function] / TRAFFIC for name, function in REPLAY.items()}


def judge(now, record):
    """The stages that got worse."""
    worse = []
    print(f"{'instructions a packet':24}{'record':>10}{'now':>10}")
    for name, count_ in now.items():
        before = record.get(name)
        mark = ""
        if before is None:
            mark = "  no record"
        elif count_ > before * TOLERANCE:
            mark = f"  {(count_ / before - 1) * 100:+.1f} %"
            worse.append(name)
        print(f"{name:24}{before if before is not None else 0:10.1f}{count_:10.1f}{mark}")
    return worse


def main():
    with tempfile.TemporaryDirectory(prefix="periscope-bench-") as directory:
        now = {**stages(directory), **replay(directory)}
    if sys.argv[1:] == ["--record"]:
        with open(RECORD, "w") as file:
            json.dump({name: round(count_, 1) for name, count_ in now.items()}, file, indent=1)
            file.write("\n")
        return
    with open(RECORD) as file:
        record = json.load(file)
    worse = judge(now, record)
    if worse:
        sys.exit(f"bench-check: more than 3 % above {RECORD}: {', '.join(worse)}")


main()
