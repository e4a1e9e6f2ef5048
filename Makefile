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
LIBS = $(shell pkg-config --libs $(PKGS))

LIB_SRC  := $(sort $(shell find base plan policy apply -name '*.c'))
CMD_SRC  := $(sort $(wildcard cmd/*.c))
TEST_SRC := $(sort $(shell find tests/base tests/plan tests/apply tests/policy tests/cmd -name 'test_*.c' 2>/dev/null))
TESTLIB_SRC := $(sort $(wildcard tests/lib/*.c))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CMD_OBJ  := $(CMD_SRC:%.c=$(BUILD)/%.o)
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%)
TESTLIB  := $(TESTLIB_SRC:%.c=$(BUILD)/%.o)
TOOLS    := $(TOOL_SRC:tests/tools/%.c=$(BUILD)/tests/%)

all: $(BUILD)/rhumb

$(BUILD)/rhumb: $(CMD_OBJ) $(BUILD)/librhumb.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/librhumb.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(TESTLIB) $(BUILD)/librhumb.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(TOOLS): $(BUILD)/tests/%: $(BUILD)/tests/tools/%.o $(BUILD)/librhumb.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

tests: $(TESTS) $(TOOLS)

unit: tests
	@tests/run-unit $(BUILD)

format:
	clang-format -i $(LIB_SRC) $(CMD_SRC) $(TEST_SRC) $(TESTLIB_SRC) $(TOOL_SRC) $(shell find base plan policy apply cmd tests -name '*.h')

clean:
	rm -rf build

.PHONY: all tests unit format clean
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(TESTLIB:.o=.d) $(TESTS:%=%.d)
