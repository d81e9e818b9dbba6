# make            the release libraries, in build/
# make demo       a chat against the mock, or against a provider with a key
# make loadtest   a load test of the mock, or of a provider, with a page of figures
# make test       everything; make quick: what needs no release build
# make install    PREFIX=/usr/local DESTDIR=; make uninstall takes it back
# make header     renews include/mynah.h from the sources
# make docs       renews docs/options.md, and makes build/docs/reference with Doxygen

PREFIX ?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
LIBDIR ?= $(PREFIX)/lib
CARGO ?= cargo
CC ?= cc
PYTHON ?= python3
BUILD ?= build

# Files that are installed name these places to programs that lie elsewhere.
absolute = $(if $(filter-out /%,$(firstword $(1))),$(CURDIR)/$(1),$(1))
override PREFIX := $(call absolute,$(PREFIX))
override INCLUDEDIR := $(call absolute,$(INCLUDEDIR))
override LIBDIR := $(call absolute,$(LIBDIR))

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
MAJOR := $(firstword $(subst ., ,$(VERSION)))
TARGET := $(or $(CARGO_TARGET_DIR),target)

# What the static library needs of the system, as rustc reports it
# (--print native-static-libs).
ifeq ($(shell uname -s),Darwin)
SHARED := libmynah.$(VERSION).dylib
SONAME := libmynah.$(MAJOR).dylib
LINK := libmynah.dylib
PRIVATE_LIBS := -framework CoreFoundation -framework Security -liconv -lSystem -lc -lm
else
SHARED := libmynah.so.$(VERSION)
SONAME := libmynah.so.$(MAJOR)
LINK := libmynah.so
# rustc says -lgcc_s, which is a shared library and no other: a program would
# need it where it runs, and could not be linked wholly statically.
ifeq ($(shell uname -s),Linux)
UNWINDER := -lgcc_eh -lgcc
else
UNWINDER := -lgcc_s
endif
PRIVATE_LIBS := $(UNWINDER) -lutil -lrt -lpthread -lm -ldl -lc
endif

# Without an explicit list of crate types the rlib among them makes cargo drop
# link-time optimisation without a word.
RUSTC_FLAGS := --lib --features capi --crate-type cdylib,staticlib

SOURCES := $(shell find src -name '*.rs') Cargo.toml Cargo.lock build.rs

all: $(BUILD)/$(SHARED) $(BUILD)/libmynah.a

$(BUILD)/release.stamp: $(SOURCES)
	@mkdir -p $(BUILD)
	$(CARGO) rustc --release --locked $(RUSTC_FLAGS)
	@touch $@

$(BUILD)/$(SHARED): $(BUILD)/release.stamp
	cp $(TARGET)/release/$(LINK) $@
	strip --strip-unneeded $@ 2>/dev/null || strip -x $@
	ln -sf $(SHARED) $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $(BUILD)/$(LINK)

# One object in which only mynah_* is global: a program that has a zstd, or
# another Rust library, of its own links with it.
$(BUILD)/libmynah.a: $(BUILD)/release.stamp packaging/localise
	packaging/localise $(TARGET)/release/libmynah.a $@

# Staged for tests and the demo, as `make install` lays it out. The name of a target is
# relative: make takes none with a space in it.
STAGE := $(call absolute,$(BUILD))/stage
$(BUILD)/stage/lib/$(SHARED): $(BUILD)/$(SHARED) $(BUILD)/libmynah.a include/mynah.h $(wildcard include/*.hpp include/mynah/*.hpp) $(wildcard packaging/*) Makefile
	@$(MAKE) --no-print-directory install PREFIX='$(STAGE)' DESTDIR= >/dev/null

stage: $(BUILD)/stage/lib/$(SHARED)

demo: stage
	@$(CC) -O2 -Wall -Wextra -o $(BUILD)/demo examples/c/demo.c \
	    -I'$(STAGE)/include' -L'$(STAGE)/lib' -lmynah -Wl,-rpath,'$(STAGE)/lib' -lpthread
	@$(BUILD)/demo $(or $(ARGS),"Why do mynahs talk?")

# ARGS: see the head of the program.
loadtest: stage
	@$(CC) -O2 -Wall -Wextra -o $(BUILD)/loadtest examples/c/loadtest.c \
	    -I'$(STAGE)/include' -L'$(STAGE)/lib' -lmynah -Wl,-rpath,'$(STAGE)/lib' -lpthread -lm
	@$(BUILD)/loadtest --html $(BUILD)/loadtest.html --json $(BUILD)/loadtest.json $(ARGS)

header:
	MYNAH_RENEW_HEADER=1 $(CARGO) test --quiet --test agreement the_header_is_current

docs:
	MYNAH_RENEW_DOCS=1 $(CARGO) test --quiet --test agreement the_page_of_options
	@$(MAKE) --no-print-directory reference

# Fails on any warning about the header's comments.
reference:
	@command -v doxygen >/dev/null || { echo "make docs needs doxygen: \
	apt-get install doxygen, dnf install doxygen, brew install doxygen" >&2; exit 1; }
	@mkdir -p $(BUILD)/docs
	@MYNAH_VERSION=$(VERSION) doxygen docs/Doxyfile
	@echo "$(BUILD)/docs/reference/index.html"

test:
	@$(PYTHON) tests/run.py

quick:
	@$(PYTHON) tests/run.py --quick

HEADERS := $(patsubst include/%,%,$(wildcard include/*.h include/*.hpp include/mynah/*.hpp))
CMAKEDIR := $(LIBDIR)/cmake/mynah
# A text as sed puts it in: & is what was found, | the end.
literal = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
FILL := sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@MAJOR@|$(MAJOR)|g' \
    -e 's|@PREFIX@|$(call literal,$(PREFIX))|g' -e 's|@LIBDIR@|$(call literal,$(LIBDIR))|g' \
    -e 's|@INCLUDEDIR@|$(call literal,$(INCLUDEDIR))|g' \
    -e 's|@SHARED@|$(SHARED)|g' -e 's|@SONAME@|$(SONAME)|g' -e 's|@PRIVATE_LIBS@|$(PRIVATE_LIBS)|g'
# Readable for all, whatever the umask is.
FILLED = $(FILL) packaging/$(1).in > '$(DESTDIR)$(2)/$(1)' && chmod 644 '$(DESTDIR)$(2)/$(1)'

install: all
	install -d '$(DESTDIR)$(INCLUDEDIR)/mynah' '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(CMAKEDIR)'
	for h in $(HEADERS); do install -m 644 include/$$h "$(DESTDIR)$(INCLUDEDIR)/$$h" || exit 1; done
	install -m 755 $(BUILD)/$(SHARED) '$(DESTDIR)$(LIBDIR)'
	ln -sf $(SHARED) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/$(LINK)'
	install -m 644 $(BUILD)/libmynah.a '$(DESTDIR)$(LIBDIR)'
	@$(call FILLED,mynah.pc,$(LIBDIR)/pkgconfig)
	@$(call FILLED,mynah-static.pc,$(LIBDIR)/pkgconfig)
	@$(call FILLED,mynah-config.cmake,$(CMAKEDIR))
	@$(call FILLED,mynah-config-version.cmake,$(CMAKEDIR))
	-@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || ! command -v ldconfig >/dev/null || ldconfig

uninstall:
	rm -f $(foreach h,$(HEADERS),'$(DESTDIR)$(INCLUDEDIR)/$(h)')
	rm -f '$(DESTDIR)$(LIBDIR)/$(SHARED)' '$(DESTDIR)$(LIBDIR)/$(SONAME)' '$(DESTDIR)$(LIBDIR)/$(LINK)'
	rm -f '$(DESTDIR)$(LIBDIR)/libmynah.a' '$(DESTDIR)$(LIBDIR)/pkgconfig/mynah.pc' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig/mynah-static.pc'
	rm -f '$(DESTDIR)$(CMAKEDIR)/mynah-config.cmake' '$(DESTDIR)$(CMAKEDIR)/mynah-config-version.cmake'
	-rmdir '$(DESTDIR)$(INCLUDEDIR)/mynah' '$(DESTDIR)$(CMAKEDIR)' '$(DESTDIR)$(LIBDIR)/cmake' '$(DESTDIR)$(LIBDIR)/pkgconfig' 2>/dev/null || true

clean:
	rm -rf $(BUILD)
	$(CARGO) clean

.PHONY: all stage demo loadtest header docs reference test quick install uninstall clean
