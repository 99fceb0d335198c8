#!/usr/bin/env python3
"""sweep.py PERISCOPE DIR CAPTURE...: replays each capture as auto, mirror and plain, with one
worker and with three; every ledger must close, and as many packets must be received as tcpdump
counts. As many captures at once as there are processors. Prints what is wrong; status 1 if anything is."""
import contextlib
import io
import multiprocessing
import os
import shutil
import subprocess
import sys

import results

RUNS = (("auto", 1), ("auto", 3), ("mirror", 3), ("plain", 1), ("plain", 3))


def tcpdump_count(path):
    """Packets before the end of the capture or its damage, and whether it was damaged."""
    unzip = "gzip -dc" if path.endswith(".gz") else "cat"
    run = subprocess.run("%s '%s' | tcpdump -r - -w - 2>'%s' | tcpdump --count -r - 2>/dev/null" %
                         (unzip, path, os.devnull), shell=True, capture_output=True, text=True)
    words = run.stdout.split()
    return int(words[0]) if words else 0


def judge(periscope, directory, path, kind, workers, want):
    command = [periscope, "replay", "-l", directory, "--input", kind, "--workers", str(workers),
               path]
    shutil.rmtree(directory, ignore_errors=True)
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120)
    if not os.path.exists(os.path.join(directory, "summary.json")):
        # Only a capture without one packet that can be read may give nothing.
        return run.stderr if run.returncode != 1 or want != 0 else ""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        results.ledger(directory)
        got = results.summary(directory)["received"]
        if got != want:
            print("received %d, tcpdump counts %d" % (got, want))
        if run.returncode not in (0, 1) or (run.returncode == 1) != (run.stderr != ""):
            print("status %d, said %r" % (run.returncode, run.stderr))
        if run.returncode == 1 and len(run.stderr.splitlines()) != 1:
            print("more than one sentence: %r" % run.stderr)
    return said.getvalue()


def sweep(job):
    """All runs of one capture: how many were wrong, and what."""
    periscope, directory, path = job
    own, want, wrong = os.path.join(directory, str(os.getpid())), tcpdump_count(path), []
    for kind, workers in RUNS:
        said = judge(periscope, own, path, kind, workers, want)
        if said:
            wrong.append("%s --input %s --workers %d: %s" % (os.path.basename(path), kind, workers,
                                                             said.strip()))
    return wrong


def main():
    periscope, directory, captures = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(directory)
    with multiprocessing.Pool() as pool:
        wrong = sum(pool.map(sweep, [(periscope, directory, path) for path in captures], 1), [])
    for line in wrong:
        print(line)
    print("%d captures, %d runs, %d with faults" % (len(captures), len(captures) * len(RUNS),
                                                    len(wrong)))
    return 1 if wrong or not captures else 0


if __name__ == "__main__":
    sys.exit(main())
