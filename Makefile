# Everything a checkout needs: `make setup`, then `make dev`, `make test`, `make check`.
#
# Needs make, and Python 3.11 or newer with its venv and pip. Nothing is installed outside this
# directory, apart from uv's own download cache. `make setup PYTHON=/path/to/python` picks the interpreter.

.DEFAULT_GOAL := help
.PHONY: help setup dev test check check-code check-templates bench costs bundle cold-start footprint synth deploy prune bootstrap smoke node schema fmt clean

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
	@echo 'make check   lint, format, types, layers, printed schema, templates'
	@echo 'make bench   what a wallet costs with 10 and 100,000 journals, and what a refresh of insight does'
	@echo 'make costs   what a month costs on AWS, from counted units'
	@echo 'make bundle  build/portal-{api,insights}-arm64.zip, which the Lambda functions run'
	@echo 'make cold-start  what the first request of a new process takes'
	@echo 'make footprint   memory and processor time of each example on DynamoDB'
	@echo 'make synth   STAGE=dev: the templates of a deployment, in build/cdk.out'
	@echo 'make deploy  STAGE=dev: the same on AWS, with the credentials of the shell'
	@echo 'make prune   STAGE=dev: deletes versions of its functions, but the newest three'
	@echo 'make smoke   STAGE=dev: signs in by the browser, and tries what was deployed'
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

ARGS ?=

test: setup
	$(PY) -m pytest -n auto -m 'not slow' $(ARGS)

# Two halves that share nothing: `make -j2 check` runs them side by side.
check: check-code check-templates

check-code: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/portal-api schema --check

check-templates: setup
	$(PY) -m pytest -q -n auto -m 'not slow' $(wildcard tests/infra/test_template*.py)

bench: setup
	$(PY) -m tests.bench build/bench.md

costs: setup
	$(PY) -m tests.costs build/costs.md

bundle: setup
	$(PY) -m infra.bundle build/portal-api-arm64.zip
	$(PY) -m infra.bundle --insights build/portal-insights-arm64.zip

cold-start: setup
	$(PY) -m tests.cold_start build/cold_start.md

footprint: setup
	$(PY) -m tests.footprint

# What infra/stages/STAGE.json says holds at each deployment; CONTEXT says more, and goes before it:
# make deploy STAGE=dev CONTEXT='-c paused=true'.
STAGE ?=
CONTEXT ?=
KEPT = $(if $(wildcard infra/stages/$(STAGE).json),-c file=stages/$(STAGE).json)
CDK := cd infra && npx --no-install cdk

node:
	@command -v npm > /dev/null || { \
	  echo 'CDK needs Node 22 or newer with its npm: https://nodejs.org' >&2; exit 1; }
	@[ -n '$(STAGE)' ] || { echo 'Name a stage: make $(MAKECMDGOALS) STAGE=dev' >&2; exit 1; }

infra/node_modules/.package-lock.json: infra/package-lock.json
	cd infra && npm ci --no-audit --no-fund

synth: node bundle infra/node_modules/.package-lock.json
	$(CDK) synth --quiet -c stage=$(STAGE) $(KEPT) $(CONTEXT)

deploy: node bundle infra/node_modules/.package-lock.json
	$(CDK) deploy --all -c stage=$(STAGE) $(KEPT) $(CONTEXT) --outputs-file ../build/outputs-$(STAGE).json

# Deletes the versions of functions that nobody goes back to any more; see infra/README.md.
prune: setup
	@[ -n '$(STAGE)' ] || { echo 'Name a stage: make prune STAGE=dev' >&2; exit 1; }
	$(PY) -m infra.prune $(STAGE)

# Once for an account and region: what CDK itself keeps there. Run where there is no cdk.json, for
# with an app it asks that for its stacks, which are of a stage and need a bundle.
REGION ?= $(or $(AWS_REGION),$(AWS_DEFAULT_REGION),$(shell aws configure get region))
bootstrap: infra/node_modules/.package-lock.json
	@[ -n '$(REGION)' ] || { echo 'Name a region: make bootstrap REGION=eu-central-1' >&2; exit 1; }
	mkdir -p build/bootstrap
	account=$$(aws sts get-caller-identity --query Account --output text) && cd build/bootstrap \
	  && ../../infra/node_modules/.bin/cdk bootstrap "aws://$$account/$(REGION)"

smoke: setup
	@[ -n '$(STAGE)' ] || { echo 'Name a stage: make smoke STAGE=dev' >&2; exit 1; }
	@$(VENV)/bin/portal-api sign-in --stack portal-$(STAGE) \
	  | $(VENV)/bin/portal-api smoke --stack portal-$(STAGE) --token -

schema: setup
	$(VENV)/bin/portal-api schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

fmt: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

clean:
	rm -rf $(VENV) $(UV_HOME) .checkov .ministack infra/node_modules .hypothesis dist build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find infra src tests -name __pycache__ -type d -prune -exec rm -rf {} +
