#!/usr/bin/env python3
"""Asks DPDK's telemetry socket, for test_telemetry.sh. telemetry.py COMMAND SOCKET ...

  agree SOCKET DIR     every command under /periscope agrees with DIR/CTL.json (what `ctl CTL -j` said
                       at the same time, at rest): the same names and values
  value SOCKET CMD KEY N   the answer's KEY (keys joined by dots) is N
  flood SOCKET         asks all the time, until the socket is closed
"""
import json
import os
import socket
import sys


class Telemetry:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.size = json.loads(self.socket.recv(1024))["max_output_len"]

    def ask(self, command):
        self.socket.send(command.encode())
        answer = json.loads(self.socket.recv(self.size))
        return answer[command.split(",")[0]]


def plain(value):
    """A value of ctl's JSON as telemetry has it: whole numbers and texts, no null, lists by index."""
    if isinstance(value, list):
        value = {str(i): v for i, v in enumerate(value)}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, bool):
        return int(value)
    return value


# These go on while nothing happens.
MOVING = ("uptime_s", "healthy", "wrong", "empty_polls", "busy_s", "busy_share", "since_poll_s", "free_bytes", "bursts")


def still(value):
    if isinstance(value, dict):
        return {k: still(v) for k, v in value.items() if k not in MOVING and k != "xstats"}
    return value


def rows(telemetry, command):
    """All pages of a list; `total` says how many."""
    found, at = {}, 0
    while True:
        page = telemetry.ask("%s,%d" % (command, at) if at else command)
        total, start = page.pop("total"), page.pop("from")
        if start != at or len(page) != min(16, total - at):
            sys.exit("%s from %d: %d rows of %d, from %d" % (command, at, len(page), total, start))
        found.update(page)
        at += 16
        if at >= total:
            return found


def agree(path, directory):
    telemetry = Telemetry(path)
    said = {c: json.load(open(os.path.join(directory, c + ".json")), parse_float=str)
            for c in ("stats", "sessions", "rules", "flows", "alerts")}
    stats = said["stats"]
    wanted = {"stats": {k: v for k, v in stats.items()
                        if k == "wrong" or not isinstance(v, (dict, list))},
              "table": stats["flows"], "sessions": said["sessions"]["sessions"],
              "rules": said["rules"]["rules"], "flows": said["flows"]["flows"],
              "alerts": said["alerts"]["alerts"]}
    for name in ("ledger", "reasons", "workers", "handoff", "ports", "dpi", "outputs", "queues", "removed",
                 "shed", "disk"):
        wanted[name] = stats[name]
    commands = {c for c in telemetry.ask("/") if c.startswith("/periscope")}
    if commands != {"/periscope/" + name for name in wanted}:
        sys.exit("commands are %s" % sorted(commands))
    for name, want in wanted.items():
        command = "/periscope/" + name
        got = rows(telemetry, command) if isinstance(want, list) else telemetry.ask(command)
        if still(got) != still(plain(want)):
            sys.exit("%s:\n%s\n%s" % (command, still(got), still(plain(want))))
        if set(got) != set(plain(want)):
            sys.exit("%s has other names: %s" % (command, set(got) ^ set(plain(want))))
    if not wanted["sessions"] or not wanted["flows"]:
        sys.exit("nothing to compare")


def value(path, command, key, want):
    got = Telemetry(path).ask(command)
    for name in key.split("."):
        got = got[name]
    if str(got) != want:
        sys.exit("%s %s is %s, and not %s" % (command, key, got, want))


def flood(path):
    telemetry = Telemetry(path)
    try:
        while True:
            telemetry.ask("/periscope/sessions")
    except (OSError, ValueError):
        pass


def main():
    command, args = sys.argv[1], sys.argv[2:]
    {"agree": agree, "value": value, "flood": flood}[command](*args)


if __name__ == "__main__":
    main()
