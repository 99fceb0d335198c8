/* Lines that Suricata 7.0.10 says on its console. */
#include <CUnit/Basic.h>
#include <string.h>

#include "inspect/detect/suricata/suricata_log.h"

static struct suricata_said said;

static void bad_rules(void)
{
	CU_ASSERT_EQUAL(
		suricata_line_read(
			"Error: detect: error parsing signature \"alert http any any -> any "
			"any (msg:\"bad; sid:2;)\" from file /tmp/a b.rules at line 3",
			&said),
		SURICATA_LINE_RULE);
	CU_ASSERT_EQUAL(strncmp(said.file, "/tmp/a b.rules", (size_t)said.file_len), 0);
	CU_ASSERT_EQUAL(said.file_len, 14);
	CU_ASSERT_EQUAL(said.line, 3);
	/* A rule that speaks of files and lines itself. */
	CU_ASSERT_EQUAL(
		suricata_line_read(
			"Error: detect: error parsing signature \"x from file y at line 7\" "
			"from file z.rules at line 12",
			&said),
		SURICATA_LINE_RULE);
	CU_ASSERT_EQUAL(strncmp(said.file, "z.rules", 7), 0);
	CU_ASSERT_EQUAL(said.file_len, 7);
	CU_ASSERT_EQUAL(said.line, 12);
	/* Cut, for it was too long. */
	CU_ASSERT_EQUAL(suricata_line_read(
				"Error: detect: error parsing signature \"x at line 7", &said),
		SURICATA_LINE_ERROR);
}

static void counts(void)
{
	CU_ASSERT_EQUAL(
		suricata_line_read(
			"Info: detect: 3 rule files processed. 6 rules successfully loaded, 2 "
			"rules failed, 0",
			&said),
		SURICATA_LINE_COUNT);
	CU_ASSERT_EQUAL(said.loaded, 6);
	CU_ASSERT_EQUAL(said.failed, 2);
	CU_ASSERT_EQUAL(suricata_line_read("Info: detect: 3 rule files processed. ", &said),
		SURICATA_LINE_OTHER);
}

static void others(void)
{
	CU_ASSERT_EQUAL(suricata_line_read("Error: pcap: /dev/stdin: Permission denied", &said),
		SURICATA_LINE_ERROR);
	CU_ASSERT_STRING_EQUAL(said.text, "pcap: /dev/stdin: Permission denied");
	CU_ASSERT_EQUAL(
		suricata_line_read(
			"Warning: detect: No rule files match the pattern /nope", &said),
		SURICATA_LINE_WARNING);
	CU_ASSERT_STRING_EQUAL(said.text, "detect: No rule files match the pattern /nope");
	CU_ASSERT_EQUAL(suricata_line_read("Notice: threads: Threads created", &said),
		SURICATA_LINE_OTHER);
	CU_ASSERT_EQUAL(suricata_line_read("", &said), SURICATA_LINE_OTHER);
}

void suite_suricata_log(void);
void suite_suricata_log(void)
{
	CU_pSuite s = CU_add_suite("suricata_log", NULL, NULL);

	CU_ADD_TEST(s, bad_rules);
	CU_ADD_TEST(s, counts);
	CU_ADD_TEST(s, others);
}
