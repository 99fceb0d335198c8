"""Runs the benchmarks and prints their page; see run.sh. Standard library only."""
import json
import os
import shutil
import sys
import tempfile

import latency
import lengths
import live
import peers
import program
import stages

SECTIONS = {
    "replay": peers.section,
    "length": lengths.section,
    "stages": stages.stages,
    "growth": stages.growth,
    "live": live.section,
    "latency": latency.section,
}


def work_dir():
    """Where inputs are made. They were just written, so that the page cache is measured and no
    disk; tmpfs is no good place, because reading from it costs twice as much."""
    return tempfile.mkdtemp(prefix="periscope-bench-", dir=os.environ.get("BENCH_DIR", "build"))


def main():
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    names = [a for a in arguments if a != "--quick"] or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            sys.exit(f"bench: no section '{name}'; there are {', '.join(SECTIONS)}")
    bench = program.Bench(work_dir(), quick)
    try:
        for name in names:
            SECTIONS[name](bench)
    finally:
        shutil.rmtree(bench.dir, ignore_errors=True)
    with open("build/bench.json", "w") as file:
        json.dump({"machine": program.machine(), "results": bench.results}, file, indent=1)
        file.write("\n")
    print("\nall numbers: build/bench.json")


main()
