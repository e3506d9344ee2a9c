# Everything a checkout needs: `make setup`, then `make dev`, `make test`, `make check`.
#
# Needs make, and Python 3.11 or newer with its venv and pip. Nothing is installed outside this
# directory, apart from uv's own download cache. `make setup PYTHON=/path/to/python` picks the interpreter.

.DEFAULT_GOAL := help
.PHONY: help setup dev test check bench schema fmt clean

UV_REQUIREMENT := uv==0.13.9
VENV := .venv
UV_HOME := .uv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.synced

# The caller's shell may be inside another environment or steer uv elsewhere. What follows must be
# about this checkout only; proxies, certificates, caches and timeouts stay the caller's.
UV_KEPT := UV_CACHE_DIR UV_NATIVE_TLS UV_SYSTEM_CERTS UV_CONCURRENT_% UV_HTTP_% UV_LINK_MODE
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME
unexport $(filter-out $(UV_KEPT),$(filter UV_%,$(.VARIABLES)))

# The interpreter itself, never a version manager's shim or another virtual environment.
PYTHON ?=
CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
define PROBE
import ensurepip, os, sys, venv
if sys.version_info < (3, 11): sys.exit(1)
print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
endef
export PROBE

help:
	@echo 'make setup   create $(VENV) with the locked dependencies'
	@echo 'make dev     serve the API on this machine'
	@echo 'make test    the tests, without the slow ones'
	@echo 'make check   lint, format, types, layers, printed schema'
	@echo 'make bench   what it costs to use a wallet with 10 and with 100,000 journals'
	@echo 'make schema  print the schema into schema.graphql'
	@echo 'make fmt     format, and fix what can be fixed'
	@echo 'make clean   remove environments and caches'

setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock Makefile
	@set -eu; python=; \
	for candidate in $(CANDIDATES); do \
	  if python=$$("$$candidate" -c "$$PROBE" 2>/dev/null); then break; fi; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'No Python 3.11 or newer with venv and pip among: $(CANDIDATES).' >&2; \
	  echo 'Name one: make setup PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	if [ "$$($(UV_HOME)/bin/uv --version 2>/dev/null | cut -d ' ' -f 2)" != '$(UV_REQUIREMENT:uv==%=%)' ]; then \
	  echo "Installing $(UV_REQUIREMENT) with $$python"; \
	  "$$python" -m venv --clear $(UV_HOME); \
	  $(UV_HOME)/bin/python -m pip --disable-pip-version-check --quiet install '$(UV_REQUIREMENT)'; \
	fi; \
	export UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never; \
	sync="$(UV_HOME)/bin/uv --no-config sync --frozen --all-extras --all-groups --python $$python"; \
	$$sync || { echo 'Once more, with the certificates of this machine:'; $$sync --system-certs; }
	@touch $@

dev: setup
	$(VENV)/bin/portal-api dev

test: setup
	$(PY) -m pytest -n auto -m 'not slow'

check: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/portal-api schema --check

bench: setup
	$(PY) -m tests.bench build/bench.md

schema: setup
	$(VENV)/bin/portal-api schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

fmt: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

clean:
	rm -rf $(VENV) $(UV_HOME) .ministack .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -rf .hypothesis dist build
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
