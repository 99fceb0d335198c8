"""What of a capture's names arrived whole in frames that were cut: of the values that are told of whole frames, those
whose bytes, with what shows what they are, lie in one cut frame of the flow. Knows where a value stands in its
message, and nothing of how periscope finds it."""
import collections
import ipaddress
import re

FIELDS = (("tls", "sni"), ("http", "host"), ("http", "user_agent"), ("dns", "query"), ("ssh", "client"), ("ssh", "server"))
PORTS = (6, 17)


def values(event):
    """{(part, key, text)} of a flow event or a transaction's."""
    return {(part, key, event[part][key]) for part, key in FIELDS if (event.get(part) or {}).get(key)}


def name_as_sent(name):
    """RFC 1035, 3.1, and class IN follows two bytes later. None: it has bytes that are printed otherwise."""
    labels = name.rstrip(".").split(".")
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII) or not all(0 < len(label) < 64 for label in labels):
        return None
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def shows(part, key, text):
    """A pattern of the bytes that say it, up to their end; None: not known."""
    raw = text.encode()
    if part == "tls":  # RFC 6066, 3: host_name, and its length
        return re.escape(b"\0" + len(raw).to_bytes(2, "big") + raw)
    if part == "http":
        name = b"host" if key == "host" else b"user-agent"
        return rb"\r\n" + name + rb":[ \t]*" + re.escape(raw) + rb"[ \t]*\r\n"
    if part == "ssh":
        return re.escape(raw) + rb"\r?\n"
    sent = name_as_sent(text)
    return sent and rb"^(?:..)?.{4}\0\x01.{6}" + re.escape(sent) + rb".{4}"


def payload_of(data):
    """(ends as a flow has them, payload) of TCP or UDP in whole IP packets; (None, b"") of others."""
    at = 12
    while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    kind, ip = data[at:at + 2], data[at + 2:]
    if kind == b"\x08\x00" and len(ip) >= 20 and not int.from_bytes(ip[6:8], "big") & 0x3FFF:
        head, protocol, a, b = (ip[0] & 15) * 4, ip[9], ip[12:16], ip[16:20]
    elif kind == b"\x86\xdd" and len(ip) >= 40:
        head, protocol, a, b = 40, ip[6], ip[8:24], ip[24:40]
    else:
        return None, b""
    segment = ip[head:]
    if protocol not in PORTS or len(segment) < (20 if protocol == 6 else 8):
        return None, b""
    ends = sorted((str(ipaddress.ip_address(address)), int.from_bytes(segment[i:i + 2], "big"))
                  for address, i in ((a, 0), (b, 2)))
    return (protocol, *ends, None), segment[(segment[12] >> 4) * 4 if protocol == 6 else 8:]


def arrived(frames, told):
    """`frames`: {vni: [cut frames]}; `told`: {flow's key: values of whole frames}. {key: those that arrived}"""
    payloads, found = collections.defaultdict(list), collections.defaultdict(set)
    for vni, rows in frames.items():
        for data in rows:
            ends, payload = payload_of(data)
            if ends and (vni, *ends) in told:
                payloads[vni, *ends].append(payload)
    for key, rows in told.items():
        for value in rows:
            pattern = shows(*value)
            if pattern and any(re.search(pattern, part, re.IGNORECASE | re.DOTALL) for part in payloads[key]):
                found[key].add(value)
    return found
