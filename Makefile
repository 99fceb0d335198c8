# Thin: CMake builds, scripts do. `make demo` and `make test` need nothing but Debian 12 or 13 and make.
.DEFAULT_GOAL := build
.PHONY: deps build demo test check bench bench-check lint package clean

deps:
	@scripts/deps.sh build

build: deps
	@cmake --preset release >build.log 2>&1 || { cat build.log; exit 1; }
	@cmake --build --preset release
	@rm -f build.log

demo: build
	@scripts/demo.sh

test:
	@scripts/deps.sh test
	@scripts/test.sh

# Unit tests, goldens and includes alone.
check:
	@scripts/deps.sh test
	@scripts/test.sh check

bench:
	@scripts/deps.sh bench
	@bench/run.sh

bench-check:
	@scripts/deps.sh bench
	@bench/check.sh

lint:
	@scripts/deps.sh lint
	@scripts/lint.sh

package:
	@scripts/deps.sh package
	@packaging/build.sh

clean:
	rm -rf build build-*
