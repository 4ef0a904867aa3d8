# Cimbra. `make demo` serves the demo community, `make test` passes everything; both install what they need first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
TARGET := $(or $(CARGO_TARGET_DIR),target)
CIMBRA := $(TARGET)/debug/cimbra

# What building needs: PROJ is built from source (cmake, C++, sqlite3), the portal by Node.
BUILD_PACKAGES := g++ cmake make pkg-config sqlite3 libsqlite3-dev nodejs npm
# What running makes use of: a Vulkan driver for pictures, a broker for the demo's readings.
RUN_PACKAGES := libvulkan1 mesa-vulkan-drivers mosquitto
# What the tests drive besides: a real browser and real clients.
TEST_PACKAGES := chromium fonts-noto-cjk python3-venv
# What the figures are measured beside: PROJ's own command line.
BENCH_PACKAGES := proj-bin

.PHONY: help demo test bench setup setup-demo setup-test-packages portal browser build clean-demo

help:
	@echo 'make demo    build, make the demo community of 500 households and serve it with its portal'
	@echo 'make test    build and run every test'
	@echo 'make bench   measure commits, memory, queries, readings, import, positions, tiles, views and lighter shapes; ONLY="queries views" for a part'
	@echo 'make setup   install what the two need (Debian and Ubuntu); they call it themselves'
	@echo 'make portal  build the web page that the binary serves at /portal/'

# Installs the packages that are missing, names them, and asks for sudo only when not root.
define install
	@missing=(); for p in $(1); do \
	    case "$$p" in nodejs|npm) command -v $${p/nodejs/node} >/dev/null && continue;; esac; \
	    dpkg-query -W -f='$${Status}' "$$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$$p"); done; \
	if [ "$${#missing[@]}" -gt 0 ]; then \
	    echo "installing: $${missing[*]}"; \
	    $(SUDO) apt-get update -q >/dev/null; \
	    DEBIAN_FRONTEND=noninteractive $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi
endef
HAS_APT := $(shell command -v apt-get)
define require
	$(if $(HAS_APT),$(call install,$(1)),@echo "no apt-get here: please install what answers to these Debian packages: $(1)")
endef

setup-demo:
	@command -v cargo >/dev/null || { echo 'Rust is missing: install it from https://rustup.rs and run this again'; exit 1; }
	$(call require,$(BUILD_PACKAGES) $(RUN_PACKAGES))

setup: setup-demo .venv/ready browser
	@true

setup-test-packages:
	$(call require,$(TEST_PACKAGES))

# IfcOpenShell and pyproj are oracles of the tests: they judge what our readers and frames say.
.venv/ready: tests/support/requirements.txt | setup-test-packages
	python3 -m venv .venv
	.venv/bin/pip install -q -r tests/support/requirements.txt
	touch $@

browser: setup-demo setup-test-packages tests/browser/node_modules/.package-lock.json
tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund

portal: setup-demo portal/dist/index.html
portal/dist/index.html: portal/package-lock.json portal/build.mjs $(wildcard portal/src/*)
	cd portal && npm ci --no-audit --no-fund && npm run --silent build

build: portal
	cargo build

demo: build
	$(CIMBRA) demo

test: setup portal
	cargo test

# Our own code as a release has it, over the same optimised dependencies: no second build of those.
bench: setup portal
	$(call require,$(BENCH_PACKAGES))
	CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_OPT_LEVEL=3 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
	    CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false cargo bench --profile dev \
	    --config 'profile.dev.package.cimbra.codegen-units=16' --bench figures -- $(ONLY)

clean-demo:
	rm -rf demo var
