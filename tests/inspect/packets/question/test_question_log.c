/* Flow log records: AWS's own examples (VPC user guide, "Flow log record examples"), other formats, and what is none. */
#include <CUnit/Basic.h>
#include <string.h>

#include "config/log/now.h"
#include "inspect/packets/question/question_log.h"

void suite_question_log(void);

#define S(n) ((n)*NS_PER_S)

static const struct {
	const char *line, *format,
		*expression; /* question_ends_print_within() of it, a minute around */
} rows[] = {
	{"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 "
	 "ACCEPT OK",
		NULL,
		"proto 6 and ((src host 172.31.16.139 and dst host 172.31.16.21 and tcp src port 20641 and "
		"tcp dst port 22) or (src host 172.31.16.21 and dst host 172.31.16.139 and tcp src port 22 and "
		"tcp dst port 20641)) and after 1418529950.000000000 and before 1418530131.000000000"},
	/* ICMP, and IPv6 */
	{"2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
		NULL,
		"proto 1 and ((src host 203.0.113.12 and dst host 172.31.16.139) or (src host 172.31.16.139 and "
		"dst host 203.0.113.12)) and after 1432916967.000000000 and before 1432917203.000000000"},
	{"2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 "
	 "2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK",
		NULL,
		"proto 6 and ((src host 2001:db8:1234:a100:8d6e:3477:df66:f105 and dst host "
		"2001:db8:1234:a102:3304:8879:34cf:4071 and tcp src port 34892 and tcp dst port 22) or (src host "
		"2001:db8:1234:a102:3304:8879:34cf:4071 and dst host 2001:db8:1234:a100:8d6e:3477:df66:f105 and tcp "
		"src port 22 and tcp dst port 34892)) and after 1477913648.000000000 and before "
		"1477913881.000000000"},
	/* a NAT gateway: the packets have other ends than its interface */
	{"eni-1235b8ca 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 10 20",
		"${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${start} ${end}",
		"((src host 10.0.1.5 and dst host 203.0.113.5) or (src host 203.0.113.5 and dst host 10.0.1.5)) and "
		"after 0.000000000 and before 81.000000000"},
	/* names without their signs, in any order; a record that does not know the packet's own ends */
	{" 20 10\t10.0.0.1 - 10.0.0.2 -\n", "end start srcaddr pkt-srcaddr dstaddr pkt-dstaddr",
		"((src host 10.0.0.1 and dst host 10.0.0.2) or (src host 10.0.0.2 and dst host 10.0.0.1)) and "
		"after 0.000000000 and before 81.000000000"},
};

static void are_read(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expression_error error;
		struct question_ends ends;
		char text[QUESTION_TEXT];
		bool of_format;

		CU_ASSERT_TRUE_FATAL(question_log_read(
			rows[i].line, rows[i].format, &ends, &error, &of_format));
		CU_ASSERT_STRING_EQUAL(
			question_ends_print_within(&ends, S(QUESTION_LOG_AROUND_S), text),
			rows[i].expression);
	}
}

static void others_are_refused(void)
{
	static const struct {
		const char *line, *format, *sentence;
		uint32_t at;
		bool of_format;
	} bad[] = {
		{"", NULL, "there is no flow log record", 0, false},
		{"version account-id interface-id srcaddr", NULL,
			"this is the header of a flow log, and no record", 0, false},
		{"2 1 eni-1 10.0.0.1 10.0.0.2", NULL,
			"the line has 5 fields, and its format 14", 27, false},
		{"10.0.0.1 10.0.0.2 1 2 x y", "${srcaddr} ${dstaddr} ${start} ${end}",
			"the line has 6 fields, and its format 4", 22, false},
		{"2 1 eni-1 - - - - - - - 1431280876 1431280934 - NODATA", NULL,
			"the record has no srcaddr: it is about no packets", 10, false},
		{"10.0.0.1 1 2", "${srcaddr} ${start} ${end}", "the format has no dstaddr", 26,
			true},
		{"10.0.0.1 a 1 2", "${srcaddr} ${dstaddr} ${start} ${end}",
			"'a' is no address of the family of the other one", 9, false},
		{"a 10.0.0.1 1 2", "${srcaddr} ${dstaddr} ${start} ${end}", "'a' is no address",
			0, false},
		{"10.0.0.1 10.0.0.2 3 2", "${srcaddr} ${dstaddr} ${start} ${end}",
			"'2' is no end: it is before the start", 20, false},
		{"10.0.0.1 10.0.0.2 3 4294967296", "${srcaddr} ${dstaddr} ${start} ${end}",
			"'4294967296' is no end, which is a number", 20, false},
		{"10.0.0.1 10.0.0.2 1 2 256",
			"${srcaddr} ${dstaddr} ${start} ${end} ${protocol}",
			"'256' is no protocol, which is a number", 22, false},
		{"10.0.0.1 10.0.0.2 1 2 6 -1 5",
			"${srcaddr} ${dstaddr} ${start} ${end} ${protocol} ${srcport} ${dstport}",
			"'-1' is no srcport, which is a number", 24, false},
		{"x", " ", "the format names no fields", 0, true},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct expression_error error;
		struct question_ends ends;
		bool of_format;

		CU_ASSERT_FALSE(question_log_read(
			bad[i].line, bad[i].format, &ends, &error, &of_format));
		CU_ASSERT_STRING_EQUAL(error.text, bad[i].sentence);
		CU_ASSERT_EQUAL(error.at, bad[i].at);
		CU_ASSERT_EQUAL(of_format, bad[i].of_format);
	}
}

void suite_question_log(void)
{
	CU_pSuite suite = CU_add_suite("question_log", NULL, NULL);

	CU_add_test(suite, "records in several formats", are_read);
	CU_add_test(suite, "what is no record", others_are_refused);
}
