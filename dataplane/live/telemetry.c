#include "dataplane/live/telemetry.h"

#include <rte_telemetry.h>
#include <rte_version.h>

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define add_unsigned rte_tel_data_add_dict_uint
#else
#define add_unsigned rte_tel_data_add_dict_u64
#endif

enum { NAME_SIZE = 64 };

/* DPDK hands its callbacks no context, and a command cannot be taken back: what they answer from has
 * one place in the process, as the socket has. Written by the thread that starts and stops telemetry,
 * read by DPDK's telemetry thread. */
static struct {
	pthread_mutex_t lock; /* held for all of these */
	const struct telemetry_command *commands;
	uint32_t n;
	void *ctx;
} offered = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* 22.11 refuses any other name. */
static const char *plain_name(const char *name, char text[NAME_SIZE])
{
	size_t i;

	for (i = 0; i < NAME_SIZE - 1 && name[i] != '\0'; i++)
		text[i] = (char)(isalnum((unsigned char)name[i]) || name[i] == '/' ? name[i]
										   : '_');
	text[i] = '\0';
	return text;
}

void telemetry_u64(struct telemetry_object to, const char *name, uint64_t value)
{
	char text[NAME_SIZE];

	if (to.data)
		add_unsigned(to.data, plain_name(name, text), value);
}

void telemetry_text(struct telemetry_object to, const char *name, const char *value)
{
	char text[NAME_SIZE];

	if (to.data)
		rte_tel_data_add_dict_string(to.data, plain_name(name, text), value);
}

struct telemetry_object telemetry_within(struct telemetry_object outer, const char *name)
{
	struct rte_tel_data *data = outer.data ? rte_tel_data_alloc() : NULL;
	char text[NAME_SIZE];

	if (!data)
		return (struct telemetry_object){NULL};
	rte_tel_data_start_dict(data);
	if (rte_tel_data_add_dict_container(outer.data, plain_name(name, text), data, 0) == 0)
		return (struct telemetry_object){data};
	rte_tel_data_free(data);
	return (struct telemetry_object){NULL};
}

static int answer(const char *name, const char *argument, struct rte_tel_data *info)
{
	const struct telemetry_object to = {info};
	bool answered = false;

	rte_tel_data_start_dict(info);
	pthread_mutex_lock(&offered.lock);
	for (uint32_t i = 0; i < offered.n; i++) {
		const struct telemetry_command *command = &offered.commands[i];

		if (strcmp(command->name, name) == 0)
			answered = command->answer(
				offered.ctx, command, argument ? argument : "", to);
	}
	pthread_mutex_unlock(&offered.lock);
	return answered ? 0 : -1;
}

bool telemetry_begin(const struct telemetry_command *commands, uint32_t n, void *ctx)
{
	bool ok = true;

	pthread_mutex_lock(&offered.lock);
	offered.commands = commands;
	offered.n = n;
	offered.ctx = ctx;
	pthread_mutex_unlock(&offered.lock);
	for (uint32_t i = 0; i < n; i++) {
		int result =
			rte_telemetry_register_cmd(commands[i].name, answer, commands[i].help);

		ok = ok && (result == 0 || result == -EEXIST);
	}
	if (!ok)
		telemetry_end();
	return ok;
}

void telemetry_end(void)
{
	pthread_mutex_lock(&offered.lock);
	offered.n = 0;
	pthread_mutex_unlock(&offered.lock);
}
