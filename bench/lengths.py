"""Memory does not grow with the length of the input: the same mix once, 4 and 16 times as long."""
import subprocess

import program

PACKETS = 500000
RATE = 2500  # packets a second: the shortest input is longer than every timeout


def peak(bench, packets):
    """Peak memory of a replay from a pipe: the input needs no room."""
    maker = subprocess.Popen(
        [program.GENERATE, "--mix", "dpi", "--packets", str(packets), "--rate", str(RATE),
         "--data-size", "100", "--mirror", "-"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    row = program.cost(program.replay(bench, "-", "--workers", "1"), stdin=maker.stdout)
    maker.stdout.close()
    if maker.wait() != 0:
        raise SystemExit("bench: the generator failed")
    bench.forget_outs()
    return row


def section(bench):
    base = PACKETS // (5 if bench.quick else 1)
    rows = {}
    print("\nMemory against the length of the input (dpi mix, default timeouts)")
    print(f"  {'packets':>10}{'seconds of traffic':>20}{'peak MB':>9}")
    for times in (1, 4, 16):
        row = peak(bench, base * times)
        rows[base * times] = row
        print(f"  {base * times:>10}{base * times // RATE:>20}{row['rss_mb']:9.0f}")
    bench.results["length"] = rows
