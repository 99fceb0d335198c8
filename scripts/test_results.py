#!/usr/bin/env python3
"""test_results.py FILE: what CTest wrote (JUnit) in a few lines: the tests that took longest, the parts that
were skipped and why, and how many passed, failed and were skipped. Status 1 if any failed, or none ran."""
import sys
import xml.etree.ElementTree as xml

LONGEST = 12


def main():
    try:
        tests = xml.parse(sys.argv[1]).getroot().findall("testcase")
    except (OSError, xml.ParseError) as error:
        sys.exit("test: no results: %s" % error)
    passed, skipped, failed = [], [], []
    for test in tests:
        reason = test.find("skipped")
        if test.get("status") == "run":
            passed.append(test.get("name"))
        elif reason is not None and "SKIP_RETURN_CODE" in reason.get("message", ""):
            skipped.append(test.get("name"))
        else:  # it failed, took too long, or could not be started
            failed.append(test.get("name"))

    print("\nlongest:")
    for test in sorted(tests, key=lambda t: -float(t.get("time")))[:LONGEST]:
        print("%7.1f s  %s" % (float(test.get("time")), test.get("name")))
    said = [(test.get("name"), line[5:]) for test in tests
            for line in (test.findtext("system-out") or "").splitlines() if line.startswith("skip ")]
    if said or skipped:
        print("skipped:")
    for name, why in said:
        print("  %s: %s" % (name + (" (all of it)" if name in skipped else ""), why))
    for name in sorted(set(skipped) - {name for name, _ in said}):
        print("  %s" % name)
    if failed:
        print("failed: %s" % " ".join(sorted(failed)))
    print("%d passed, %d failed, %d skipped" % (len(passed), len(failed), len(skipped)))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
