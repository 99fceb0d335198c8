#!/usr/bin/env python3
"""transactions.py PERISCOPE FOLDER EXPLAINED CAPTURE...: every message of DNS, HTTP, TLS, QUIC and SSH that
tshark lists in a capture is in a transaction of the same connection, with the same values
(tshark_messages.KINDS). Fewer than 99 of 100 fail, and so does each difference without a reason:

  tunnel      it is behind a second IP header, into which periscope does not look
  sealed      it is in TLS or QUIC, and the capture has the keys
  repeated    tshark lists it again: it was sent twice
  second hello  the server asked for it; the first ClientHello is the handshake's
  another     a line of EXPLAINED, each with what happens there: CAPTURE, kind and text separated by tabs,
              of which the text is found in the message; behind them the reason

What periscope has beside (on ports where tshark looks for something else) is not a difference."""
import collections
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys

import results
import tshark_messages
from tshark_messages import Message, ends_of, lower

PERISCOPE, FOLDER, EXPLAINED = sys.argv[1:4]


def text(name):
    """As tshark's: in lower case, and a byte that is no character is U+FFFD."""
    return re.sub(r"\\([12]\d\d)", lambda m: "\ufffd" if int(m.group(1)) > 127 else m.group(0), lower(name))


def answer(record):
    """tshark's text ends with the first byte 0."""
    return text(record if isinstance(record, str) else record["data"]).partition("\\000")[0]


def of_dns(o):
    yield "dns question", (o["id"], text(o["query"]), o["type"])
    if o["rcode"]:
        yield "dns answer", (o["id"], o["rcode"], tuple(answer(a) for a in o["answers"] or ()))


def of_http(o):
    if o["method"]:
        yield "http request", (o["method"], o["url"] or "", o["user_agent"] or "")
    if o["status"]:
        yield "http response", (o["status"], o["content_type"] or "")


def subject_values(text):
    return tuple(re.split(r"(?:^|, )(?:[A-Za-z]+|[0-9.]+)=", text or "")[1:])


def of_tls(o):
    if o["ja3"]:
        yield "tls client", (lower(o["sni"]), o["alpn"] or "", o["ja3"], o["ja4"])
    if o["ja3s"]:
        yield "tls server", (o["version"], o["cipher"], o["chosen_alpn"] or "", o["ja3s"])
    for c in (o["certificates"] or [])[:1]:
        if c["sha256"]:
            yield "tls certificate", (subject_values(c["subject"]), (c["serial"] or "").lstrip("0"), c["sha256"])
    if o["alert"]:
        yield "tls alert", (o["alert"],)


def of_ssh(o):
    for key, kind in (("client", "ssh banner"), ("server", "ssh banner"), ("hassh", "ssh client"),
                      ("hassh_server", "ssh server")):
        if o[key]:
            yield kind, (o[key],)


def ours(event):
    ends = ends_of(event["protocol"], (event["src_ip"], event["src_port"]), (event["dst_ip"], event["dst_port"]))
    kind = event["event"]
    if kind == "quic":
        o = event["quic"]
        if o["ja3"]:
            yield Message("quic client", ends, (o["version"], lower(o["sni"]), o["ja3"], o["ja4"]))
        return
    for name, values in {"dns": of_dns, "http": of_http, "tls": of_tls, "ssh": of_ssh}[kind](event[kind]):
        yield Message(name, ends, values)


def agrees(want, have):
    """None in tshark's values is what it was not asked for."""
    if isinstance(want, tuple) and isinstance(have, tuple):
        return len(want) == len(have) and all(map(agrees, want, have))
    return want is None or want == have


def take(pool, message):
    """Takes an equal one out of the pool: {(kind, ends): [values]}."""
    values = pool[message.kind, message.ends]
    for i, have in enumerate(values):
        if agrees(message.values, have):
            return values.pop(i)
    return None


def compare(path):
    """[(kind, reason or "", message, what there is instead)], "equal" being a reason."""
    out = "%s/%d" % (FOLDER, os.getpid())
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    rows = []
    for part in tshark_messages.apart(path, out):
        said = tshark_messages.read(part)
        subprocess.run([PERISCOPE, "replay", "-l", out + "/replay", "--force", "--workers", "1",
                        "--set", "events.transactions_per_flow=1000000", part], capture_output=True, check=False)
        pool, seen = collections.defaultdict(list), set()
        for event in results.events(out + "/replay"):
            if event["event"] in results.TRANSACTIONS:
                for message in ours(event):
                    pool[message.kind, message.ends].append(message.values)
        left = []
        for message, reason in said:
            if take(pool, message) is not None:
                seen.add(message)
                rows.append((message.kind, "equal", message, None))
            elif message in seen:
                rows.append((message.kind, "repeated", message, None))
            elif reason:
                rows.append((message.kind, reason, message, None))
            else:
                left.append(message)
        rows += [(m.kind, "", m, pool[m.kind, m.ends][:3]) for m in left]
    shutil.rmtree(out, ignore_errors=True)
    return os.path.basename(path), rows


def explanations():
    with open(EXPLAINED, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and line[0] != "#"]
    return [tuple(line) for line in lines]


def main():
    known, used, count = explanations(), set(), collections.defaultdict(collections.Counter)
    wrong = 0
    with multiprocessing.Pool(2) as workers:
        for name, rows in workers.imap(compare, sys.argv[4:]):
            for kind, reason, message, instead in rows:
                if not reason:
                    line = next((k for k in known if k[0] == name and k[1] == kind and k[2] in str(message)), None)
                    used.add(line)
                    reason = line[3] if line else "not explained"
                    if not line:
                        wrong += 1
                        print("difference\t%s\t%s\there: %s" % (name, message, instead))
                count[kind][reason] += 1
    for kind in tshark_messages.KINDS:
        if count[kind]:
            print("%s: %s" % (kind, ", ".join("%s %d" % row for row in count[kind].most_common())))
    total = sum(count.values(), collections.Counter())
    print("messages: %d, equal %d" % (sum(total.values()), total["equal"]))
    named = {os.path.basename(path) for path in sys.argv[4:]}
    for line in known:
        if line[0] in named and line not in used:
            print("an explanation of nothing: %s" % (line,))
            wrong += 1
    return 1 if wrong or not total or total["equal"] < 0.99 * sum(total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
