#!/usr/bin/env python3
"""Rows of databases as large as those of the field, for tests/system/make/mmdb.py: geo_rows.py country|asn [BLOCKS].

Blocks of IPv4 (/14 to /24, three of four) and IPv6 (/32 to /48), the same each time."""
import random
import sys

r = random.Random(1)
for n in range(int(sys.argv[2]) if len(sys.argv) > 2 else 300000):
    if n % 4:
        length = r.randrange(14, 25)
        block = "%s/%d" % (".".join(map(str, ((r.randrange(1, 224) << 24 | r.getrandbits(24)) >> (32 - length) << (32 - length)
                                              ).to_bytes(4, "big"))), length)
    else:
        block = "2%03x:%x:%x::/48" % (r.getrandbits(4), r.getrandbits(16), r.getrandbits(16))
    if sys.argv[1] == "asn":
        number = r.randrange(1, 70000)
        print('%s {"autonomous_system_number": %d, "autonomous_system_organization": "Organisation %d"}' % (block, number, number))
    else:
        print('%s {"continent": {"code": "EU"}, "country": {"geoname_id": 1, "iso_code": "%c%c", "names": {"en": "x"}}}'
              % (block, 65 + r.randrange(26), 65 + r.randrange(10)))
