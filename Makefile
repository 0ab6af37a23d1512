# `make help` lists the targets. Everything runs in an environment of the project's own (.venv); uv is installed into
# .tools where it is missing. Needs Python 3.11+ with venv, and make.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
RUN := $(UV) run --no-sync
PACKAGES := sdk worker operator

.DEFAULT_GOAL := help
.PHONY: help sync fmt check test cache test-unit test-ports test-e2e generate verify golden demo bench-local clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.tools/uv/bin/uv:
	@echo "installing uv into .tools"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .tools/uv || { echo "python3 lacks venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<0.14'

sync: $(filter .tools/%,$(UV)) ## install the workspace into .venv
	@test -d .venv || echo "installing Laneway and its tools into .venv"
	@$(UV) sync --quiet --locked --all-packages

fmt: sync ## format, and mend what can be mended
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

check: sync ## ruff, mypy, import contracts, generated files
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports --no-cache
	$(RUN) python tools/generate.py --check

test: sync ## everything that CI runs; Ollama is built in the background while the static checks run
	@$(MAKE) --no-print-directory cache & building=$$!; \
	$(MAKE) --no-print-directory check; checked=$$?; \
	wait $$building && test $$checked -eq 0 && $(MAKE) --no-print-directory test-unit test-ports test-e2e

cache: sync ## build Ollama and fetch its models, where they are missing
	@PYTHONPATH=tests $(RUN) python -m support.ollama

test-unit: sync ## pure functions and the worker on in-memory ports; seconds
	$(RUN) pytest tests/unit -q -n auto

test-ports: cache ## fakes and real adapters through one suite: moto, Ollama with Gemma
	$(RUN) pytest tests/ports -q

test-e2e: cache ## `laneway up`, the client, the command line and the demo, as a user runs them
	$(RUN) pytest tests/e2e -q

generate: sync ## regenerate JSON Schemas and reference pages
	$(RUN) python tools/generate.py

verify: check ## the same as check: what is generated is up to date

golden: generate ## rewrite golden files; the diff is the review

demo: sync ## 46 texts through a pool on this machine, a worker killed in the middle
	@$(RUN) python examples/documents/demo.py

bench-local: sync ## time to first result, overhead, occupancy, memory, start-up
	PYTHONPATH=tests $(RUN) python tests/bench/bench_local.py

clean: ## remove environments and state of this checkout
	rm -rf .venv .tools .laneway .mypy_cache .ruff_cache .pytest_cache .hypothesis
