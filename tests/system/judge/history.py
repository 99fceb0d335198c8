#!/usr/bin/env python3
"""TCP's history, times and disorder of flow events beside what tshark sees in the same capture.

  history.py CAPTURE DIR    the events of DIR (one flow for each pair of ends) against CAPTURE

Letters and times are worked out again from the fields of each packet as tshark dissects it, by the words
of docs/OUTPUT.md and with every byte kept; and held against tshark's own: a handshake is its
tcp.analysis.initial_rtt, and where it finds no segment missing or late, what was sent again are its
tcp.analysis.retransmission. G is left out (acked_unseen has tests of its own)."""
import subprocess
import sys

import results

FIELDS = ("frame.time_epoch ip.src ipv6.src ip.dst ipv6.dst tcp.srcport tcp.dstport tcp.flags "
          "tcp.seq_raw tcp.ack_raw tcp.len tcp.window_size_value tcp.analysis.initial_rtt "
          "tcp.analysis.retransmission tcp.analysis.out_of_order tcp.analysis.lost_segment "
          "ip.frag_offset ip.flags.mf vxlan.vni").split()
FIN, SYN, RST, ACK = 1, 2, 4, 16


def dissect(capture):
    """One dict a TCP packet; of several headers in one packet the innermost."""
    command = ["tshark", "-n", "-r", capture, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields",
               "-E", "occurrence=l", "-o", "ip.defragment:FALSE", "-o",
               "tcp.desegment_tcp_streams:FALSE"]
    for field in FIELDS:
        command += ["-e", field]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        p = dict(zip(FIELDS, line.split("\t")))
        if p["tcp.srcport"] and p["tcp.seq_raw"] and p["tcp.window_size_value"]:
            yield p


def ns(text):
    seconds, _, rest = text.partition(".")
    return int(seconds) * 10**9 + int((rest + "0" * 9)[:9])


class Talk:
    """One conversation; side 0 is the client."""

    def __init__(self):
        self.letters, self.counts, self.last = "", {}, [None, None]
        self.fin, self.have, self.next = [None, None], [{}, {}], [None, None]
        self.again, self.late, self.shown = [0, 0], [0, 0], [0, 0]
        self.syn = self.syn_ack = self.handshake = self.asked = self.response = None
        self.rtt, self.tshark_again, self.tshark_gaps, self.first = None, [0, 0], False, None
        self.over = False

    def add(self, letter, side):
        self.letters += letter.lower() if side else letter

    def once(self, letter, side):
        if (letter.lower() if side else letter) not in self.letters:
            self.add(letter, side)

    def scaled(self, letter, side):
        n = self.counts[letter, side] = self.counts.get((letter, side), 0) + 1
        if n in (1, 10, 100, 1000, 10000):
            self.add(letter, side)

    def letter(self, side, flags, seq, size):
        which = flags & (SYN | FIN | RST)
        if which in (SYN, RST):
            letter = "R" if which == RST else "H" if flags & ACK else "S"
            if self.last[side] != (letter, seq):
                self.add(letter, side)
            self.last[side] = (letter, seq)
        elif which == FIN:
            if self.fin[side] != seq + size:
                self.add("F", side)
            self.fin[side] = seq + size
        elif which:
            self.once("I" if which & FIN and which & RST else "Q", side)
        elif size or flags & ACK:
            self.once("D" if size else "A", side)

    def handshakes(self, side, flags, seq, ack, now):
        if side == 0 and flags & (SYN | ACK) == SYN:
            if self.syn is None:
                self.syn = (seq, now)
        elif side == 1 and flags & (SYN | ACK) == SYN | ACK and self.syn and \
                self.syn_ack is None and not self.over:
            if ack == (self.syn[0] + 1) % 2**32:
                self.syn_ack = (seq, now)
        elif side == 0 and not self.over:
            if self.syn_ack and not flags & (SYN | RST) and ack == (self.syn_ack[0] + 1) % 2**32:
                self.handshake = now - self.syn[1]
            self.over = True

    def bytes(self, side, flags, seq, size, now):
        """Every byte that was shown; a hole has the time at which it was found."""
        n = size + bool(flags & SYN) + bool(flags & FIN)
        have, nxt = self.have[side], self.next[side]
        if flags & RST or not flags & (SYN | ACK):
            return
        if nxt is None:
            nxt = seq
        seq = nxt + ((seq - nxt + 2**31) % 2**32 - 2**31)
        for at in range(nxt, seq):
            have[at] = now
        holes = [have[at] for at in range(seq, min(seq + n, nxt)) if have.get(at)]
        alive = size <= 1 and not flags & (SYN | FIN) and seq + n == nxt
        if seq < nxt and n and (holes or not alive):
            if holes and now - max(holes) < (self.handshake // 1000 * 1000 if self.handshake
                                             else 3 * 10**6):
                self.late[side] += 1
            else:
                self.again[side] += 1
                if size:
                    self.scaled("T", side)
        for at in range(seq, min(seq + n, nxt)):
            have.pop(at, None)
        self.next[side] = max(nxt, seq + n)

    def take(self, side, p):
        flags, now = int(p["tcp.flags"], 16), ns(p["frame.time_epoch"])
        seq, ack, size = (int(p[f] or 0) for f in ("tcp.seq_raw", "tcp.ack_raw", "tcp.len"))
        nxt = self.next[side]
        is_new = nxt is None or 0 < (seq + size - nxt) % 2**32 < 2**31
        if self.first is None:
            self.first = side
        self.handshakes(side, flags, seq, ack, now)
        if size and not flags & RST:
            if side == 0 and self.asked is None:
                self.asked = now
            elif side == 1 and is_new and self.asked is not None and self.response is None:
                self.response = now - self.asked
        self.letter(side, flags, seq, size)
        if int(p["tcp.window_size_value"]) == 0 and not flags & RST and \
                ("F" if side else "f") not in self.letters and \
                ("r" if side else "R") not in self.letters:
            self.scaled("W", side)
        self.bytes(side, flags, seq, size, now)
        self.rtt = self.rtt or p["tcp.analysis.initial_rtt"]
        self.tshark_again[side] += bool(p["tcp.analysis.retransmission"])
        self.tshark_gaps |= bool(p["tcp.analysis.out_of_order"] or p["tcp.analysis.lost_segment"])

    def history(self):
        return ("^" if self.first else "") + self.letters


def ms(nanoseconds):
    return None if nanoseconds is None else nanoseconds // 1000 / 1000


def judge(capture, directory):
    wrong = results.Judge()
    flows, doubled = {}, set()
    for flow in results.flows(directory):
        if flow["protocol"] == 6:
            ends = (flow["src_ip"], flow["src_port"], flow["dst_ip"], flow["dst_port"],
                    flow["vni"])
            doubled |= {ends} & set(flows)
            flows[ends] = flow
    talks, seen = {}, {"flows": 0, "again": 0, "late": 0, "handshakes": 0, "tshark": 0}
    for p in dissect(capture):
        src = (p["ip.src"] or p["ipv6.src"], int(p["tcp.srcport"]))
        dst = (p["ip.dst"] or p["ipv6.dst"], int(p["tcp.dstport"]))
        vni = (int(p["vxlan.vni"], 0) if p["vxlan.vni"] else None,)
        ends, side = (src + dst + vni, 0) if src + dst + vni in flows else (dst + src + vni, 1)
        talk = talks.setdefault(ends, Talk())
        if p["ip.flags.mf"] in ("1", "True") or (p["ip.frag_offset"] or "0") != "0":
            doubled.add(ends)  # fragments are not judged
        talk.take(side, p)
    ends_seen = [ends[:4] for ends in flows]
    for ends, flow in flows.items():
        talk = talks.get(ends)
        # Cut headers, several flows of one pair of ends, both mirrored: not what is compared here.
        if ends in doubled or ends[2:4] + ends[:2] + ends[4:] in flows or talk is None or \
                len(talk.letters) > 20 or flow["ports_cut"]:
            continue
        name = "%s:%d > %s:%d " % ends[:4]
        sent = [flow["client"], flow["server"]]
        seen["flows"] += 1
        seen["again"] += sum(talk.again)
        seen["late"] += sum(talk.late)
        history = flow["history"].replace("G", "").replace("g", "")
        wrong.same(name + "history", history, talk.history())
        wrong.same(name + "handshake_ms", flow["handshake_ms"], ms(talk.handshake))
        wrong.same(name + "syn_ack_ms", flow["syn_ack_ms"],
                   ms(talk.syn_ack[1] - talk.syn[1]) if talk.syn_ack else None)
        wrong.same(name + "response_ms", flow["response_ms"], ms(talk.response))
        wrong.same(name + "retransmitted", [s["retransmitted"] for s in sent], talk.again)
        wrong.same(name + "out_of_order", [s["out_of_order"] for s in sent], talk.late)
        if ends_seen.count(ends[:4]) > 1:
            continue  # mirrored at both ends: one stream to tshark
        if flow["handshake_ms"] is not None and talk.rtt and sum(talk.again) == 0:
            seen["handshakes"] += 1
            wrong.same(name + "tcp.analysis.initial_rtt", flow["handshake_ms"], ms(ns(talk.rtt)))
        if not talk.tshark_gaps and sum(talk.late) == 0 and "^" not in history:
            seen["tshark"] += 1
            wrong.same(name + "tcp.analysis.retransmission",
                       [s["retransmitted"] for s in sent], talk.tshark_again)
    print("compared:", seen)
    if seen["flows"] == 0:
        wrong.wrong.append("nothing was compared")
    return wrong.verdict()


if __name__ == "__main__":
    sys.exit(judge(*sys.argv[1:3]))
