#include "dataplane/capture/capture_formats.h"

#include <stdio.h>
#include <string.h>

/* How to go on from there. */
#define EDITCAP "'editcap -F pcapng IN OUT' (Wireshark) converts it"
#define ETL2PCAPNG "'etl2pcapng IN OUT' or 'pktmon etl2pcap IN' converts it"

static const struct magic {
	size_t at, len;
	const char *bytes;
	const char *name;
	const char *how;
} magics[] = {
	{0, 8, "snoop\0\0", "a Sun snoop capture", EDITCAP},
	{0, 4, "RTSS", "a Microsoft Network Monitor capture", EDITCAP},
	{0, 4, "GMBU", "a Microsoft Network Monitor capture", EDITCAP},
	{72, 4, "\x02\0\x01\xc0", "a Windows event trace (ETL)", ETL2PCAPNG},
	{72, 4, "\x02\0\x02\xc0", "a Windows event trace (ETL)", ETL2PCAPNG},
	{0, 9, "iptrace 1", "an AIX iptrace capture", EDITCAP},
	{0, 9, "iptrace 2", "an AIX iptrace capture", EDITCAP},
	{0, 12, "\0\0\0\1\0\0\0\0\0\x07\xd0\0", "an HP-UX nettl capture", EDITCAP},
	{0, 12, "TR\0d\0\0\0\0\0\0\0\x80", "an HP-UX nettl capture", EDITCAP},
	{0, 4, "\xaa\xaa\xaa\xaa", "an InfoVista 5View capture", EDITCAP},
	{0, 11, "TRSNIFF dat", "a Network General Sniffer capture", EDITCAP},
	{0, 4, "XCP\0", "a NetXRay or Windows Sniffer capture", EDITCAP},
	{0, 4, "VL\0\0", "a NetXRay capture", EDITCAP},
	{0, 4, "\x05VNF", "a Visual Networks capture", EDITCAP},
	{0, 4, "\x7fver", "an OmniPeek capture", EDITCAP},
	{0, 4, "cpse", "a Colasoft Capsa capture", EDITCAP},
	{0, 17, "ObserverPktBuffer", "a Viavi Observer capture", EDITCAP},
	{0, 8, "\0\0\2\0\x12\5\0\x10", "a Tektronix K12xx capture", EDITCAP},
	{0, 4, "\x1c\0\1\xab", "an IxOS capture", EDITCAP},
	{0, 4, "\xab\1\0\x1c", "an IxOS capture", EDITCAP},
	{0, 4, "\x1c\0\1\xac", "an IxOS capture", EDITCAP},
	{0, 4, "\xac\1\0\x1c", "an IxOS capture", EDITCAP},
	{0, 4, "LOGG", "a Vector BLF log", EDITCAP},
	{0, 8, "btsnoop", "a Bluetooth capture (btsnoop)", "it holds no IP packets by itself"},
	{257, 5, "ustar", "a tar archive", "'tar -xf' unpacks it"},
	{0, 4, "PK\3\4", "a zip archive", "'unzip' unpacks it"},
	{0, 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "'7z x' unpacks it"},
	{0, 4, "Rar!", "a RAR archive", "'unrar x' unpacks it"},
	{0, 5,
		"\xfd"
		"7zXZ",
		"compressed by xz", "'xz -d' unpacks it"},
	{0, 3, "BZh", "compressed by bzip2", "'bzip2 -d' unpacks it"},
	{0, 4, "\4\x22\x4d\x18", "compressed by lz4", "'lz4 -d' unpacks it"},
	{0, 4, "LZIP", "compressed by lzip", "'lzip -d' unpacks it"},
	{0, 4, "\x89LZO", "compressed by lzop", "'lzop -d' unpacks it"},
	{0, 2, "\x1f\x9d", "compressed by compress", "'gzip -d' unpacks it"},
	/* These two are read, but not twice. */
	{0, 2, "\x1f\x8b", "compressed by gzip once more", "'gzip -d' unpacks it"},
	{0, 4, "\x28\xb5\x2f\xfd", "compressed by zstd once more", "'zstd -d' unpacks it"},
};

static const struct magic *find(const uint8_t *head, size_t n)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (n >= m->at + m->len && memcmp(head + m->at, m->bytes, m->len) == 0)
			return m;
	}
	return NULL;
}

/* Endace's ERF has no magic number, but records with a length, each with a type and a time (seconds
 * and their fraction, little endian): all that begin in the bytes at hand must be likely ones. */
static bool is_erf(const uint8_t *head, size_t n)
{
	enum { RECORD = 16, TYPES = 48 };
	static const uint32_t year_2000 = 946684800, year_2100 = 4102444800;
	size_t at = 0;

	while (n - at >= RECORD) {
		const uint8_t *h = head + at;
		uint32_t seconds = (uint32_t)h[7] << 24 | (uint32_t)h[6] << 16 |
				   (uint32_t)h[5] << 8 | h[4];
		uint32_t type = h[8] & 0x7f, len = (uint32_t)h[10] << 8 | h[11];

		if (type == 0 || type > TYPES || len < RECORD || seconds < year_2000 ||
			seconds > year_2100)
			return false;
		if (len > n - at)
			break;
		at += len;
	}
	return n >= RECORD;
}

/* A hex dump, a log, JSON: nothing but lines of printable characters, UTF-8 or UTF-16. */
static bool is_text(const uint8_t *head, size_t n)
{
	bool is_wide = n >= 2 && ((head[0] == 0xff && head[1] == 0xfe) ||
					 (head[0] == 0xfe && head[1] == 0xff));

	for (size_t i = 0; i < n && !is_wide; i++)
		if (head[i] < ' ' && head[i] != '\n' && head[i] != '\r' && head[i] != '\t')
			return false;
	return n >= 4;
}

static void hex(const uint8_t *head, size_t n, char *out, size_t size)
{
	int len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && i < 4; i++)
		len += snprintf(
			out + len, size - (size_t)len, i > 0 ? " %02x" : "%02x", head[i]);
}

void capture_format_describe(const uint8_t *head, size_t n, char *out, size_t size)
{
	const struct magic *m = find(head, n);
	char start[16];

	if (m != NULL) {
		snprintf(out, size, "is %s, which is not read; %s", m->name, m->how);
	} else if (is_text(head, n)) {
		snprintf(out, size,
			"is not a pcap or pcapng capture, but text; 'text2pcap IN OUT' "
			"(Wireshark) "
			"makes a capture of a hex dump");
	} else if (is_erf(head, n)) {
		snprintf(out, size, "is an Endace ERF capture, which is not read; %s", EDITCAP);
	} else {
		hex(head, n, start, sizeof(start));
		snprintf(out, size, "is not a pcap or pcapng capture (it begins with %s)",
			start);
	}
}
