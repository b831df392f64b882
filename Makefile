# Timbre.  `make run` and `make test` are the two commands to know; `make help` lists the rest.
# Objects by wildcard per room; nothing here needs editing when a file is added.

CC      ?= gcc
BUILD   ?= build
MODE    ?= release
PKGS     = libsodium libcrypto libssl sqlite3 libuv jansson libedit libqrencode
WARN     = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Werror
CFLAGS_release = -O2 -g
CFLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OUT      = $(BUILD)/$(MODE)
CFLAGS   = -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS_$(MODE)) -fvisibility=hidden -MMD -MP \
           -Iinclude -Isrc -I. $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS     = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lhttp_parser -lwslay -linih -lpthread -lm
ROOMS    = base wire crypto mls chat client hub stats

src_of    = $(wildcard src/$(1)/*.c)
CORE_C    = $(foreach room,$(ROOMS),$(call src_of,$(room)))
NATIVE_C  = $(filter-out src/crypto/backend_wasm.c,$(CORE_C))
HOST_C    = $(wildcard host/*.c)
obj       = $(patsubst %.c,$(OUT)/%.o,$(1))
CORE      = $(OUT)/libtimbre-core.a
HOST      = $(OUT)/libtimbre-host.a

PROGRAMS  = $(patsubst cmd/%.c,%,$(filter-out cmd/wasm.c,$(wildcard cmd/*.c)))
UNIT      = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))

.PHONY: all build
build all: $(addprefix $(BUILD)/,$(PROGRAMS))

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@

$(CORE): $(call obj,$(NATIVE_C))
	@rm -f $@ && ar rcs $@ $^
$(HOST): $(call obj,$(HOST_C))
	@rm -f $@ && ar rcs $@ $^

$(BUILD)/%: $(OUT)/cmd/%.o $(HOST) $(CORE)
	$(CC) $(CFLAGS_$(MODE)) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -o $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
