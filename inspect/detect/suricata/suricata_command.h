/* Commands to a running Suricata by its UNIX command socket (Suricata's documentation, "Interacting via Unix
 * Socket"; protocol 0.2: a JSON object a line): reloads its rules, and asks how many it has then. Nothing here waits: a
 * reload takes as long as a start does. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SURICATA_COMMANDS "commands"

struct suricata_command;

/* NULL: no memory, or nobody answers at `path`: errno. */
struct suricata_command *suricata_command_reload(const char *path);
/* NULL is legal. */
void suricata_command_close(struct suricata_command *command);
/* Readable, when it is time for suricata_command_look(). */
int suricata_command_descriptor(const struct suricata_command *command);

enum suricata_answer {
	SURICATA_WAITS,    /* there is no answer yet */
	SURICATA_RELOADED, /* and `rules` are in force */
	SURICATA_REFUSED,  /* `why` */
};
struct suricata_rules {
	uint64_t loaded, failed;
	char why[256];
};
enum suricata_answer suricata_command_look(
	struct suricata_command *command, struct suricata_rules *rules);
