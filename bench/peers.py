"""Whole replay beside other programs that label flows, on the same packets, in turns."""
import glob
import json
import os
import re
import shutil
import subprocess

import program

SHARED = "../shared"


def peers(bench, mirror, plain):
    """The commands, by name. `plain` is None when there is no file without encapsulation."""
    commands = {"periscope": lambda: program.replay(bench, mirror, "--workers", "1")}
    newer = os.environ.get("NDPIREADER411")
    if newer:
        commands["ndpiReader 4.11 -t"] = lambda: [newer, "-t", "-n", "1", "-q", "-i", mirror]
    if plain and shutil.which("ndpiReader"):
        commands["ndpiReader (Debian), unwrapped"] = lambda: ["ndpiReader", "-n", "1", "-q", "-i",
                                                              plain]
    suricata = os.environ.get("SURICATA") or shutil.which("suricata")
    if suricata:
        words = [suricata, "-r", mirror, "--runmode", "single", "-k", "none", "-S", "/dev/null"]
        flows_only = suricata_flows_only(bench)
        commands["suricata"] = lambda: [*words, "-l", bench.out()]
        commands["suricata, flow records only"] = lambda: [*words, "-l", bench.out(), "-c",
                                                           flows_only]
    commands.update(flow_exporters(bench, mirror, plain))
    if shutil.which("tcpdump"):
        commands["tcpdump -w /dev/null"] = lambda: ["tcpdump", "-r", mirror, "-w", "/dev/null"]
    return commands


def suricata_flows_only(bench):
    """Its settings file: no application layer but what it detects by itself, no other records."""
    path = bench.path("suricata.yaml")
    with open(path, "w") as file:
        file.write("%YAML 1.1\n---\noutputs:\n  - eve-log: {enabled: yes, filetype: regular, "
                   "filename: eve.json, types: [flow]}\napp-layer:\n  protocols: {}\n"
                   "stream: {checksum-validation: no}\n")
    return path


def flow_exporters(bench, mirror, plain):
    """Programs that write flow records or print conversations, most of them without labels. What
    Debian does not have is given by its path."""
    commands = {}
    if plain and shutil.which("nfpcapd"):
        commands["nfpcapd, unwrapped, no labels"] = lambda: ["nfpcapd", "-r", plain, "-w",
                                                             bench.out()]
    probe = os.environ.get("IPFIXPROBE")
    if probe and plain:
        # Records go to a port at which nobody listens.
        commands["ipfixprobe, unwrapped, no labels"] = lambda: [
            probe, "-i", f"pcap;file={plain}", "-s", "cache", "-o",
            "ipfix;host=127.0.0.1;port=4739;udp"]
    zeek = os.environ.get("ZEEK")
    if zeek:
        commands["zeek"] = lambda: ["env", "-C", bench.out(), zeek, "-C", "-r",
                                    os.path.abspath(mirror)]
    arkime = os.environ.get("ARKIME_CAPTURE")
    if arkime:
        commands["arkime capture"] = lambda: [arkime, "-r", mirror, "--dryrun", *(
            ["-c", os.environ["ARKIME_CONFIG"]] if "ARKIME_CONFIG" in os.environ else [])]
    if shutil.which("tshark"):
        commands["tshark, conversations"] = lambda: ["tshark", "-n", "-q", "-r", mirror, "-z",
                                                     "conv,tcp", "-z", "conv,udp"]
    return commands


def flows_of(command):
    """The number of flows a program reports, or None: is it the same work?"""
    if "replay" in command:
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return json.loads(text)["flows"]
    if "ndpiReader" not in command[0]:
        return None
    loud = [word for word in command if word != "-q"]
    text = subprocess.run(loud, capture_output=True, text=True, errors="replace").stdout
    found = re.search(r"Unique flows:\s+(\d+)", text)
    return int(found.group(1)) if found else None


def compare(bench, title, mirror, plain):
    commands = peers(bench, mirror, plain)
    rows = program.in_turns(bench, commands)
    ours = rows["periscope"]
    megabytes = os.path.getsize(mirror) / 1e6
    print(f"\n{title}: {megabytes:.0f} MB")
    print(f"  {'':32}{'wall s':>8}{'cpu s':>8}{'MB':>7}{'wall x':>8}{'cpu x':>7}{'flows':>9}")
    for name, row in rows.items():
        row["flows"] = flows_of(commands[name]())
        row["wall_ratio"] = row["wall"] / ours["wall"]
        row["cpu_ratio"] = row["cpu"] / ours["cpu"]
        flows = "" if row["flows"] is None else row["flows"]
        print(f"  {name:32}{row['wall']:8.2f}{row['cpu']:8.2f}{row['rss_mb']:7.0f}"
              f"{row['wall_ratio']:8.2f}{row['cpu_ratio']:7.2f}{flows:>9}")
    bench.results.setdefault("replay", {})[title] = rows
    bench.forget_outs()


def generated(bench, mix, packets):
    mirror, plain = bench.path("mirror.pcap"), bench.path("plain.pcap")
    packets //= 10 if bench.quick else 1
    program.make(program.GENERATE, "--mix", mix, "--packets", str(packets), "--mirror", mirror,
                 "--plain", plain)
    compare(bench, f"{mix} mix, {packets} packets", mirror, plain)
    bench.forget("mirror.pcap", "plain.pcap")


def looped(bench, title, captures, loops):
    mirror, plain = bench.path("mirror.pcap"), bench.path("plain.pcap")
    program.make(program.LOOPCAP, "--loops", str(loops), "--mirror", mirror, "--plain", plain,
                 *captures)
    compare(bench, title, mirror, plain)
    bench.forget("mirror.pcap", "plain.pcap")


def wrapped(bench, captures, loops):
    """Each loop under VNIs of its own, its addresses the same: ndpiReader's flow key has no VNI,
    so it labels once what we label for each loop."""
    mirror = bench.path("mirror.pcap")
    program.make(f"{SHARED}/tools/wrap_vxlan.py", "--interleave", "--loops", str(loops),
                 "--loop-vni", "-o", mirror, *captures)
    compare(bench, f"nDPI's captures, {loops} loops, a VNI a loop (unlike work)", mirror, None)
    bench.forget("mirror.pcap")


def section(bench):
    print(f"Whole replay, one worker; medians of {bench.rounds} rounds in turns; "
          "x = times periscope's")
    generated(bench, "dpi", 1000000)
    generated(bench, "elephants", 1000000)
    generated(bench, "datacentre", 600000)
    generated(bench, "scan", 400000)
    generated(bench, "dns", 400000)
    own = sorted(glob.glob("pcaps/*.pcap"))
    looped(bench, "pcaps/ of this repository, looped", own, 4 if bench.quick else 100)
    captures = sorted(path for path in glob.glob(f"{SHARED}/pcaps/ndpi42/*")
                      if not path.endswith(".out"))
    if captures:
        loops = 2 if bench.quick else 8
        looped(bench, f"nDPI's captures, {loops} loops, like for like", captures, loops)
        wrapped(bench, captures, loops)
