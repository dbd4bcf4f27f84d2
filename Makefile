# Every target that a person calls has its help behind `##`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMPS := .venv/stamps
CATALOGUES := $(wildcard web/translations/*/LC_MESSAGES/messages.po)
SCREENS := $(shell find web/assets web/templates -type f 2>/dev/null) $(wildcard web/*.py web/*/*.py connectors/*/__init__.py)

DEMO_DIR ?= var/demo
# Two processes of tests, whole files in each; ARGS='-n 0' for one. Most of their time is waiting.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
# The long ones have systems of their own and share nothing: each test goes to whichever process is free.
ONE_BY_ONE := -n 2 --dist load --maxschedchunk 1
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Node brings a list of authorities of its own, without those that this machine trusts besides.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

.PHONY: help
help: ## Shows this list
	@printf 'Çözüm\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nThe demo takes PORT, SANDBOX_PORT, DEMO_DIR and DEMO_STREAM=0: make demo PORT=9000\n'

# --- what the rest needs --------------------------------------------------------------------------------

.PHONY: install
install: $(STAMPS)/packages web/static/vendor/app.js $(CATALOGUES:.po=.mo) ## Installs what the system needs to run

$(STAMPS)/venv:
	@stack/install.sh venv
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: pyproject.toml $(STAMPS)/venv
	@stack/install.sh packages
	@touch $@

$(STAMPS)/packages-dev: pyproject.toml $(STAMPS)/venv
	@stack/install.sh packages dev
	@touch $@ $(STAMPS)/packages

$(STAMPS)/node: $(STAMPS)/venv
	@stack/install.sh node
	@touch $@

node_modules/.package-lock.json: package-lock.json | $(STAMPS)/node
	@stack/install.sh front-end-packages
	@touch $@

# In node_modules, so that it goes when npm fills that folder anew without the tools.
node_modules/.with-tools: package-lock.json | $(STAMPS)/node
	@stack/install.sh front-end-packages dev
	@touch node_modules/.package-lock.json $@

web/static/vendor/app.js: package.json node_modules/.package-lock.json $(SCREENS)
	@stack/install.sh front-end
	@touch $@

%.mo: %.po | $(STAMPS)/packages
	@$(BIN)/pybabel --quiet compile --directory web/translations

.PHONY: chromium
chromium: $(STAMPS)/packages-dev $(STAMPS)/node ## Makes sure that there is a browser for the tests
	@$(BIN)/python -m tests.browser.chromium

# --- running --------------------------------------------------------------------------------------------

.PHONY: demo
demo: install ## Runs the whole system with sandbox platforms and living citizens; Ctrl-C stops it
	@$(BIN)/cozum --dir $(DEMO_DIR) demo

# --- checking -------------------------------------------------------------------------------------------

.PHONY: test
test: $(STAMPS)/packages-dev install chromium ## Runs the tests on real parts; ARGS='-k word' for some
	@$(BIN)/python -m pytest -m 'not slow' $(SIDE_BY_SIDE) $(ARGS)

.PHONY: test-slow
test-slow: $(STAMPS)/packages-dev install ## Runs the long ones: known-bads, bench smoke, chaos slice, killed systems
	@$(BIN)/python -m pytest -m slow $(ONE_BY_ONE) $(ARGS)

.PHONY: coverage
coverage: $(STAMPS)/packages-dev install chromium ## Runs the tests and tells how much of the code they reach; takes twice as long
	@$(BIN)/python -m pytest -m 'not slow' $(SIDE_BY_SIDE) --cov --cov-report=term $(ARGS)

.PHONY: chaos
chaos: install $(STAMPS)/packages-dev ## Lets everything fail for half an hour and counts what was lost; ARGS='--seed 7'
	@$(BIN)/python -m tests.chaos --json bench/out/chaos.json $(ARGS)

.PHONY: chaos-known-bad
chaos-known-bad: install $(STAMPS)/packages-dev ## Spoils one thing after another and sees that the count of each finds it
	@$(BIN)/python -m tests.chaos.known_bad

.PHONY: bench
bench: install $(STAMPS)/packages-dev ## Measures how fast it is, against floors of the same run; ARGS=--quick for less
	@$(BIN)/python -m bench $(ARGS)

.PHONY: check
check: $(STAMPS)/packages-dev node_modules/.with-tools ## Checks format, lint, types, the import rule, templates, translations and the front end
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: make format'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/djlint --lint --quiet web/templates sandbox/templates
	@$(BIN)/python -m tests.translations
	@log=$$(npm run check 2>&1) || { echo "$$log"; exit 1; }

.PHONY: format
format: $(STAMPS)/packages-dev node_modules/.with-tools ## Formats the code and mends what can be mended by itself
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .
	@npm run --silent format

.PHONY: translations
translations: $(STAMPS)/packages-dev ## Brings the sentences of the screens into the Turkish catalogue
	@$(BIN)/python -m tests.translations --update
	@$(BIN)/pybabel --quiet compile --directory web/translations

.PHONY: clean
clean: ## Removes what can be made again: .venv, node_modules, caches, built files; no data
	rm -rf .venv node_modules tests/browser/node_modules var/chromium web/static/vendor
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
