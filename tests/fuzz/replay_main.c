/* Runs a fuzz target over the files of a folder: the corpus is an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	if (!f) {
		perror(path);
		return -1;
	}
	data = malloc(1 << 22);
	size = data ? fread(data, 1, 1 << 22, f) : 0;
	fclose(f);
	/* A buffer of exactly the input's size, so that a sanitizer sees a read past it. */
	data = realloc(data, size ? size : 1);
	if (!data)
		return -1;
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *e;

		if (!dir) {
			perror(argv[i]);
			return 1;
		}
		while ((e = readdir(dir))) {
			char path[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (run_file(path))
				return 1;
			n++;
		}
		closedir(dir);
	}
	printf("%d inputs\n", n);
	return n == 0;
}
