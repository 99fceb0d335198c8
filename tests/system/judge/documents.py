#!/usr/bin/env python3
"""documents.py ROOT FILE...: runs every command of the ```console blocks ("$ command", then what it
prints) from ROOT, and compares. One line a command, as lib.sh writes them."""
import re
import subprocess
import sys


def sessions(text):
    """(command, output) in order."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def main():
    root, *paths = sys.argv[1:]
    for path in paths:
        with open(path, encoding="utf-8") as file:
            found = list(sessions(file.read()))
        if not found:
            print("FAIL %s: no command" % path)
        for command, want in found:
            done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True,
                                  timeout=120, check=False)
            same = done.returncode == 0 and done.stdout == want and not done.stderr
            print("%s $ %s" % ("ok  " if same else "FAIL", command[:100]))
            if not same:
                print("# status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))


if __name__ == "__main__":
    main()
