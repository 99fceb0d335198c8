#!/usr/bin/env python3
"""Reads Prometheus text, exposition format 0.0.4, and takes nothing on trust.

usage: prometheus_strict.py FILE [DOC]

Every line must be HELP, TYPE, a sample or empty, in exactly the form that the format describes:
UTF-8, a line feed after each line, one HELP and one TYPE in front of a family's samples, the
samples of a family together, no sample twice, label values escaped, counters named `_total` and
not negative. With DOC: every family is a row of its table with the same type and labels, and every
row is a family."""
import re
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z|[+-]?Inf\Z|NaN\Z")
TYPES = ("counter", "gauge", "untyped")
UNITS = ("seconds", "bytes", "packets", "records", "files", "ratio")


class Fault(Exception):
    pass


def labels_of(text):
    """`a="b",c="d"` as a tuple of pairs."""
    pairs = []
    at = 0
    while at < len(text):
        m = LABEL.match(text, at)
        if m is None:
            raise Fault("label is malformed at: " + text[at:])
        pairs.append(m.groups())
        at = m.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise Fault("labels are not separated by one comma: " + text)
            at += 1
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Fault("a label stands twice: " + text)
    if any(name.startswith("__") for name in names):
        raise Fault("a label's name is reserved: " + text)
    return tuple(pairs)


def sample_of(line):
    m = re.match(r'([^{ ]+)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? ([^ ]+)\Z', line)
    if m is None:
        raise Fault("is no sample")
    name, inner, value = m.groups()
    if not NAME.match(name):
        raise Fault("'%s' is no name of a metric" % name)
    if not VALUE.match(value):
        raise Fault("'%s' is no value" % value)
    if inner == "":
        raise Fault("has empty braces")
    return name, labels_of(inner or ""), float(value)


class Families:
    def __init__(self):
        self.help, self.type, self.keys = {}, {}, {}
        self.samples = set()
        self.current = None

    def begin(self, kind, rest):
        name, _, text = rest.partition(" ")
        if not NAME.match(name):
            raise Fault("'%s' is no name of a metric" % name)
        table = self.help if kind == "HELP" else self.type
        if name in table:
            raise Fault("a second %s for %s" % (kind, name))
        if kind == "TYPE" and text not in TYPES:
            raise Fault("'%s' is no type" % text)
        if kind == "HELP" and (not text or re.search(r"\\(?![\\n])", text)):
            raise Fault("HELP is empty or has a bad escape")
        if name in self.keys:
            raise Fault("%s after samples of %s" % (kind, name))
        table[name] = text
        self.current = name

    def sample(self, line):
        name, labels, value = sample_of(line)
        if name != self.current:
            raise Fault("a sample of %s among those of %s" % (name, self.current))
        if name not in self.help or name not in self.type:
            raise Fault("%s has no HELP or no TYPE" % name)
        if (name, frozenset(labels)) in self.samples:
            raise Fault("the sample stands twice")
        self.samples.add((name, frozenset(labels)))
        keys = [key for key, _ in labels]
        if self.keys.setdefault(name, keys) != keys:
            raise Fault("labels %s, and %s before" % (keys, self.keys[name]))
        if self.type[name] == "counter":
            self.counter(name, value)

    @staticmethod
    def counter(name, value):
        if not name.endswith("_total"):
            raise Fault("a counter is not called ..._total: " + name)
        if not value >= 0:
            raise Fault("a counter is negative or no number")


def read(path):
    raw = open(path, "rb").read()
    if not raw.endswith(b"\n"):
        sys.exit("%s: the last line has no line feed" % path)
    families = Families()
    for number, line in enumerate(raw.decode("utf-8").split("\n")[:-1], 1):
        try:
            m = re.match(r"# (HELP|TYPE) (.*)\Z", line)
            if m:
                families.begin(*m.groups())
            elif line and not line.startswith("#"):
                families.sample(line)
            elif line:
                raise Fault("is a comment of another kind")
        except Fault as fault:
            sys.exit("%s:%d: %s\n  %s" % (path, number, fault, line))
    return families


def rows_of(doc):
    """name -> (type, labels) of each row whose first cell is a metric."""
    rows = {}
    for line in open(doc, encoding="utf-8"):
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        m = re.match(r"`(periscope_\w+)`\Z", cells[0])
        if m:
            if m.group(1) in rows:
                sys.exit("%s: %s is listed twice" % (doc, m.group(1)))
            rows[m.group(1)] = (cells[1], cells[2].split())
    return rows


def compare(families, doc):
    rows = rows_of(doc)
    faults = []
    for name in families.keys:
        if name not in rows:
            faults.append("%s is emitted and not listed" % name)
        elif rows[name] != (families.type[name], families.keys[name]):
            faults.append("%s is listed as %s, and emitted as %s"
                          % (name, rows[name], (families.type[name], families.keys[name])))
    faults += ["%s is listed and not emitted" % name for name in rows if name not in families.keys]
    if faults or not rows:
        sys.exit("%s:\n  %s" % (doc, "\n  ".join(faults)))


def main():
    families = read(sys.argv[1])
    if not families.keys:
        sys.exit("%s: no metric" % sys.argv[1])
    idle = set(families.type) - set(families.keys)
    if idle:
        sys.exit("%s: no samples of %s" % (sys.argv[1], ", ".join(sorted(idle))))
    for name in families.keys:
        if families.type[name] == "counter" and name.split("_")[-2] not in UNITS + (
                "bursts", "polls", "reloads", "restarts", "entered", "made", "ended", "evicted", "flows", "shed", "gaps", "datagrams", "alerts",
                "facts", "joined", "attempts"):
            sys.exit("%s: %s does not say what it counts" % (sys.argv[1], name))
    if len(sys.argv) > 2:
        compare(families, sys.argv[2])


main()
