/* The process that starts programs: input and output of one, how programs end, what is left behind. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect/detect/suricata/spawner.h"

enum { WAIT_MS = 10000 };

static struct spawner *spawner;
static struct spawner_told told;
static char said[1 << 16]; /* lines, each behind a | */

static void start(void)
{
	const struct spawner_params params = {.give_up = NULL};
	struct error error;

	signal(SIGPIPE, SIG_IGN);
	spawner = spawner_start(&params, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(spawner);
}

/* Runs a line of the shell. Returns its input. */
static int run(const char *line)
{
	char copy[512];
	const char *const argv[] = {"sh", "-c", copy, NULL};
	struct error error;
	int input;

	snprintf(copy, sizeof(copy), "%s", line);
	input = spawner_run(spawner, argv, &error);
	CU_ASSERT_TRUE_FATAL(input >= 0);
	return input;
}

/* Gathers what is said until there is other news. */
static enum spawner_news news(int ms)
{
	enum spawner_news got;

	while ((got = spawner_news(spawner, ms, &told)) == SPAWNER_SAID)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "|%s", told.line);
	return got;
}

static void expect_end(const char *lines, const char *how)
{
	char text[PROGRAM_END_TEXT];

	CU_ASSERT_EQUAL_FATAL(news(WAIT_MS), SPAWNER_ENDED);
	CU_ASSERT_STRING_EQUAL(said, lines);
	CU_ASSERT_STRING_EQUAL(program_end_text(told.status, text), how);
	said[0] = '\0';
}

static void stop(void)
{
	char directory[256];
	struct stat st;

	snprintf(directory, sizeof(directory), "%s", spawner_directory(spawner));
	CU_ASSERT_EQUAL(stat(directory, &st), 0);
	spawner_stop(spawner);
	CU_ASSERT_TRUE(stat(directory, &st) != 0 && errno == ENOENT);
}

static void a_program_reads_and_ends(void)
{
	char line[512], path[300], got[64] = "";
	struct stat st;
	int input;
	FILE *file;

	start();
	CU_ASSERT_EQUAL(stat(spawner_directory(spawner), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/got", spawner_directory(spawner));
	snprintf(line, sizeof(line), "cat >%s; echo one; echo two; exit 3", path);
	input = run(line);
	CU_ASSERT_EQUAL(news(0), SPAWNER_NONE);
	CU_ASSERT_EQUAL(write(input, "packets", 7), 7);
	close(input);
	expect_end("|one|two", "ended with status 3");
	file = fopen(path, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(got, sizeof(got), file));
	fclose(file);
	CU_ASSERT_STRING_EQUAL(got, "packets");
	/* And another one. */
	close(run("exit 0"));
	expect_end("", "ended with status 0");
	stop();
}

static void lines_are_told(void)
{
	char path[300], line[512];
	struct stat st;
	int input;

	start();
	close(run("echo a; echo b >&2; echo; printf c; exit 1"));
	expect_end("|a|b|c", "ended with status 1");
	close(run("head -c 5000 /dev/zero | tr '\\0' x"));
	CU_ASSERT_EQUAL_FATAL(news(WAIT_MS), SPAWNER_ENDED);
	CU_ASSERT_EQUAL(strlen(said), SPAWNER_LINE_MAX);
	said[0] = '\0';
	/* All that was said before it was asked. */
	snprintf(path, sizeof(path), "%s/done", spawner_directory(spawner));
	snprintf(line, sizeof(line), "echo 1; echo 2; echo >%s; cat", path);
	input = run(line);
	for (int i = 0; i < 500 && stat(path, &st) != 0; i++)
		usleep(10000);
	spawner_ask(spawner);
	CU_ASSERT_EQUAL(news(WAIT_MS), SPAWNER_HEARD);
	CU_ASSERT_STRING_EQUAL(said, "|1|2");
	said[0] = '\0';
	close(input);
	expect_end("", "ended with status 0");
	stop();
}

/* A program that says much does not wait for us. */
static void lines_that_nobody_takes(void)
{
	start();
	close(run("i=0; while [ $i -lt 9000 ]; do echo line; i=$((i + 1)); done"));
	sleep(1);
	CU_ASSERT_EQUAL(news(WAIT_MS), SPAWNER_ENDED);
	CU_ASSERT_EQUAL(told.status, 0);
	said[0] = '\0';
	stop();
}

static void no_such_program(void)
{
	const char *const argv[] = {"/nowhere/suricata", NULL};
	char big[SPAWNER_ARGUMENTS + 2];
	const char *const many[] = {"sh", big, NULL};
	struct error error;
	int input;

	start();
	input = spawner_run(spawner, argv, &error);
	CU_ASSERT_TRUE(input >= 0);
	expect_end("|/nowhere/suricata: No such file or directory", "ended with status 127");
	close(input);
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CU_ASSERT_EQUAL(spawner_run(spawner, many, &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text, "sh: its arguments are longer than 16384 bytes");
	stop();
}

static void one_at_a_time(void)
{
	const char *const argv[] = {"true", NULL};
	struct error error;
	int input;

	start();
	input = run("exec cat");
	CU_ASSERT_EQUAL(spawner_run(spawner, argv, &error), -1);
	CU_ASSERT_STRING_EQUAL(error.text, "true: cannot start it: one runs");
	close(input);
	expect_end("", "ended with status 0");
	stop();
}

static void programs_are_ended(void)
{
	int input;

	start();
	input = run("exec cat");
	spawner_end_program(spawner, false);
	expect_end("", "was killed by signal 15 (Terminated)");
	CU_ASSERT_EQUAL(write(input, "x", 1), -1);
	close(input);
	input = run("exec cat");
	spawner_end_program(spawner, true);
	expect_end("", "was killed by signal 9 (Killed)");
	close(input);
	input = run("trap '' TERM; while :; do sleep 1; done");
	usleep(200000);
	spawner_end_program(spawner, false);
	CU_ASSERT_EQUAL(news(1000), SPAWNER_NONE);
	expect_end("", "was killed by signal 9 (Killed)");
	close(input);
	stop();
}

/* Whose number the shell has written into the directory. */
static pid_t program_of(const char *directory)
{
	char path[300];
	int pid = 0;

	snprintf(path, sizeof(path), "%s/pid", directory);
	for (int i = 0; i < 500 && pid == 0; i++) {
		FILE *file = fopen(path, "re");

		if (file == NULL || fscanf(file, "%d", &pid) != 1)
			usleep(10000);
		if (file != NULL)
			fclose(file);
	}
	return pid;
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) != 0)
			return true;
		usleep(10000);
	}
	return false;
}

static void it_ends_with_us(void)
{
	char line[512];
	pid_t program;
	int input;

	start();
	snprintf(line, sizeof(line), "echo $$ >%s/pid; exec cat", spawner_directory(spawner));
	input = run(line);
	program = program_of(spawner_directory(spawner));
	CU_ASSERT_TRUE_FATAL(program > 1);
	stop();
	CU_ASSERT_TRUE(is_gone(program));
	close(input);
}

/* A parent that is killed can tidy up nothing. */
static void it_ends_when_we_are_killed(void)
{
	char directory[256] = "", line[512];
	struct stat st;
	pid_t parent, program;
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	parent = fork();
	if (parent == 0) {
		start();
		(void)!write(ends[1], spawner_directory(spawner), 255);
		snprintf(line, sizeof(line), "echo $$ >%s/pid; exec cat",
			spawner_directory(spawner));
		run(line);
		pause();
	}
	CU_ASSERT_EQUAL_FATAL(read(ends[0], directory, 255), 255);
	program = program_of(directory);
	CU_ASSERT_TRUE_FATAL(program > 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	CU_ASSERT_TRUE(is_gone(program));
	for (int i = 0; i < 500 && stat(directory, &st) == 0; i++)
		usleep(10000);
	CU_ASSERT_TRUE(stat(directory, &st) != 0 && errno == ENOENT);
	close(ends[0]);
	close(ends[1]);
}

static bool refuse(void *ctx, struct error *error)
{
	error_set(error, "%s", (const char *)ctx);
	return false;
}

static void rights_that_stay_are_an_error(void)
{
	char words[] = "it keeps them";
	const struct spawner_params params = {refuse, words};
	struct error error;

	CU_ASSERT_PTR_NULL(spawner_start(&params, &error));
	CU_ASSERT_STRING_EQUAL(error.text, words);
}

static void without_a_folder(void)
{
	const struct spawner_params params = {.give_up = NULL};
	struct error error;

	setenv("TMPDIR", "/nowhere", 1);
	CU_ASSERT_PTR_NULL(spawner_start(&params, &error));
	CU_ASSERT_STRING_EQUAL(
		error.text, "/nowhere: cannot make a folder there: No such file or directory");
	unsetenv("TMPDIR");
}

void suite_spawner(void);
void suite_spawner(void)
{
	CU_pSuite s = CU_add_suite("spawner", NULL, NULL);

	CU_ADD_TEST(s, a_program_reads_and_ends);
	CU_ADD_TEST(s, lines_are_told);
	CU_ADD_TEST(s, lines_that_nobody_takes);
	CU_ADD_TEST(s, no_such_program);
	CU_ADD_TEST(s, one_at_a_time);
	CU_ADD_TEST(s, programs_are_ended);
	CU_ADD_TEST(s, it_ends_with_us);
	CU_ADD_TEST(s, it_ends_when_we_are_killed);
	CU_ADD_TEST(s, rights_that_stay_are_an_error);
	CU_ADD_TEST(s, without_a_folder);
}
