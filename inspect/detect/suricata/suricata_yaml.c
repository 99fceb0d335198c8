#include "inspect/detect/suricata/suricata_yaml.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/log/text.h"
#include "inspect/detect/suricata/suricata_command.h"

/* As Debian's package has it. */
#define CLASSIFICATION "/etc/suricata/classification.config"
#define REFERENCES "/etc/suricata/reference.config"

/* A JSON string is one of YAML, too. */
static void put_string(FILE *out, const char *string)
{
	char room[PATH_MAX * TEXT_JSON_GROWTH + 2];
	struct text t = text_make(room, sizeof(room));

	text_json(&t, string, strnlen(string, PATH_MAX));
	fwrite(room, 1, (size_t)(t.at - room), out);
}

static void put_path(FILE *out, const char *before, const struct suricata_yaml *y,
	const char *file, const char *behind)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", y->directory, file);
	fputs(before, out);
	put_string(out, path);
	fputs(behind, out);
}

static void put_variables(FILE *out)
{
	static const char *const groups[] = {"HOME_NET", "EXTERNAL_NET", "HTTP_SERVERS",
		"SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "AIM_SERVERS",
		"DC_SERVERS", "DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER",
		"ENIP_CLIENT", "ENIP_SERVER"};
	static const char *const ports[] = {"HTTP_PORTS: any", "SHELLCODE_PORTS: \"!80\"",
		"ORACLE_PORTS: 1521", "SSH_PORTS: 22", "DNP3_PORTS: 20000", "MODBUS_PORTS: 502",
		"FILE_DATA_PORTS: any", "FTP_PORTS: 21", "GENEVE_PORTS: 6081",
		"VXLAN_PORTS: 4789", "TEREDO_PORTS: 3544"};

	fputs("vars:\n  address-groups:\n", out);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		fprintf(out, "    %s: any\n", groups[i]);
	fputs("  port-groups:\n", out);
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		fprintf(out, "    %s\n", ports[i]);
}

static void put_protocols(FILE *out)
{
	static const char *const protocols[] = {"telnet", "rfb", "mqtt", "krb5",
		"bittorrent-dht", "snmp", "ike", "dcerpc", "ftp", "rdp", "ssh", "http2", "smtp",
		"smb", "nfs", "tftp", "http", "ntp", "quic", "dhcp", "sip", "modbus", "dnp3",
		"enip", "pgsql"};

	fputs("app-layer:\n  protocols:\n", out);
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		fprintf(out, "    %s: {enabled: \"yes\"}\n", protocols[i]);
	fputs("    tls: {enabled: \"yes\", ja3-fingerprints: \"yes\"}\n"
	      "    dns: {tcp: {enabled: \"yes\"}, udp: {enabled: \"yes\"}}\n"
	      "    imap: {enabled: detection-only}\n",
		out);
}

/* What a configuration of the user's says otherwise. */
static void put_defaults(FILE *out)
{
	put_variables(out);
	put_protocols(out);
	if (access(CLASSIFICATION, R_OK) == 0)
		fputs("classification-file: " CLASSIFICATION "\n", out);
	if (access(REFERENCES, R_OK) == 0)
		fputs("reference-config-file: " REFERENCES "\n", out);
	fputs("stream: {checksum-validation: \"no\"}\n"
	      "pcap-file: {checksum-checks: \"no\"}\n",
		out);
}

static void put_rules(FILE *out, const struct suricata_yaml *y)
{
	if (y->n_rules == 0)
		return;
	fputs("default-rule-path: /\nrule-files:\n", out);
	for (uint32_t i = 0; i < y->n_rules; i++) {
		fputs("- ", out);
		put_string(out, y->rules[i]);
		fputs("\n", out);
	}
}

static void put(FILE *out, const struct suricata_yaml *y)
{
	fputs("%YAML 1.1\n---\n", out);
	if (y->stands_alone)
		put_defaults(out);
	put_rules(out, y);
	put_path(out, "default-log-dir: ", y, "", "\n");
	fputs("logging:\n  default-log-level: info\n  outputs:\n"
	      "  - console: {enabled: \"yes\", format: \"%d: %S: %M\"}\n"
	      "stats: {enabled: \"no\"}\n"
	      "vlan: {use-for-tracking: \"true\"}\n"
	      "outputs:\n- eve-log:\n    enabled: \"yes\"\n    filetype: unix_stream\n",
		out);
	put_path(out, "    filename: ", y, SURICATA_EVE, "\n");
	fputs("    types:\n    - alert: {metadata: {app-layer: \"yes\", flow: \"no\", "
	      "rule: {metadata: \"no\"}}, tagged-packets: \"no\"}\n",
		out);
	if (!y->takes_commands)
		fputs("unix-command: {enabled: \"no\"}\n", out);
	else
		put_path(out, "unix-command:\n  enabled: \"yes\"\n  filename: ", y,
			SURICATA_COMMANDS, "\n");
}

bool suricata_yaml_write(const struct suricata_yaml *yaml, struct error *error)
{
	char path[PATH_MAX];
	FILE *out;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", yaml->directory, SURICATA_YAML);
	(void)unlink(path); /* it may be another user's, of an earlier start */
	out = fopen(path, "we");
	if (out != NULL)
		put(out, yaml);
	/* It may be another user's who reads it; nobody else comes into the directory. */
	ok = out != NULL && fchmod(fileno(out), 0644) == 0 && ferror(out) == 0;
	if (out != NULL && fclose(out) != 0)
		ok = false;
	if (!ok)
		error_set(error, "%s: cannot write: %s", path, strerror(errno));
	return ok;
}
