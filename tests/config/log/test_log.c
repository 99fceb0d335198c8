#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/log/error.h"
#include "config/log/log.h"
#include "config/log/now.h"
#include "support/python.h"

enum { SAID = 65536 };

/* What `say` writes to standard error. */
static void hear(void (*say)(void), char said[SAID])
{
	char path[] = "/tmp/periscope-log-XXXXXX";
	int to = mkstemp(path), before = dup(STDERR_FILENO);
	ssize_t n;

	CU_ASSERT_FATAL(to >= 0 && before >= 0);
	unlink(path);
	dup2(to, STDERR_FILENO);
	say();
	dup2(before, STDERR_FILENO);
	close(before);
	n = pread(to, said, SAID - 1, 0);
	said[n < 0 ? 0 : n] = '\0';
	close(to);
	log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
}

static void each_level(void)
{
	errno = ENOENT;
	log_error("%s: %m", "x");
	log_warning("two %d", 2);
	log_info("three");
	log_finding("four");
}

static void a_name_with_a_line_of_its_own(void)
{
	log_error("%s: is missing", "a\nperiscope: all is well\x1b[2J\x7f");
}

static void as_json(void)
{
	log_configure(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	each_level();
	log_error("a \"quoted\" line\nand \xff, no UTF-8");
}

static void warnings_and_worse(void)
{
	log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	each_level();
}

static void errors_alone(void)
{
	log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR);
	each_level();
}

static void text_is_for_people(void)
{
	char said[SAID];

	hear(each_level, said);
	CU_ASSERT_STRING_EQUAL(said, "periscope: x: No such file or directory\n"
				     "periscope: two 2\n"
				     "periscope: three\n"
				     "periscope: warning: four\n");
}

static void a_message_is_one_line(void)
{
	char said[SAID];

	hear(a_name_with_a_line_of_its_own, said);
	CU_ASSERT_STRING_EQUAL(said, "periscope: a?periscope: all is well?[2J?: is missing\n");
}

static void levels_leave_out(void)
{
	char said[SAID];

	hear(warnings_and_worse, said);
	CU_ASSERT_STRING_EQUAL(said, "periscope: x: No such file or directory\n"
				     "periscope: two 2\n"
				     "periscope: warning: four\n");
	hear(errors_alone, said);
	CU_ASSERT_STRING_EQUAL(said, "periscope: x: No such file or directory\n");
}

/* One object a line: read back by another implementation. */
static void json_is_for_programs(void)
{
	static const char read_back[] =
		"import datetime, json, sys\n"
		"want = [('error', 'x: No such file or directory'), ('warning', 'two 2'),\n"
		"        ('info', 'three'), ('warning', 'four'),\n"
		"        ('error', 'a \"quoted\" line\\nand \\ufffd, no UTF-8')]\n"
		"got = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]\n"
		"assert [(m['level'], m['message']) for m in got] == want, got\n"
		"for m in got:\n"
		"    assert list(m) == ['time', 'level', 'message'] and m['time'][-1] == 'Z', "
		"m\n"
		"    at = datetime.datetime.fromisoformat(m['time'][:19] + '+00:00')\n"
		"    now = datetime.datetime.now(datetime.timezone.utc)\n"
		"    assert abs((now - at).total_seconds()) < 60, m\n";
	char said[SAID], path[] = "/tmp/periscope-log-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	hear(as_json, said);
	fputs(said, f);
	fclose(f);
	CU_ASSERT_TRUE(python_agrees(read_back, path));
	unlink(path);
}

static struct log_limit limit;

static void again_and_again(void)
{
	for (int i = 0; i < LOG_LIMIT_MESSAGES + 3; i++)
		log_limited(&limit, LOG_LEVEL_ERROR, "no. %d", i);
	limit.since_ns -= LOG_LIMIT_S * NS_PER_S;
	log_limited(&limit, LOG_LEVEL_ERROR, "later");
	log_limited(&limit, LOG_LEVEL_ERROR, "and later");
}

static void what_comes_too_often_is_counted(void)
{
	char said[SAID], want[SAID];
	int n = 0;

	limit = (struct log_limit){0};
	for (int i = 0; i < LOG_LIMIT_MESSAGES; i++)
		n += sprintf(want + n, "periscope: no. %d\n", i);
	sprintf(want + n, "periscope: 3 messages like the next one were left out\n"
			  "periscope: later\nperiscope: and later\n");
	hear(again_and_again, said);
	CU_ASSERT_STRING_EQUAL(said, want);
}

static void unsaid_then_said(void)
{
	log_configure(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	for (int i = 0; i < 2 * LOG_LIMIT_MESSAGES; i++)
		log_limited(&limit, LOG_LEVEL_INFO, "no. %d", i);
	log_limited(&limit, LOG_LEVEL_WARNING, "heard");
}

/* What the level leaves out takes no room from what it does not. */
static void what_is_not_said_is_not_limited(void)
{
	char said[SAID];

	limit = (struct log_limit){0};
	hear(unsaid_then_said, said);
	CU_ASSERT_STRING_EQUAL(said, "periscope: heard\n");
}

static void say_long(void)
{
	char message[40000];

	memset(message, '\x01', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_error("%s", message);
	log_configure(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_error("%s", message);
}

/* Cut, and each still one whole line. */
static void long_messages_end(void)
{
	char said[SAID];
	size_t len;

	hear(say_long, said);
	len = strcspn(said, "\n");
	CU_ASSERT(len > 4096 && len < 40000);
	CU_ASSERT_EQUAL(strncmp(said + len, "\n{\"time\"", 8), 0);
	len = strlen(said);
	CU_ASSERT_STRING_EQUAL(said + len - 9, "\\u0001\"}\n");
}

static void an_error_is_one_sentence(void)
{
	char long_text[2 * ERROR_TEXT];
	struct error error;

	errno = EACCES;
	error_set(&error, "%s: %m", "file");
	CU_ASSERT_STRING_EQUAL(error.text, "file: Permission denied");
	error_set(&error, "start: %s (%d)", error.text, 7);
	CU_ASSERT_STRING_EQUAL(error.text, "start: file: Permission denied (7)");
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	error_set(&error, "%s", long_text);
	CU_ASSERT_EQUAL(strlen(error.text), ERROR_TEXT - 1);
}

void suite_log(void);
void suite_log(void)
{
	CU_pSuite s = CU_add_suite("log", NULL, NULL);

	CU_ADD_TEST(s, text_is_for_people);
	CU_ADD_TEST(s, a_message_is_one_line);
	CU_ADD_TEST(s, levels_leave_out);
	CU_ADD_TEST(s, json_is_for_programs);
	CU_ADD_TEST(s, what_comes_too_often_is_counted);
	CU_ADD_TEST(s, what_is_not_said_is_not_limited);
	CU_ADD_TEST(s, long_messages_end);
	CU_ADD_TEST(s, an_error_is_one_sentence);
}
