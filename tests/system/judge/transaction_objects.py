#!/usr/bin/env python3
"""Compares transactions of a replay with what other programs read from the same capture.

  transactions.py dns DIR CAPTURE       records and EDNS of each response, by tshark
  transactions.py tls DIR CHAIN.PEM     the certificates of each TLS transaction, by openssl"""
import collections
import json
import re
import subprocess
import sys

import results

FIELDS = ("dns.id", "dns.qry.name", "dns.resp.name", "dns.resp.type", "dns.resp.ttl", "dns.rr.udp_payload_size",
          "dns.resp.z.do", "dns.count.answers", "dns.count.auth_rr")
OPT = 41
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}


def number_of(name):
    return TYPES[name] if name in TYPES else int(name[4:]) if name.startswith("TYPE") else name


def tshark_rows(capture):
    command = ["tshark", "-r", capture, "-Y", "dns.flags.response == 1 && udp", "-T", "fields", "-E", "separator=/t",
               "-E", "aggregator=,"]
    for field in FIELDS:
        command += ["-e", field]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        yield dict(zip(FIELDS, line.split("\t")))


def split(text):
    return text.split(",") if text else []


def of_tshark(row):
    names = ["." if n == "<Root>" else n for n in split(row["dns.resp.name"])]
    kinds = [int(k) for k in split(row["dns.resp.type"])]
    records = [(n, k) for n, k in zip(names, kinds) if k != OPT]
    ttls = [int(t) for t in split(row["dns.resp.ttl"])]
    flag = row["dns.resp.z.do"]
    edns = None if OPT not in kinds else (int(row["dns.rr.udp_payload_size"]), flag in ("1", "True"))
    return (int(row["dns.id"], 0), row["dns.qry.name"], tuple(records), tuple(ttls),
            (int(row["dns.count.answers"]), int(row["dns.count.auth_rr"])), edns)


def of_event(event):
    dns = event["dns"]
    records = dns["answers"] + dns["authorities"] + dns["additionals"]
    edns = dns["edns"] and (dns["edns"]["udp_size"], dns["edns"]["dnssec_ok"])
    return (dns["id"], dns["query"], tuple((r["name"], number_of(r["type"])) for r in records),
            tuple(r["ttl"] for r in records), (len(dns["answers"]), len(dns["authorities"])), edns)


def compare_dns(directory, capture):
    want = collections.Counter(of_tshark(row) for row in tshark_rows(capture))
    got = collections.Counter(of_event(e) for e in results.events(directory)
                              if e["event"] == "dns" and e["dns"]["answers"] is not None)
    for side, rows in (("tshark alone", want - got), ("periscope alone", got - want)):
        for row in list(rows)[:4]:
            print(side, str(row)[:300])
    print(sum(got.values()), "responses")
    return 0 if want == got and got else 1


def openssl(pem):
    said = subprocess.run(["openssl", "x509", "-noout", "-serial", "-dates", "-fingerprint", "-sha256", "-subject",
                           "-issuer", "-nameopt", "sep_comma_plus_space,sname", "-dateopt", "iso_8601", "-ext",
                           "subjectAltName"], input=pem, capture_output=True, text=True, check=True).stdout
    sha1 = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha1"], input=pem, capture_output=True,
                          text=True, check=True).stdout
    value = dict(line.split("=", 1) for line in said.splitlines() if re.match(r"[A-Za-z0-9 ]+=", line))
    names = re.findall(r"DNS:([^,\s]+)", said)
    plain = lambda text: text.split("=")[-1].strip().replace(":", "").lower()
    print_time = lambda text: text.replace(" ", "T")
    return {"subject": value["subject"].replace(" = ", "="), "issuer": value["issuer"].replace(" = ", "="),
            "names": ",".join(names) or None, "not_before": print_time(value["notBefore"]),
            "not_after": print_time(value["notAfter"]), "serial": value["serial"].lower(),
            "sha1": plain(sha1), "sha256": plain(value["sha256 Fingerprint"])}


def compare_tls(directory, chain):
    pems = re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", open(chain, encoding="ascii").read(), re.S)
    want = [openssl(pem) for pem in pems]
    handshakes = [e["tls"] for e in results.events(directory) if e["event"] == "tls"]
    flows = [f["tls"] for f in results.flows(directory) if f["tls"]]
    wrong = [h for h in handshakes if h["certificates"] != want]
    wrong += [f for f in flows if any(f[key] != want[0][key] for key in want[0])]
    for row in wrong:
        print(json.dumps(row), "\nwant", json.dumps(want))
    return 0 if handshakes and flows and not wrong else 1


if __name__ == "__main__":
    sys.exit({"dns": compare_dns, "tls": compare_tls}[sys.argv[1]](*sys.argv[2:]))
