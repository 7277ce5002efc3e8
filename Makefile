# The README's commands. Each does everything that it needs, from a fresh clone.
SHELL := /bin/bash -o pipefail
BUILD := build/release
POPSHOT := $(BUILD)/bin/popshot
PYTHON := .venv/bin/python
JOBS := $(shell nproc 2>/dev/null || echo 2)
# Further options for CMake, e.g. CMAKE_ARGS=-DPOPSHOT_WARNINGS_AS_ERRORS=ON
CMAKE_ARGS ?=
CACHE := $(if $(shell command -v ccache),-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
SOURCES = $(shell git ls-files '*.cpp' '*.hpp')

.PHONY: help setup configure build test-build figure1 test validation calibration records sanitize lint format bench bench-network bench-mesoscopic clean

help:
	@echo "make figure1    install what is missing, build, and draw Fig. 1 of Klinshov & Kirillov (2022)"
	@echo "make test       install what is missing, build, and run every test"
	@echo "make build      the command line, in $(POPSHOT)"
	@echo "make validation  write docs/validation.md anew"
	@echo "make calibration  how often verdicts are wrong, into docs/calibration.md (a quarter of an hour)"
	@echo "make records    write the table of results of all ready models anew (tests/records/results.txt)"
	@echo "make bench      time mean field and theory of many populations"
	@echo "make bench-network  the network engine against the machine and its peers, into docs/benchmarks.md (a quarter of an hour)"
	@echo "make bench-mesoscopic  time the mesoscopic level against the network, into benchmarks/results/mesoscopic.json"
	@echo "make sanitize   unit tests under address and undefined-behaviour sanitizers"
	@echo "make lint       clang-format and clang-tidy;  make format  applies the former"

setup:
	@scripts/setup

configure: setup
	@cmake --preset release $(CACHE) $(CMAKE_ARGS) >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }

build/:
	@mkdir -p build

configure: | build/

build: configure
	@cmake --build --preset release --target popshot -j $(JOBS)

test-build: configure
	@cmake --build --preset release -j $(JOBS)

# The figure is drawn whatever the verdict (0: agree, 1: disagree, 4: inconclusive); the exit code is that of the comparison.
figure1: build
	@mkdir -p out
	@$(POPSHOT) compare models/klinshov2022_fig1.toml -o out/figure1.nc; verdict=$$?; \
	 case $$verdict in 0|1|4) ;; *) exit $$verdict;; esac; \
	 $(POPSHOT) plot out/figure1.nc -o out/figure1.png && $(POPSHOT) plot out/figure1.nc -o out/figure1.pdf && \
	 echo "figure: out/figure1.png and out/figure1.pdf" && exit $$verdict

test: test-build
	@ctest --preset release -j $(JOBS)
	@POPSHOT_EXECUTABLE=$(abspath $(POPSHOT)) $(PYTHON) -m pytest -q tests/python

validation: build
	@python3 scripts/validation.py

calibration: configure
	@cmake --build --preset release --target popshot_calibration -j $(JOBS)
	@$(BUILD)/bin/popshot_calibration 200 >docs/calibration.md.new && mv docs/calibration.md.new docs/calibration.md

records: configure
	@cmake --build --preset release --target popshot_write_records -j $(JOBS)
	@$(BUILD)/bin/popshot_write_records tests/records/results.txt

sanitize: setup | build/
	@cmake --preset sanitize $(CACHE) $(CMAKE_ARGS) >build/sanitize-configure.log 2>&1 || { cat build/sanitize-configure.log; exit 1; }
	@cmake --build --preset sanitize --target unit_tests -j $(JOBS)
	@ctest --preset sanitize -j $(JOBS)

lint: configure
	clang-format --dry-run --Werror $(SOURCES)
	@printf '%s\n' $(filter src/% cli/%,$(filter %.cpp,$(SOURCES))) | \
	 xargs -P $(JOBS) -n 1 clang-tidy --quiet -p $(BUILD) --extra-arg=-Wno-unknown-warning-option 2>&1 | \
	 { grep -v 'warnings generated' || true; }

format:
	clang-format -i $(SOURCES)

bench: setup | build/
	@cmake --preset release $(CACHE) -DPOPSHOT_BUILD_BENCHMARKS=ON $(CMAKE_ARGS) >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }
	@cmake --build --preset release --target popshot_populations_benchmark -j $(JOBS)
	@$(BUILD)/bin/popshot_populations_benchmark

bench-network: setup | build/
	@cmake --preset release $(CACHE) -DPOPSHOT_BUILD_BENCHMARKS=ON $(CMAKE_ARGS) >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }
	@cmake --build --preset release --target popshot_network_benchmark -j $(JOBS)
	@$(PYTHON) benchmarks/network.py $(BUILD)/bin/popshot_network_benchmark

bench-mesoscopic: setup | build/
	@cmake --preset release $(CACHE) -DPOPSHOT_BUILD_BENCHMARKS=ON $(CMAKE_ARGS) >$(BUILD)-configure.log 2>&1 || { cat $(BUILD)-configure.log; exit 1; }
	@cmake --build --preset release --target popshot_mesoscopic_benchmark -j $(JOBS)
	@mkdir -p benchmarks/results
	@$(BUILD)/bin/popshot_mesoscopic_benchmark benchmarks/results/mesoscopic.json

clean:
	rm -rf build out
