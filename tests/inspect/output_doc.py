"""Checks a section of docs/OUTPUT.md against what was written: every key path that stands in the
JSON values of a file is listed there, and every listed one stands in some value.

usage: output_doc.py SECTION FILE

A list's elements are `name[]`. Keys that are data, not names, are listed in capitals: the section
says so with lines such as `applications.NAME.flows`."""
import json
import os
import re
import sys

DOC = os.path.join(os.path.dirname(__file__), "../../docs/OUTPUT.md")


def listed(section):
    """Key paths of the section's tables, in order: the first cell, in backticks. An object that is `as in`
    another section stands for its members there, if it has any; those that have rows of their own here are
    as these say."""
    paths = []
    own = [path for path, _, _ in rows(section)]
    for path, other, without in rows(section):
        members = [p for p, _, _ in rows(other) if p.startswith(path + ".")] if other else []
        members = [p for p in members if p[len(path) + 1:] not in re.findall("`([^`]+)`", without)]
        members = [p for p in members if not any(re.match(re.escape(p) + r"(\[\])?(\.|$)", o) for o in own)]
        paths += members or [path]
    return paths


def rows(section):
    """Key paths, each with the section that its second cell links to as `as in [SECTION]`, or "", and what that
    says behind `without`."""
    text = open(DOC, encoding="utf-8").read()
    part = re.search(r"^## %s\n(.*?)(?=^## |\Z)" % re.escape(section), text, re.M | re.S)
    if part is None:
        sys.exit("docs/OUTPUT.md has no section '%s'" % section)
    return re.findall(r"^\| `([^`]+)` \|(?: as in \[([^]]+)\](?:[^|]*without([^|]*))?)?",
                      part.group(1), re.M)


def open_maps(paths):
    """Objects whose keys are data: what stands before `.NAME`."""
    return {p[: p.index(".NAME")] for p in paths if ".NAME" in p}


def walk(value, path, maps, found):
    """Adds the paths of `value`'s leaves (scalars, null, empty lists) to `found`."""
    if isinstance(value, dict) and (value or path in maps):
        for key, inner in value.items():
            name = "NAME" if path in maps else key
            walk(inner, path + "." + name if path else name, maps, found)
    elif isinstance(value, list) and value:
        for inner in value:
            walk(inner, path + "[]", maps, found)
    else:
        found.add((path, value is None or value == []))


def main():
    section, file = sys.argv[1:3]
    paths = listed(section)
    maps = open_maps(paths)
    found = set()
    text = open(file, encoding="utf-8").read()
    decoder = json.JSONDecoder()
    at = values = 0
    while text[at:].strip():
        value, at = decoder.raw_decode(text, len(text) - len(text[at:].lstrip()))
        walk(value, "", maps, found)
        values += 1
    if not values or not paths:
        sys.exit("nothing to compare")
    seen = {path for path, _ in found}
    # An object or list that may be null or empty stands for itself then.
    inner = {path for path in seen if any(p.startswith((path + ".", path + "[]")) for p in paths)}
    faults = ["%s is emitted and not listed" % p for p in sorted(seen - set(paths) - inner)]
    faults += ["%s is listed and not emitted" % p for p in paths if p not in seen]
    faults += ["%s is listed twice" % p for p in set(paths) if paths.count(p) > 1]
    if faults:
        sys.exit("docs/OUTPUT.md, section %s:\n  %s" % (section, "\n  ".join(faults)))


main()
