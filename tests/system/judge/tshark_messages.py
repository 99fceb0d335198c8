"""The messages of DNS, HTTP, TLS, QUIC and SSH that tshark lists in a capture, one by one, as (kind, ends,
values). Knows nothing of how periscope does it; what the values of each kind are stands in KINDS.

A capture with several VNIs must be taken apart first (apart()): tshark takes the copy that was made at the
other end of a conversation for a retransmission and does not read it."""
import hashlib
import json
import os
import re
import struct
import subprocess
from typing import NamedTuple

import captures
import packets

KINDS = {
    "dns question": "id, name, type",
    "dns answer": "id, response code, data of the answers",
    "http request": "method, host and target, user agent",
    "http response": "status, content type without its parameters",
    "tls client": "server name, protocols offered, JA3, JA4 worked out from what tshark lists",
    "tls server": "version, cipher suite, protocol chosen, JA3S",
    "tls certificate": "subject, serial number, SHA-256",
    "tls alert": "first one in clear",
    "quic client": "version, server name, JA3, JA4",
    "ssh banner": "identification string",
    "ssh client": "HASSH",
    "ssh server": "HASSH",
}
SHOWN = ("dns || http || tls.handshake || tls.alert_message || ssh.protocol || ssh.kex.hassh || "
         "ssh.kex.hasshserver || quic.long.packet_type == 0 || quic.long.packet_type_v2 == 1")
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT",
         28: "AAAA", 33: "SRV", 35: "NAPTR", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB",
         65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA"}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
          "NOTAUTH", "NOTZONE")
VERSIONS = {0x300: "SSLv3", 0x301: "TLSv1", 0x302: "TLSv1.1", 0x303: "TLSv1.2", 0x304: "TLSv1.3"}
FIZZ = 0xfb1a
QUIC = {1: "v1", 0x6b3343cf: "v2", 0xfaceb001: "mvfst-22", 0xfaceb002: "mvfst-27", 0xfaceb00e: "mvfst-exp",
        0x54303530: "T050"}
RETRY = ("retry",)
RETRY_REQUEST = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"  # RFC 8446, 4.1.3


class Message(NamedTuple):
    kind: str
    ends: tuple  # (protocol, (address, port), (address, port)), the lower end first
    values: tuple

    def __str__(self):
        (proto, a, b) = self.ends
        return "%s %s %s:%d %s:%d %s" % (self.kind, {6: "tcp", 17: "udp"}.get(proto, proto), *a, *b,
                                         json.dumps(self.values))


def ends_of(proto, a, b):
    return (proto,) + tuple(sorted((a, b)))


def lower(name):
    return (name or "").lower().rstrip(".")


class Tree(list):
    """An object of tshark's JSON: its members in order, as keys may stand there more than once."""

    def all(self, key):
        """Each value of that key, at any depth."""
        return (value for name, value in self.walk() if name == key)

    def trees(self, key):
        return (value for value in self.all(key) if isinstance(value, Tree))

    def get(self, key, default=""):
        return next(self.all(key), default)

    def walk(self):
        """Each (key, value), at any depth."""
        for name, value in self:
            yield name, value
            if isinstance(value, Tree):
                yield from value.walk()

    def number(self, key):
        text = self.get(key)
        return int(text, 0) if text else None


def names_of(field):
    """{number: name}"""
    if not names_of.said:
        run = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True, check=True)
        for line in run.stdout.split("\n"):
            word = line.split("\t")
            if word[0] == "V" and word[1] in ("tls.handshake.ciphersuite", "tls.alert_message.desc"):
                names_of.said.setdefault(word[1], {})[int(word[2])] = word[3]
    return names_of.said[field]


names_of.said = {}


def record_text(record):
    """The data of an answer as it is written in zone files; None for a type that is not compared."""
    kind = record.number("dns.resp.type")
    plain = {1: "dns.a", 28: "dns.aaaa", 5: "dns.cname", 2: "dns.ns", 12: "dns.ptr.domain_name"}.get(kind)
    if plain:
        return lower(record.get(plain))
    if kind == 15:
        return record.get("dns.mx.preference") + " " + lower(record.get("dns.mx.mail_exchange"))
    if kind == 16:
        return lower("".join(record.all("dns.txt")))
    if kind == 33:
        return " ".join([record.get("dns.srv." + part) for part in ("priority", "weight", "port")] +
                        [lower(record.get("dns.srv.target"))])
    return None


def dns(layer):
    if not layer.get("dns.count.add_rr"):
        return  # the header was cut
    if layer.get("dns.flags.response") == "0":
        kind = layer.number("dns.qry.type")
        name = lower(layer.get("dns.qry.name"))
        yield "dns question", (layer.number("dns.id"), "" if name == "<root>" else name,
                               TYPES.get(kind, "TYPE%s" % kind) if kind is not None else None)
    elif layer.get("dns.flags.response") == "1":
        answers = next((v for k, v in layer if k == "Answers"), Tree())
        code = layer.number("dns.flags.rcode") | (layer.number("dns.resp.ext_rcode") or 0) << 4
        yield "dns answer", (layer.number("dns.id"),
                             RCODES[code] if code < len(RCODES) else str(code),
                             tuple(map(record_text, (v for _, v in answers if isinstance(v, Tree)))))


def http(layer):
    method, status = layer.get("http.request.method"), layer.number("http.response.code")
    if method:
        target, host = layer.get("http.request.uri"), layer.get("http.host").strip()
        url = target if "://" in target or method == "CONNECT" else host + target
        yield "http request", (method, url, layer.get("http.user_agent").strip())
    elif status and (status == 101 or status >= 200):
        yield "http response", (status, layer.get("http.content_type").partition(";")[0].strip())


def is_grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 255


def numbers(texts):
    return [n for n in (int(text, 0) for text in texts) if not is_grease(n)]


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else 12 * "0"


def alpn_ends(text):
    if not text:
        return "00"
    ends = text[0] + text[-1]
    return ends if ends.isascii() and ends.isalnum() else "%x%x" % (ord(text[0]) >> 4, ord(text[-1]) & 15)


def ja4(hello, transport):
    """After FoxIO's description of JA4, technical_details/JA4.md."""
    extensions = [v for k, v in hello.walk() if isinstance(v, Tree) and
                  any(name == "tls.handshake.extension.type" for name, _ in v)]
    kinds = numbers(e.get("tls.handshake.extension.type") for e in extensions)
    signatures = [n for e in extensions if e.number("tls.handshake.extension.type") == 13
                  for n in numbers(e.all("tls.handshake.sig_hash_alg"))]
    suites = numbers(hello.all("tls.handshake.ciphersuite"))
    version = max(numbers(hello.all("tls.handshake.extensions.supported_version")) or
                  numbers([hello.get("tls.handshake.version")]))
    sent = ",".join(sorted("%04x" % kind for kind in kinds if kind not in (0, 16)))
    if sent and signatures:
        sent += "_" + ",".join("%04x" % n for n in signatures)
    return "%s%s%s%02d%02d%s_%s_%s" % (
        transport, {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10", 0x300: "s3"}.get(version, "00"),
        "d" if 0 in kinds else "i", min(len(suites), 99), min(len(kinds), 99),
        alpn_ends(hello.get("tls.handshake.extensions_alpn_str")),
        digest(",".join(sorted("%04x" % n for n in suites))), digest(sent))


def client_hello(hello, transport):
    return (lower(hello.get("tls.handshake.extensions_server_name")),
            ",".join(hello.all("tls.handshake.extensions_alpn_str")), hello.get("tls.handshake.ja3"),
            ja4(hello, transport))


def leaf(tree):
    """The text of an attribute: what stands last and is no object, no type and no choice."""
    texts = [(k, v) for k, v in tree.walk() if not isinstance(v, Tree)]
    return [v for k, v in texts if k not in ("x509if.oid", "x509sat.DirectoryString", "x509if.id")][-1:]


def certificate(message):
    der = bytes.fromhex(message.get("tls.handshake.certificate").replace(":", ""))
    body = next(message.trees("x509af.signedCertificate_element"), Tree())
    subject = next((v for k, v in body if k == "x509af.subject_tree"), Tree())
    values = [text for item in subject.trees("x509if.RelativeDistinguishedName_item_element")
              for text in leaf(item)]
    serial = body.get("x509af.serialNumber").replace(":", "")
    return tuple(values), serial.lstrip("0"), hashlib.sha256(der).hexdigest()


def version_name(number):
    if number == FIZZ:
        return "TLSv1.3 (Fizz)"
    return VERSIONS.get(number, "TLSv1.3 (draft)" if number >> 8 == 0x7f else "0x%04x" % number)


def server_hello(hello):
    """The values; RETRY where it asks for another ClientHello (RFC 8446, 4.1.4)."""
    if hello.get("tls.handshake.random").replace(":", "") == RETRY_REQUEST:
        return RETRY
    chosen = [v for k, v in hello.walk() if k == "tls.handshake.extensions.supported_version"]
    version = int((chosen or [hello.get("tls.handshake.version")])[-1], 0)
    suite = hello.number("tls.handshake.ciphersuite")
    return (version_name(version),
            names_of("tls.handshake.ciphersuite").get(suite, "0x%04x" % suite),
            hello.get("tls.handshake.extensions_alpn_str"), hello.get("tls.handshake.ja3s"))


def tls(layer, over="tls"):
    """Handshake messages, and alerts in clear."""
    for hello in layer.trees("tls.handshake"):
        kind = hello.number("tls.handshake.type")
        if kind == 1:
            yield over + " client", client_hello(hello, "q" if over == "quic" else "t")
        elif kind == 2:
            yield over + " server", server_hello(hello)
        elif kind == 11 and hello.get("tls.handshake.certificate"):
            yield over + " certificate", certificate(hello)
    for alert in layer.trees("tls.alert_message"):
        number = alert.number("tls.alert_message.desc")
        if number is not None:
            name = names_of("tls.alert_message.desc").get(number, str(number))
            yield over + " alert", (name.lower().replace(" ", "_"),)


def quic(layer):
    """The ClientHello that its CRYPTO frames hold, with the version of the packet it was whole in."""
    number = layer.number("quic.version")
    if number is None:
        return
    version = QUIC.get(number, "draft-%d" % (number & 255) if number >> 8 == 0xff0000 else "0x%08x" % number)
    for kind, values in tls(layer, "quic"):
        if kind == "quic client":
            yield kind, (version,) + values[:1] + values[2:]


def ssh(layer):
    for banner in layer.all("ssh.protocol"):
        yield "ssh banner", (banner.strip(),)
    for key, kind in (("ssh.kex.hassh", "ssh client"), ("ssh.kex.hasshserver", "ssh server")):
        for value in layer.all(key):
            yield kind, (value,)


READERS = {"dns": dns, "http": http, "tls": tls, "quic": quic, "ssh": ssh}


def of_packet(layers):
    """Yields each message and why an event may not have it: "tunnel", behind a second IP header; "sealed", in TLS or
    QUIC whose keys the capture has."""
    addresses = ports = sealed = None
    headers = 0
    for name, layer in layers:
        if name in ("icmp", "icmpv6"):
            return  # what it quotes was sent before
        if name in ("ip", "ipv6"):
            addresses, headers = (layer.get(name + ".src"), layer.get(name + ".dst")), headers + 1
        elif name in ("tcp", "udp"):
            ports = 6 if name == "tcp" else 17, int(layer.get(name + ".srcport")), int(layer.get(name + ".dstport"))
        elif name in READERS and isinstance(layer, Tree) and ports:
            if (name == "quic") != (ports[0] == 17) and name != "dns":
                continue
            ends = ends_of(ports[0], (addresses[0], ports[1]), (addresses[1], ports[2]))
            reason = "tunnel" if headers > 1 else "sealed" if sealed and name != sealed else ""
            for kind, values in READERS[name](layer):
                yield Message(kind, ends, values), reason
            sealed = name if name in ("tls", "quic") else sealed


def first_of_each(messages):
    """Of the alerts of a connection the first; without hellos that ask for another one."""
    alerted, asked = set(), set()
    for message, reason in messages:
        kind, ends, values = message
        if values == RETRY:
            asked.add(ends)
        elif kind != "tls alert" or ends not in alerted:
            yield message, "second hello" if kind == "tls client" and ends in asked else reason
        alerted.update([ends] if kind == "tls alert" else ())


def read(path):
    """[(Message, reason)], in the order of the packets that made them whole. The reason says why an event may not
    have it: "tunnel", "sealed", or "second hello" (the first one is the handshake's); else it is empty."""
    run = subprocess.run(["nice", "tshark", "-n", "-r", path, "-Y", SHOWN, "-T", "json", "-J",
                          "frame ip ipv6 tcp udp icmp icmpv6 dns http tls x509af quic ssh"],
                         capture_output=True, check=True)
    # Bytes that are no UTF-8 become what they become in an event.
    text = run.stdout.decode("utf-8", errors="replace")
    heard = json.loads(text, object_pairs_hook=Tree, strict=False) if text.strip() else ()
    return list(first_of_each(row for packet in heard for row in of_packet(packet.get("layers", Tree()))))


def apart(path, folder):
    """The captures to read instead of `path`: one for each VNI of mirror traffic over IPv4 (outer headers
    are 14 + 20 + 8 + 8 bytes), without them; or `path` itself."""
    if path.endswith(".gz"):
        return [path]
    by_vni = {}
    for packet in captures.read(path):
        data = packet.data
        if packet.link != 1 or data[12:14] != b"\x08\x00" or data[14] != 0x45 or data[23] != 17 or \
                data[36:38] != b"\x12\xb5":
            return [path]
        vni = struct.unpack_from("!I", data, 46)[0] >> 8
        by_vni.setdefault(vni, []).append((packet.time, data[50:], packet.wire - 50))
    paths = []
    for vni, rows in sorted(by_vni.items()):
        paths.append("%s/%s-vni-%d.pcap" % (folder, os.path.basename(path), vni))
        packets.save(paths[-1], rows)
    return paths
