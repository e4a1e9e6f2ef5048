# rhumb.  `make` builds build/rhumb; README.md says what the other targets show.
#
# Every checker is the same build with other flags: BUILD names its folder, EXTRA its flags.

BUILD ?= build
PREFIX ?= /usr/local
PKGS  := libgit2 yaml-0.1 libcurl libcjson libpcre2-8 libcrypto
VERSION := 0.1.0

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla -Wundef -Wformat=2 -Wimplicit-fallthrough
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -I. -DRHUMB_VERSION='"$(VERSION)"' $(WARN) $(HARDEN) $(CFLAGS) \
	$(shell pkg-config --cflags $(PKGS)) $(EXTRA)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS) $(EXTRA)
LIBS = $(shell pkg-config --libs $(PKGS)) -lm

LIB_SRC  := $(sort $(shell find base plan policy apply -name '*.c' 2>/dev/null))
CMD_SRC  := $(sort $(wildcard cmd/*.c))
TEST_SRC := $(sort $(shell find tests/base tests/plan tests/apply tests/policy tests/cmd -name 'test_*.c' 2>/dev/null))
TESTLIB_SRC := $(sort $(wildcard tests/lib/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$(BUILD)/%.o)
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%)
TESTLIB_OBJ := $(TESTLIB_SRC:%.c=$(BUILD)/%.o)
TESTLIB  := $(BUILD)/libtest.a
FUZZ     := $(FUZZ_SRC:%.c=$(BUILD)/%)
TOOLS    := $(TOOL_SRC:tests/tools/%.c=$(BUILD)/tests/%)

# V=1 shows the commands.
Q := $(if $(V),,@)

all: $(BUILD)/rhumb

$(BUILD)/rhumb: $(CMD_OBJ) $(BUILD)/librhumb.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/librhumb.a: $(LIB_OBJ)
$(TESTLIB): $(TESTLIB_OBJ)
$(BUILD)/librhumb.a $(TESTLIB):
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(TESTLIB) $(BUILD)/librhumb.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(TOOLS): $(BUILD)/tests/%: $(BUILD)/tests/tools/%.o $(TESTLIB) $(BUILD)/librhumb.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# A fuzz harness with a driver that replays files; `make fuzz-NAME` links it with a fuzzer.
$(FUZZ): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/librhumb.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/librhumb.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

tests: $(TESTS) $(FUZZ) $(TOOLS)

unit: tests
	@tests/run-unit $(BUILD)

# The same beside a real API server: nothing is skipped.
unit-kube: tests
	@tests/with-kube tests/run-unit $(BUILD)

# The cases of CEL (tests/cel/run): our own, and those beside the project where they are.
cel: tests
	@tests/cel/run $(BUILD)

# The cases of ValidatingAdmissionPolicy (tests/vap/run), likewise.
vap: tests
	@tests/vap/run $(BUILD)

# The cases of the shipped policies (tests/packs/run).
packs: all
	@tests/packs/run $(BUILD)

# SARIF and JUnit, read by others (tests/formats/run).
formats: all
	@tests/formats/run $(BUILD)/rhumb

# make check: what a compiler does not see (tests/check/*), then the unit tests.
CHECKS := $(addprefix check-,layers banned size headers format selftest)
$(CHECKS): check-%:
	@tests/check/$*

check: $(CHECKS) unit

# The scenarios on the file cluster and on a real API server (tests/e2e/README.md).
e2e: all tests
	@tests/e2e/run --build $(BUILD) $(E2E)

# Applies through a proxy that injects faults (tests/soak/README.md): SOAK=1000 SEED=7 make soak.
soak: all
	@tests/soak/run --rhumb $(BUILD)/rhumb --keep $(BUILD)/soak

# What the YAML reader reads against what kubectl's own packages read; needs a go.
yaml-oracle: $(BUILD)/tests/yaml-to-json
	@tests/yaml-oracle/run $(BUILD)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# -O1 takes two thirds of the time to compile.
ASAN := BUILD=build/asan CFLAGS='-O1 -g' EXTRA='$(SANITIZE)'
asan:
	@$(MAKE) $(ASAN) unit-kube

asan-e2e:
	@$(MAKE) $(ASAN) e2e

# The whole build and its tests with the other compiler.
clang:
	@$(MAKE) BUILD=build/clang CC=clang all unit-kube

analyze:
	@$(MAKE) BUILD=build/analyze EXTRA='-fanalyzer -O1 -Wno-error' build/analyze/librhumb.a

# make fuzz-json SECONDS=600: new inputs stay in build/fuzz/corpus/json, findings in build/fuzz.
SECONDS ?= 60
fuzz-%:
	@$(MAKE) BUILD=build/fuzz CC=clang EXTRA='$(SANITIZE) -fsanitize=fuzzer-no-link' build/fuzz/fuzz_$*
	@mkdir -p build/fuzz/corpus/$*
	build/fuzz/fuzz_$* -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix=build/fuzz/$*- build/fuzz/corpus/$* testdata/fuzz/$*

# What means harm ends in an error, in little time and memory (tests/hostile/README.md).
hostile: all
	@tests/hostile/run --rhumb $(BUILD)/rhumb $(HOSTILE)

# The main job under valgrind.
valgrind: all
	@tests/valgrind/run $(BUILD)/rhumb

# Every fuzz harness for SECONDS each.
fuzz:
	@for name in $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%); do $(MAKE) --no-print-directory fuzz-$$name || exit 1; done

# Figures and bars (tests/bench/README.md); prints, and asserts no time.
bench: all $(BUILD)/tests/vap-bench
	@tests/bench/run --rhumb $(BUILD)/rhumb $(BENCH)

# Everything that a user's first try needs, and the main job on an embedded cluster.
demo:
	@.ci/deps build
	@$(MAKE) --no-print-directory all $(BUILD)/tests/file-cluster
	@tests/demo/run $(BUILD)/rhumb

# Every suite, with one line for all of them at the end; MORE adds suites.
test:
	@.ci/deps test
	@tests/run-suites $(CHECKS) unit-kube cel vap packs formats e2e hostile soak demo $(MORE)

deps:
	@.ci/deps test

install: all
	install -D -m 755 $(BUILD)/rhumb $(DESTDIR)$(PREFIX)/bin/rhumb

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf build

.PHONY: all tests unit unit-kube check cel vap packs formats yaml-oracle $(CHECKS) asan asan-e2e e2e soak clang analyze bench hostile valgrind fuzz demo test deps install format clean
.SECONDARY:
-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CMD_OBJ) $(TESTLIB_OBJ)) $(addsuffix .d,$(TESTS) $(FUZZ)) $(TOOL_SRC:%.c=$(BUILD)/%.d)
