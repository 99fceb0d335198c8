#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse/json.h"

/* The tree as text again: what a reader of JSON must have seen. */
static void print(const struct node *n, FILE *out)
{
	const char *open = n->kind == NODE_LIST ? "[" : "{",
		   *close = n->kind == NODE_LIST ? "]" : "}";

	if (n->key)
		fprintf(out, "%s:", n->key);
	if (n->kind == NODE_NULL) {
		fputs("null", out);
	} else if (n->kind == NODE_SCALAR) {
		fprintf(out, n->quoted ? "'%s'" : "%s", n->text);
	} else {
		fputs(open, out);
		node_each(c, n)
		{
			print(c, out);
			fputs(c->next ? "," : "", out);
		}
		fputs(close, out);
	}
}

static char *printed(const struct node *n)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(n, out);
	fclose(out);
	return text;
}

struct good {
	const char *json, *tree;
};

static const struct good goods[] = {
	{"", "[]"},
	{" \r\n\t", "[]"},
	{"\xef\xbb\xbf{}", "[{}]"},
	{"{\"a\": 1, \"b\": [true, false, null, -0.5e+3, \"x\"]}",
		"[{a:1,b:[true,false,null,-0.5e+3,'x']}]"},
	{"{}[]\n{\"a\":{}}", "[{},[],{a:{}}]"},
	{"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\n\\/\\\"\\\\\"",
		"['A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n/\"\\']"},
	{"\"\xc3\xa9\"", "['\xc3\xa9']"},
	/* The first and the last character of each length in UTF-8, escaped and not. */
	{"\"\\u0001\\u007f\\u0080\\u07ff\"", "['\x01\x7f\xc2\x80\xdf\xbf']"},
	{"\"\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\"",
		"['\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf']"},
	{"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
		"['\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf']"},
	{"[1,2]3", "[[1,2],3]"},
};

static void good_json_is_read(void)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		struct node_error error;
		struct node_tree tree;
		char *text;

		CU_ASSERT_EQUAL(
			json_parse(&tree, goods[i].json, strlen(goods[i].json), &error), 0);
		text = printed(tree.root);
		CU_ASSERT_STRING_EQUAL(text, goods[i].tree);
		free(text);
		node_tree_free(&tree);
	}
}

static const char *const bads[] = {"{", "}", "[", "]", "[1,]", "{\"a\"}", "{\"a\":}",
	"{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", "[1 2]",
	"\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u0000\"", "\"\\ud800\"",
	"\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"\xff\"", "\"\xc0\x80\"",
	"\"\xed\xa0\x80\"", "\"\xe2\x82\"", "\"\\ud800\\udbff\"", "\"\\ud800\\ue000\"",
	"\"\xe0\x9f\xbf\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
	"\"\xf5\x80\x80\x80\"", "01", "1.", ".5", "1e", "+1", "--1", "nul", "True", "NaN", "1x",
	"'a'", "/* */ 1", ":"};

static void bad_json_is_refused(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		struct node_error error;
		struct node_tree tree;
		int status = json_parse(&tree, bads[i], strlen(bads[i]), &error);

		if (status == 0)
			fprintf(stderr, "taken for JSON: %s\n", bads[i]);
		CU_ASSERT_EQUAL(status, -1);
		CU_ASSERT_EQUAL(strncmp(error.text, "not valid JSON: ", 16), 0);
		CU_ASSERT_TRUE(error.line > 0);
		node_tree_free(&tree);
	}
}

static void depth_is_bounded(void)
{
	char text[2 * NODE_DEPTH_MAX + 3];
	struct node_error error;
	struct node_tree tree;

	memset(text, '[', NODE_DEPTH_MAX);
	memset(text + NODE_DEPTH_MAX, ']', NODE_DEPTH_MAX);
	CU_ASSERT_EQUAL(json_parse(&tree, text, 2 * (size_t)NODE_DEPTH_MAX, &error), 0);
	node_tree_free(&tree);
	memset(text, '[', NODE_DEPTH_MAX + 1);
	CU_ASSERT_EQUAL(json_parse(&tree, text, NODE_DEPTH_MAX + 1, &error), -1);
	node_tree_free(&tree);
}

static void lines_and_paths_are_known(void)
{
	static const char text[] = "{\n\"Vpcs\": [\n{},\n{\"a\":\n[1,\n{\"b\": 2}]}]}\n";
	struct node_error error;
	struct node_tree tree;
	const struct node *b;
	char path[NODE_PATH];

	CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, sizeof(text) - 1, &error), 0);
	b = tree.root->first->first->first->next->first->first->next->first;
	CU_ASSERT_STRING_EQUAL(b->key, "b");
	CU_ASSERT_EQUAL(b->line, 6);
	CU_ASSERT_STRING_EQUAL(node_path(b, path), "Vpcs[1].a[1].b");
	node_tree_free(&tree);
}

static void errors_know_their_line(void)
{
	static const char text[] = "{\n\"a\": 1,\n\"a\": 2}";
	struct node_error error;
	struct node_tree tree;

	CU_ASSERT_EQUAL(json_parse(&tree, text, sizeof(text) - 1, &error), -1);
	CU_ASSERT_EQUAL(error.line, 3);
	CU_ASSERT_TRUE(error.is_duplicate);
	CU_ASSERT_STRING_EQUAL(error.key, "a");
	node_tree_free(&tree);
}

/* Every truncation of an AWS answer, each in a buffer of its own length: ASan is the judge. */
static void every_truncation_is_survived(void)
{
	struct node_error error;
	size_t len, whole = 0;
	char *text = node_file(SOURCE_DIR "/config/example-account/vpcs.json", &len, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t cut = 0; cut <= len; cut++) {
		char *copy = malloc(cut + 1);
		struct node_tree tree;

		memcpy(copy, text, cut);
		whole += json_parse(&tree, copy, cut, &error) == 0;
		node_tree_free(&tree);
		free(copy);
	}
	/* Nothing at all, the whole, and the whole without its last newline. */
	CU_ASSERT_EQUAL(whole, 3);
	free(text);
}

void suite_json(void);
void suite_json(void)
{
	CU_pSuite s = CU_add_suite("json", NULL, NULL);

	CU_ADD_TEST(s, good_json_is_read);
	CU_ADD_TEST(s, bad_json_is_refused);
	CU_ADD_TEST(s, depth_is_bounded);
	CU_ADD_TEST(s, lines_and_paths_are_known);
	CU_ADD_TEST(s, errors_know_their_line);
	CU_ADD_TEST(s, every_truncation_is_survived);
}
