#!/usr/bin/env python3
"""Mirrored TCP conversations of which known segments are left out.

  loss.py make FILE [SEED]   writes the capture; prints as JSON what it lost: acked_unseen of each
                             conversation by its client's port (null: unknown), and of each session
  loss.py judge DIR EXPECT   events, sessions and total of DIR say the same

The mirror loses data, acknowledgments and FINs, one by one and in runs; the network loses segments
that are sent again; packets overtake each other by up to 3 ms, acknowledgments their data too; some
sessions cut what they show. Only what the mirror lost and TCP acknowledged counts."""
import json
import sys

import packets
import results
from packets import ACK, FIN, PSH, SYN

START = 1700000000 * 10**9
MS = 10**6
SESSIONS = (("172.31.0.11", 77, None), ("172.31.0.12", 77, None), ("172.31.0.11", 78, 96))


class Talk:
    """One conversation; `show` is what the mirror would show, were it whole."""

    def __init__(self, number, random):
        self.random = random
        self.session = number % len(SESSIONS)
        self.port = 20000 + number
        v6 = number % 5 == 4
        self.ends = (("fd00::%x" % (16 + number), self.port), ("fd00::1", 443)) if v6 else \
            (("10.1.%d.%d" % (number // 200, 1 + number % 200), self.port), ("10.2.0.1", 443))
        self.seq = [random.below(2**32), random.below(2**32)]
        self.time = START + random.below(1000) * MS
        self.packets = []  # (time, bytes)
        self.unseen = 0

    def say(self, side, flags, size=0, lost=False, seq=None, apart=None):
        """A segment. `lost` by the mirror: its bytes count."""
        seq = self.seq[side] if seq is None else seq
        body = bytes(size)
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack = self.seq[1 - side] if flags & ACK else 0
        segment = packets.tcp(src, sport, dst, dport, flags, seq, ack, body)
        length = size + bool(flags & SYN) + bool(flags & FIN)
        self.seq[side] = max(self.seq[side], seq + length)
        self.time += (200000 + self.random.below(5 * MS)) if apart is None else apart
        if lost:
            self.unseen += length
        else:
            self.show(src, dst, segment)
        return seq

    def show(self, src, dst, segment):
        outer, vni, cut = SESSIONS[self.session]
        frame = packets.frame(packets.ip(src, dst, packets.TCP, segment))
        whole = packets.mirror(frame[:cut], vni, src=outer)
        shift = self.random.below(3 * MS) if self.jumbled else 0
        self.packets.append((self.time + shift, whole, None))

    def run(self, kind):
        self.jumbled = kind == "jumbled"
        if kind != "middle":
            self.say(0, SYN)
            self.say(1, SYN | ACK)
            self.say(0, ACK)
        else:  # what a side sent before it is first shown is not missed
            self.say(0, ACK)
            self.say(1, ACK | PSH, 100)
        lossy, runs = kind not in ("whole", "resent"), 0
        for _ in range(40 + self.random.below(100)):
            self.turn(kind, lossy, runs)
            runs = 3 if lossy and self.random.below(20) == 0 else max(0, runs - 1)
        # The last word is shown: so all is acknowledged.
        self.say(0, ACK)
        self.say(1, ACK)
        self.say(0, FIN | ACK, lost=kind == "fin")
        self.say(1, FIN | ACK, lost=kind == "fin")
        self.time += 10 * MS
        self.say(0, ACK, apart=0)
        self.say(1, ACK, apart=0)
        self.packets.sort(key=lambda p: p[0])

    def turn(self, kind, lossy, runs):
        side = 1 if self.random.below(4) else 0
        lost = lossy and (runs > 0 or self.random.below(10) == 0)
        size = 1 + self.random.below(1200)
        if lossy and self.random.below(12) == 0:  # lost by the network, sent again later
            missed = self.seq[side]
            self.seq[side] += size
            self.say(side, ACK | PSH, 1 + self.random.below(1200))
            self.time += self.random.below(300) * MS
            self.say(side, ACK | PSH, size, seq=missed)
        else:
            seq = self.say(side, ACK | PSH, size, lost)
            if kind == "resent" and self.random.below(4) == 0:
                self.say(side, ACK | PSH, size, seq=seq)
        if self.random.below(3):
            self.say(1 - side, ACK)
        elif self.random.below(30) == 0:
            self.time += 1700 * MS


def one_sided(talk):
    """Its server is never shown."""
    talk.jumbled = False
    talk.say(0, SYN)
    talk.seq[1] += 1
    for _ in range(20):
        talk.say(0, ACK | PSH, 100)
        talk.seq[1] += 1000
        talk.say(0, ACK)


KINDS = ("lossy", "jumbled", "whole", "lossy", "resent", "fin", "middle")


def make(path, seed="1"):
    random, talks = packets.Random(int(seed)), []
    for number in range(84):
        talk = Talk(number, random)
        if number % 12 == 11:
            one_sided(talk)
            talk.unseen = None
        else:
            talk.run(KINDS[number % len(KINDS)])
        talks.append(talk)
    packets.save(path, sorted((p for talk in talks for p in talk.packets), key=lambda p: p[0]))
    sessions = {}
    for talk in talks:
        outer, vni, _ = SESSIONS[talk.session]
        key = "%s %d" % (outer, vni)
        sessions[key] = sessions.get(key, 0) + (talk.unseen or 0)
    print(json.dumps({"flows": {str(t.port): t.unseen for t in talks}, "sessions": sessions}))


def judge(directory, expect):
    with open(expect, encoding="utf-8") as file:
        want = json.load(file)
    wrong = results.Judge()
    summary = results.summary(directory)
    # Seen from the middle on, the server may be taken for the client.
    flows = {str(max(f["src_port"], f["dst_port"])): f["acked_unseen"]
             for f in results.flows(directory)}
    wrong.same("conversations", len(flows), len(want["flows"]))
    wrong.same("flow events", len(results.flows(directory)), len(want["flows"]))
    for port, unseen in want["flows"].items():
        wrong.same("acked_unseen of " + port, flows.get(port), unseen)
    for session in summary["sessions"]:
        key = "%s %d" % (session["outer_src"], session["vni"])
        wrong.same("acked_unseen of " + key, session["acked_unseen"], want["sessions"][key])
    total = sum(want["sessions"].values())
    wrong.same("acked_unseen", summary["acked_unseen"], total)
    if total == 0:
        wrong.wrong.append("nothing was lost: the test says nothing")
    return wrong.verdict()


if __name__ == "__main__":
    sys.exit({"make": make, "judge": judge}[sys.argv[1]](*sys.argv[2:]))
