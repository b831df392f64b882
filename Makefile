# Timbre.  `make run` and `make test` are the two commands to know; `make help` lists the rest.
#
# Objects are found by wildcard, room by room: adding a file needs no edit here.
#   src/<room>/*.c                 archive $(BUILD)/<mode>/<room>.a, one for each room
#   host/*.c                       archive host.a
#   cmd/<name>.c [cmd/<name>/*.c]  program $(BUILD)/<name>
#   tests/vectors/*.c              the vector runner, part of $(BUILD)/mls-vectors
#   tests/bench/bench_<name>.c     program $(BUILD)/bench-<name>, with the other files of that folder
#   tests/sim/*.c                  program $(BUILD)/sim (sanitizers on)
#   tests/members/*.c              members and their model: for tests, a fuzz target, `exhaustive`
#   tests/unit/<room>_<x>_test.c   test $(BUILD)/asan/unit/..., linked with the rooms up to its own,
#                                  so that an upward call does not link; others link everything
#   tests/ct/<room>_ct.c           constant-time test for valgrind, at every level of both compilers
#   tests/exhaustive/*.c           program $(BUILD)/exhaustive
#   tests/fuzz/<room>_<x>_fuzz.c   libFuzzer target $(BUILD)/fuzz/bin/...
# Modes: release (gcc), asan (gcc, ASan and UBSan), fuzz (clang, libFuzzer), wasm (clang).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG   ?= clang-14
BUILD   ?= build
VERSION ?= 0.1.0

# ---------------------------------------------------------------- what there is

ROOMS    := base wire crypto mls chat client hub stats api
PKGS     := libsodium libcrypto libssl sqlite3 libuv jansson libedit libqrencode
PKGS_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKGS_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
LIBS     := $(PKGS_LIBS) -lhttp_parser -lwslay -linih -lpthread -lm

sources   = $(filter-out src/crypto/backend_wasm.c,$(wildcard src/$(1)/*.c))
ROOM_C   := $(foreach room,$(ROOMS),$(call sources,$(room)))
HOST_C   := $(wildcard host/*.c)
CMD_C    := $(filter-out cmd/wasm.c,$(wildcard cmd/*.c cmd/*/*.c))
PROGRAMS := $(patsubst cmd/%.c,%,$(filter-out cmd/wasm.c,$(wildcard cmd/*.c)))
VECTOR_C := $(wildcard tests/vectors/*.c)
BENCH_C  := $(wildcard tests/bench/*.c)
SIM_C    := $(wildcard tests/sim/*.c)
UNIT_C   := $(wildcard tests/unit/*_test.c)
FUZZ_C   := $(wildcard tests/fuzz/*_fuzz.c)
CT_C     := $(wildcard tests/ct/*_ct.c)
MEMBERS_C := $(wildcard tests/members/*.c)
BENCHES  := $(patsubst tests/bench/bench_%.c,bench-%,$(filter tests/bench/bench_%.c,$(BENCH_C)))
BENCH_SHARED_C := $(filter-out tests/bench/bench_%.c,$(BENCH_C))

PART_OF_mls-vectors := $(VECTOR_C)
SIM      := $(if $(SIM_C),$(BUILD)/sim)
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/asan/unit/%,$(UNIT_C))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/bin/%,$(FUZZ_C))

# Which rooms a room may call: itself and those before it; the hub not the client; the observatory
# only base and wire.  tools/tidy checks the same for #include.
up_to_base   := base
up_to_wire   := wire base
up_to_crypto := crypto wire base
up_to_mls    := mls crypto wire base
up_to_chat   := chat mls crypto wire base
up_to_client := client chat mls crypto wire base
up_to_hub    := hub chat mls crypto wire base
up_to_stats  := stats wire base
up_to_api    := api mls crypto wire base
up_to_all    := host hub client stats api chat mls crypto wire base
archives      = $(foreach room,$(or $(up_to_$(1)),$(up_to_all)),$(BUILD)/$(2)/$(room).a)
room_of       = $(firstword $(subst _, ,$(1)))

# ---------------------------------------------------------------- how to compile

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Werror
BASE_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARN) -fvisibility=hidden -Iinclude -Isrc -I. \
               -I$(BUILD)/generated -DTIMBRE_VERSION='"$(VERSION)"' $(PKGS_CFLAGS)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

release_CC     := $(CC)
release_CFLAGS := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 $(BASE_CFLAGS)
release_LINK   := -Wl,-z,relro,-z,now
asan_CC        := $(CC)
asan_CFLAGS    := -O1 -g $(SAN) $(BASE_CFLAGS)
asan_LINK      := $(SAN)
fuzz_CC        := $(CLANG)
fuzz_CFLAGS    := -O1 -g -fsanitize=fuzzer-no-link $(SAN) $(BASE_CFLAGS)
fuzz_LINK      := -fsanitize=fuzzer $(SAN)

# The flags are a file: when they change, so does what was made with them.
define mode_rules
$(BUILD)/$(1)/flags: FORCE
	@mkdir -p $$(@D); echo '$$($(1)_CC) $$($(1)_CFLAGS)' | cmp -s - $$@ || \
	 echo '$$($(1)_CC) $$($(1)_CFLAGS)' > $$@
$(BUILD)/$(1)/%.o: %.c $(BUILD)/$(1)/flags
	@mkdir -p $$(@D)
	@echo "  $(1)  $$<"
	@$$($(1)_CC) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
$(foreach room,$(ROOMS),$(eval $(call archive_rule,$(1),$(room),$(call sources,$(room)))))
$(eval $(call archive_rule,$(1),host,$(HOST_C)))
endef
define archive_rule
$(BUILD)/$(1)/$(2).a: $(patsubst %.c,$(BUILD)/$(1)/%.o,$(3))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach mode,release asan fuzz,$(eval $(call mode_rules,$(mode))))

# $(call link,mode): objects, then archives (each may use those behind it), then the system's.
link = @echo "  link  $@"; mkdir -p $(@D); \
       $($(1)_CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
       $($(1)_LINK) $(2) $(LIBS) -o $@
objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))

.PHONY: build FORCE
build: $(addprefix $(BUILD)/,$(PROGRAMS))
FORCE:

.SECONDEXPANSION:
$(addprefix $(BUILD)/,$(PROGRAMS)): $(BUILD)/%: $(BUILD)/release/cmd/%.o \
		$$(call objects,release,$$(wildcard cmd/$$*/*.c) $$(PART_OF_$$*)) \
		$(call archives,all,release)
	$(call link,release)
$(addprefix $(BUILD)/,$(BENCHES)): $(BUILD)/bench-%: $(BUILD)/release/tests/bench/bench_%.o \
		$(call objects,release,$(BENCH_SHARED_C)) $(call archives,all,release)
	$(call link,release)
$(SIM): $(call objects,asan,$(SIM_C)) $(call archives,all,asan)
	$(call link,asan)
$(BUILD)/exhaustive: $(call objects,release,$(wildcard tests/exhaustive/*.c) $(MEMBERS_C)) \
		$(call archives,mls,release)
	$(call link,release)
$(UNITS): $(BUILD)/asan/unit/%: $(BUILD)/asan/tests/unit/%.o \
		$$(if $$(filter hub,$$(call room_of,$$*)),$(BUILD)/asan/tests/sim/store_mem.o) \
		$$(call archives,$$(call room_of,$$*),asan)
	$(call link,asan,-lcmocka)
$(filter $(BUILD)/asan/unit/vectors_%,$(UNITS)): $(call objects,asan,$(VECTOR_C))
$(filter $(BUILD)/asan/unit/client_%,$(UNITS)): $(BUILD)/asan/tests/sim/store_mem.o
$(filter $(BUILD)/asan/unit/mls_members_%,$(UNITS)): $(call objects,asan,$(MEMBERS_C))
$(filter $(BUILD)/asan/unit/sim_%,$(UNITS)): \
		$(call objects,asan,$(filter-out tests/sim/main.c,$(SIM_C)))
$(FUZZERS): $(BUILD)/fuzz/bin/%: $(BUILD)/fuzz/tests/fuzz/%.o \
		$$(if $$(filter hub,$$(call room_of,$$*)),$(BUILD)/fuzz/tests/sim/store_mem.o) \
		$$(call archives,$$(call room_of,$$*),fuzz)
	$(call link,fuzz,-lcmocka)

$(filter $(BUILD)/fuzz/bin/mls_members_%,$(FUZZERS)): $(call objects,fuzz,$(MEMBERS_C))
$(filter $(BUILD)/fuzz/bin/sim_%,$(FUZZERS)): \
		$(call objects,fuzz,$(filter-out tests/sim/main.c,$(SIM_C)))

# The tests that walk through every table get their list from the headers.
$(BUILD)/generated/wire_roots.h: tools/wiredoc tools/tables.py $(ROOM_C) $(wildcard src/*/*.h)
	@tools/wiredoc --roots $@; touch $@
$(BUILD)/asan/tests/unit/all_wire_test.o $(BUILD)/clang/tests/unit/all_wire_test.ok \
$(BUILD)/fuzz/tests/fuzz/all_wire_fuzz.o: $(BUILD)/generated/wire_roots.h

# Constant time is a property of a binary: one program for each compiler and level that may ship.
# Warnings are the business of the other builds.
CT_LEVELS := gcc-O2 gcc-O3 gcc-Os $(CLANG)-O1 $(CLANG)-O2 $(CLANG)-O3 $(CLANG)-Os
CTS := $(foreach level,$(CT_LEVELS),$(patsubst tests/ct/%.c,$(BUILD)/ct/$(level)/%,$(CT_C)))
ct_rooms    = $(or $(up_to_$(1)),$(ROOMS))
ct_objects  = $(foreach room,$(ct_rooms),$(patsubst %.c,$(BUILD)/ct/$(2)/obj/%.o,$(call sources,$(room))))
define ct_rules
$(BUILD)/ct/$(1)/obj/%.o: %.c
	@mkdir -p $$(@D)
	@$(firstword $(subst -O, -O,$(1))) -$(lastword $(subst -O, O,$(1))) -gdwarf-4 $$(BASE_CFLAGS) -w \
	 -ffunction-sections -MMD -MP -c $$< -o $$@
$(BUILD)/ct/$(1)/%_ct: $(BUILD)/ct/$(1)/obj/tests/ct/%_ct.o $$$$(call ct_objects,$$$$*,$(1))
	@echo "  ct    $(1)/$$(@F)"
	@$(firstword $(subst -O, -O,$(1))) $$(filter %.o,$$^) -Wl,--gc-sections $$(LIBS) -o $$@
endef
$(foreach level,$(CT_LEVELS),$(eval $(call ct_rules,$(level))))

# ---------------------------------------------------------------- clang reads everything too

CLANG_OK := $(patsubst %.c,$(BUILD)/clang/%.ok,$(ROOM_C) $(HOST_C) $(CMD_C) $(VECTOR_C) \
              $(BENCH_C) $(SIM_C) $(MEMBERS_C) $(UNIT_C) \
              $(wildcard tests/exhaustive/*.c))
$(BUILD)/clang/%.ok: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(BASE_CFLAGS) -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ $< && touch $@

# ---------------------------------------------------------------- WebAssembly

# A reactor without entry point: --stack-first makes an overflow trap instead of overwriting data;
# -nostdlibinc keeps the host's headers out.  Nothing is imported but the crypto provider's module.
WASM_ROOMS  := base wire crypto mls chat client
WASM_C      := $(filter-out src/crypto/backend_native%,$(foreach room,$(WASM_ROOMS),\
                 $(wildcard src/$(room)/*.c)))
WASI        := /usr/include/wasm32-wasi
wasm_CC     := $(CLANG)
wasm_CFLAGS := --target=wasm32-wasi -O2 -g0 -nostdlibinc -isystem $(WASI) -mbulk-memory \
               -ffile-prefix-map=$(CURDIR)/= -std=c11 -D_GNU_SOURCE $(WARN) -fvisibility=hidden \
               -Iinclude -Isrc -I.
wasm_LINK   := --target=wasm32-wasi -mexec-model=reactor -Wl,--stack-first -Wl,-z,stack-size=1048576 \
               -Wl,--max-memory=536870912 -Wl,--gc-sections -Wl,--strip-debug
$(BUILD)/wasm/flags: FORCE
	@mkdir -p $(@D); echo '$(wasm_CFLAGS)' | cmp -s - $@ || echo '$(wasm_CFLAGS)' > $@
$(BUILD)/wasm/%.o: %.c $(BUILD)/wasm/flags
	@mkdir -p $(@D); echo "  wasm  $<"
	@$(wasm_CC) $(wasm_CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/timbre.wasm: $(call objects,wasm,$(WASM_C) cmd/wasm.c)
	@echo "  link  $@"; $(wasm_CC) $(filter %.o,$^) $(wasm_LINK) -o $@
# The whole core with nothing left out, so that no import of an unused function stays unseen.
$(BUILD)/whole.wasm: $(call objects,wasm,$(WASM_C) cmd/wasm.c)
	@echo "  link  $@"; $(wasm_CC) $(filter %.o,$^) $(wasm_LINK) -Wl,--no-gc-sections -o $@
$(BUILD)/mls-vectors.wasm: $(call objects,wasm,$(WASM_C) cmd/wasm.c $(VECTOR_C) tests/wasm/vectors.c)
	@echo "  link  $@"; $(wasm_CC) $(filter %.o,$^) $(wasm_LINK) -o $@

# ---------------------------------------------------------------- commands

.PHONY: help run test setup exhaustive units cts fuzzers clang-check fuzz sim sim-long sim-program mutate bench wasm interop \
        wasm-vectors wasm-vectors-program archives tidy docs coverage clean
help:
	@echo "make run     set up, build, start a hub on http://localhost:8470, print an invitation"
	@echo "make test    set up, build, run every test and count them; SUITES='unit tidy' for some"
	@echo "make build   every program into $(BUILD)/"
	@echo "make fuzz    each fuzz target for FUZZ_SECONDS (60) seconds, new inputs in $(BUILD)/corpus"
	@echo "make sim     the simulator: SEED=1 STEPS=10000; make sim-long: SEEDS=200 of 2000 steps"
	@echo "make mutate  break the code on purpose in a copy, and see each break found"
	@echo "make exhaustive every sequence of 6 operations by 5 members: MEMBERS=5 OPERATIONS=6"
	@echo "make bench   the benchmarks; BENCH_ARGS=--json for machines"
	@echo "make wasm    the core as $(BUILD)/timbre.wasm; make wasm-vectors runs the vectors in it"
	@echo "make interop groups of ours and of ts-mls, live: INTEROP_ARGS='--suites 1,3 --epochs 50 --seed 7'"
	@echo "make tidy    the rules that a script can check; make docs writes docs/wire.md and the verbs of docs/timbre.1"
	@echo "make coverage which lines of src/ and host/ the tests reach, file by file"
	@echo "make install the MLS library under PREFIX (/usr/local), below DESTDIR: docs/mls.md"
	@echo "make setup   what tools/setup installs; make clean removes $(BUILD)/"
setup:
	@tools/setup test
run:
	@tools/run
test:
	@tools/setup test
	@tools/test --build $(BUILD) $(SUITES)
units: $(UNITS)
cts: $(CTS)
fuzzers: $(FUZZERS)
clang-check: $(CLANG_OK)
fuzz: $(FUZZERS)
	@tools/fuzz --build $(BUILD) --seconds $(or $(FUZZ_SECONDS),60)
sim-program: $(SIM)
sim: $(SIM)
	$(BUILD)/sim --seed $(or $(SEED),1) --steps $(or $(STEPS),10000)
sim-long: $(SIM)
	$(BUILD)/sim --seed $(or $(SEED),1) --steps $(or $(STEPS),2000) --seeds $(or $(SEEDS),200)
mutate:
	@tools/mutate --build $(BUILD) $(MUTATIONS)
exhaustive: $(BUILD)/exhaustive
	$(BUILD)/exhaustive --members $(or $(MEMBERS),5) --operations $(or $(OPERATIONS),6)
bench: build $(addprefix $(BUILD)/,$(BENCHES))
	@for program in $(addprefix $(BUILD)/,$(BENCHES)); do $$program $(BENCH_ARGS) || exit 1; done
wasm: $(BUILD)/timbre.wasm $(BUILD)/whole.wasm
	@tools/node tests/wasm/imports.mjs $^
wasm-vectors-program: $(BUILD)/mls-vectors.wasm
wasm-vectors: $(BUILD)/mls-vectors.wasm
	@tools/node tests/wasm/vectors.mjs $(BUILD)/mls-vectors.wasm $(or $(VECTOR_FILES),\
	 $(wildcard ../shared/vectors/mls/*.json))
interop: $(BUILD)/mls-driver
	@TIMBRE_BUILD=$(abspath $(BUILD)) tools/node tests/interop/driver_test.mjs
	@TIMBRE_BUILD=$(abspath $(BUILD)) tools/node tests/interop/proto_test.mjs
	@TIMBRE_BUILD=$(abspath $(BUILD)) tools/node tests/interop/live.mjs $(INTEROP_ARGS)
# Symbols are looked up in what compiles; what does not is the business of `make build`.
archives: $(foreach room,$(ROOMS),$(BUILD)/release/$(room).a)
tidy:
	-@$(MAKE) -k --no-print-directory archives >/dev/null 2>&1
	@tools/tidy --build $(BUILD)
docs: $(BUILD)/timbre
	@tools/wiredoc --write
	@tools/publiccodes --write
	@tools/manual $(BUILD)/timbre
coverage:
	@tools/coverage --build $(BUILD)/cov
clean: # spares what tools/setup fetched: `rm -rf build` for that
	find $(BUILD) -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} +

include lib.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
