"""The stages in memory: what each costs a packet, and how the cost grows with flows, sessions,
packet sizes, rules, new flows and workers."""
import json
import subprocess

import program

STAGES = "build/bench/stages"
LANE = "build/bench/lane"
NAMES = ("limit", "decap", "session", "flow", "path")


def run(**options):
    words = [STAGES]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def stages(bench):
    rows = {"10 rules": run(rules=10), "no filter": run(rules=0)}
    print("\nStages in memory, ns a packet of an established flow "
          "(512 MB of packets in random order, 100,000 flows)")
    print(f"  {'':12}" + "".join(f"{name:>9}" for name in NAMES) + f"{'path / limit':>14}")
    for title, row in rows.items():
        print(f"  {title:12}" + "".join(f"{row[name]:9.1f}" for name in NAMES)
              + f"{row['path'] / row['limit']:14.2f}")
    print(f"  the filter, as the difference: {rows['10 rules']['path'] - rows['no filter']['path']:.1f}")
    bench.results["stages"] = rows
    bench.results["lane"] = lane(bench)


def lane(bench):
    """What inspection and export take, over all packets of the dpi mix."""
    capture = bench.path("dpi.pcap")
    packets = 30000 if bench.quick else 300000
    program.make(program.GENERATE, "--mix", "dpi", "--packets", str(packets), "--mirror", capture)
    words = [LANE, capture, str(bench.rounds)]
    row = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    bench.forget("dpi.pcap")
    print(f"\nThe dpi mix through a lane, in memory, ns a packet: "
          f"decap to flow, flows begun and ended {row['counted']:.0f}, DPI {row['dpi']:.0f}, "
          f"export {row['export']:.0f}")
    return row


def steps(bench):
    """What grows, the option, its values, and what else is set."""
    packets = 524288 if not bench.quick else 131072
    flows = (1000, 10000, 100000, 1000000, 4000000)
    sizes = (64, 200, 1500, 9000)
    if bench.quick:
        flows, sizes = flows[:3], sizes[:3]
    return (
        ("flows", "flows", flows, {}),
        ("sessions", "sessions", (1, 100, 10000), {"packets": packets}),
        ("rules", "rules", (10, 100, 1000, 10000), {"packets": packets}),
        # 100 rules a filter: prefixes, port ranges and protocols of all kinds.
        ("rules, mixed", "rules", (10, 100, 1000, 10000), {"packets": packets, "sessions": 100}),
        ("packet size", "size", sizes, {"packets": 65536 if not bench.quick else 16384}),
        ("new flows %", "new", (0, 10, 50, 100), {"packets": packets}),
        ("workers", "workers", (1, 2), {"packets": packets}),
    )


def growth(bench):
    print("\nGrowth of the path, ns a packet (table: resident bytes a flow)")
    for title, option, values, others in steps(bench):
        rows = {}
        for value in values:
            options = {"rules": 10, **others, option: value}
            if option == "flows":
                options["packets"] = max(262144, value)
            if title == "rules, mixed":
                options["filters"] = max(1, value // 100)
            rows[value] = run(**options)
        first = rows[values[0]]["path"]
        cells = []
        for value, row in rows.items():
            cell = f"{value}: {row['path']:.0f} ({row['path'] / first:.2f})"
            if option == "flows" and value >= 100000:
                cell += f" {row['table_bytes'] / value:.0f} B"
            if title == "rules, mixed" and value >= 1000:
                cell += f" loaded in {row['load_s']:.2f} s"
            cells.append(cell)
        print(f"  {title:12} " + "   ".join(cells))
        bench.results.setdefault("growth", {})[title] = rows
