"""What the tests' programs say: one line a check, then what is wrong about it."""
failures = 0


def check(what, wrong):
    """`wrong`: a list of what is, empty when nothing is."""
    global failures
    failures += bool(wrong)
    print("%s %s" % ("FAIL" if wrong else "ok  ", what))
    for line in wrong[:6]:
        print("     " + str(line)[:300])


def unlike(what, got, want):
    return [] if got == want else ["%s: %s, and not %s" % (what, got, want)]
