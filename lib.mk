# The MLS library for other programs: include/timbre/mls.h over the rooms below (docs/mls.md).
#   $(BUILD)/lib/libtimbre-mls.so.0   exports the functions of the header and nothing else
#   $(BUILD)/lib/libtimbre-mls.a      one object; what is not in the header is local to it
#   $(BUILD)/amalgamation/mls.[ch]    the same as two files (make amalgamation)

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
INSTALL    ?= install

# The soname is the major version of include/timbre/mls_base.h: programs built with it keep running.
lib_version_of = $(shell sed -n 's/^.define MLS_LIBRARY_VERSION_$(1) //p' include/timbre/mls_base.h)
LIB_MAJOR   := $(call lib_version_of,MAJOR)
LIB_VERSION := $(LIB_MAJOR).$(call lib_version_of,MINOR).$(call lib_version_of,PATCH)
LIB_NAME    := libtimbre-mls
LIB_SONAME  := $(LIB_NAME).so.$(LIB_MAJOR)
LIB_PKGS    := libsodium libcrypto
LIB_HEADERS := $(wildcard include/timbre/mls*.h)
LIB_C       := $(foreach room,$(up_to_api),$(call sources,$(room)))
LIB         := $(BUILD)/lib

lib_CC     := $(CC)
lib_CFLAGS := -fPIC -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)/= \
              $(release_CFLAGS)
$(eval $(call mode_rules,lib))

$(LIB)/$(LIB_NAME).o: $(call objects,lib,$(LIB_C))
	@echo "  lib   $@"; ld -r -o $@ $^ && objcopy --localize-hidden $@
$(LIB)/$(LIB_NAME).a: $(LIB)/$(LIB_NAME).o
	@rm -f $@; ar rcsD $@ $<
$(LIB)/$(LIB_SONAME): $(call objects,lib,$(LIB_C))
	@echo "  lib   $@"; $(lib_CC) -shared -Wl,-soname,$(LIB_SONAME) -Wl,--no-undefined \
	 -Wl,--gc-sections -Wl,-z,relro,-z,now $^ $(shell pkg-config --libs $(LIB_PKGS)) -o $@
# Made anew each time: PREFIX may be another one now.
$(LIB)/timbre-mls.pc: timbre-mls.pc.in FORCE
	@mkdir -p $(@D); sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	 -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(LIB_VERSION)|' \
	 -e 's|@REQUIRES@|$(LIB_PKGS)|' $< > $@

# Each example with its allocations failing one after another (tests/lib/failing.c).
$(LIB)/failing-%: $(BUILD)/asan/examples/%.failing.o $(BUILD)/asan/tests/lib/failing.o \
		$(call archives,api,asan)
	@mkdir -p $(@D); $(asan_CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
	 -Wl,--end-group $(asan_LINK) -Wl,--wrap=malloc $(shell pkg-config --libs $(LIB_PKGS)) -o $@
$(BUILD)/asan/examples/%.failing.o: examples/%.c $(BUILD)/asan/flags
	@mkdir -p $(@D); $(asan_CC) $(asan_CFLAGS) -Wno-missing-prototypes -Dmain=example_main \
	 -MMD -MP -c $< -o $@

# The same as two files, for programs that compile it themselves.
$(BUILD)/amalgamation/mls.c: tools/amalgamate tools/tables.py $(LIB_C) $(LIB_HEADERS) \
		$(wildcard $(foreach room,$(up_to_api),src/$(room)/*.h))
	@echo "  write $(@D)/mls.h, mls.c"; tools/amalgamate $(@D)

.PHONY: lib amalgamation install
amalgamation: $(BUILD)/amalgamation/mls.c
lib: $(LIB)/$(LIB_NAME).a $(LIB)/$(LIB_SONAME) $(LIB)/timbre-mls.pc
install: lib
	$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/timbre \
	 $(DESTDIR)$(MANDIR)/man3
	$(INSTALL) -m 644 docs/timbre-mls.3 $(DESTDIR)$(MANDIR)/man3
	$(INSTALL) -m 644 $(LIB_HEADERS) $(DESTDIR)$(INCLUDEDIR)/timbre
	$(INSTALL) -m 644 $(LIB)/$(LIB_NAME).a $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 755 $(LIB)/$(LIB_SONAME) $(DESTDIR)$(LIBDIR)/$(LIB_NAME).so.$(LIB_VERSION)
	ln -sf $(LIB_NAME).so.$(LIB_VERSION) $(DESTDIR)$(LIBDIR)/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $(DESTDIR)$(LIBDIR)/$(LIB_NAME).so
	$(INSTALL) -m 644 $(LIB)/timbre-mls.pc $(DESTDIR)$(LIBDIR)/pkgconfig
