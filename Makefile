# `make help` lists the targets. Everything runs in an environment of the project's own (.venv); uv is installed into
# .tools where it is missing. Needs Python 3.11+ with venv, and make.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
RUN := $(UV) run --no-sync
CACHE := $(or $(LANEWAY_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/laneway)
KIND_DIR := .laneway/kind
KIND_ENV := KUBECONFIG=$(CURDIR)/$(KIND_DIR)/kubeconfig
MKDOCS = NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs
MIKE = NO_MKDOCS_2_WARNING=1 $(RUN) mike
# make 3.81, as on macOS, mixes what runs together.
SYNC = $(if $(filter output-sync,$(.FEATURES)),--output-sync=$(1))
TAGS := import json, sys; print(*(each["tag"] for each in json.load(sys.stdin)["builds"]))

NPM_CLIENTS = openai@6.49.0 ollama@0.6.4

.DEFAULT_GOAL := help
.PHONY: help sync fmt check docs docs-version test cache test-unit test-browser test-ports test-simulation test-chaos test-chart test-cluster test-e2e test-quick test-cache \
	test-computing test-node test-waiting test-localstack test-strangers record-strangers record-dashboard cache-browser generate verify golden demo cluster-up cluster-shell cluster-down kind-up kind-down bench-local bench-scaling \
	bench-operator bench-gateway record-gateway bench-worker bench-estimate bench-harm bench-table doors-clients record-doors sbom fuzz soak soak-pods soak-scaling soak-alerts chaos chaos-gateway clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

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

# Under --quiet mkdocs counts no warning, and `strict` would be nothing.
check: sync ## ruff, mypy, import contracts, generated files, the documentation
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy --cache-dir "$(CACHE)/mypy"
	$(RUN) lint-imports --no-cache
	$(RUN) python tools/generate.py --check
	$(MKDOCS) build

docs: sync ## the documentation as a site in .laneway/site; a link that leads nowhere fails it
	$(MKDOCS) build

docs-version: sync ## the same as version VERSION and as `latest`, on this checkout's branch gh-pages
	$(MIKE) deploy --update-aliases $(or $(VERSION),$(error which one? make docs-version VERSION=0.2)) latest
	$(MIKE) set-default latest

test: sync ## everything that CI runs; programs and images are built in the background from the first second
	@$(MAKE) --no-print-directory -j4 $(call SYNC,target) test-node test-computing test-waiting

# The real node takes longest and mostly waits: it starts first. The others begin when the quick ones have passed.
test-quick: check test-unit

test-cache: # told of while it is built
	@$(MAKE) --no-print-directory $(call SYNC,none) cache

test-node: test-cache
	@$(MAKE) --no-print-directory test-e2e-cluster

test-computing: test-quick
	@$(MAKE) --no-print-directory test-simulation
	@$(MAKE) --no-print-directory test-ports
	@$(MAKE) --no-print-directory test-e2e-local

test-waiting: test-cache test-quick
	@$(MAKE) --no-print-directory test-cluster
	@$(MAKE) --no-print-directory test-chart
	@$(MAKE) --no-print-directory test-browser
	@$(MAKE) --no-print-directory test-chaos

cache: cache-ollama cache-localstack cache-cluster cache-newest-ollama ## build everything that tests need and do not find, once for all checkouts

cache-ollama: sync
	@PYTHONPATH=tests $(RUN) python -m support.ollama.real

# What the most tests wait for comes first; this one takes a compiler five to fifteen minutes.
cache-newest-ollama: cache-ollama cache-localstack
	@PYTHONPATH=tests nice $(RUN) python -m support.ollama.newest

cache-localstack: sync
	@PYTHONPATH=tests $(RUN) python -m support.aws.localstack

cache-cluster: sync
	@PYTHONPATH=tests nice $(RUN) python -m support.toolchain.toolbox && PYTHONPATH=tests nice $(RUN) python -m support.images >&2

test-unit: sync ## pure functions and the worker on in-memory ports, attacks on both; seconds
	$(RUN) pytest tests/unit tests/security -q -n auto

test-ports: cache-ollama cache-localstack cache-newest-ollama ## fakes and real adapters through one suite: moto, LocalStack, two versions of Ollama
	$(RUN) pytest tests/ports -q -n 3 --dist loadgroup

test-browser: cache-browser ## the dashboard in Chromium: every page light and dark, on a screen and a phone, with axe; two to three minutes
	$(RUN) pytest tests/browser -q -n 3 --dist worksteal

cache-browser: sync # Chromium, by apt-get where this is root, and axe
	@PYTHONPATH=tests $(RUN) python -m support.dashboard.browser

record-dashboard: cache-browser ## take the screenshots of docs/howto/dashboard.md anew
	PYTHONPATH=tests $(RUN) python -m support.dashboard.shots

test-simulation: sync ## the real worker in 5,000 seeded worlds with faults and crashes, and the mutants that it must catch
	$(RUN) pytest tests/simulation -q

test-chaos: cache-ollama cache-localstack ## real workers and gateways, killed and cut off from AWS; the short form of `make chaos`
	$(RUN) pytest tests/chaos -q -n 3 --dist worksteal

test-chart: cache-cluster ## charts: values, rights, and every object on a real API server
	$(RUN) pytest tests/chart -q

test-cluster: cache-cluster ## the CRD, the operator and the images on a real API server with KEDA
	$(RUN) pytest tests/cluster -q -n 2 --dist loadgroup

test-e2e: test-e2e-local test-e2e-cluster ## as users run it: `laneway up` and the demo; Helm, kubectl and a real node

test-e2e-local: cache-ollama doors-clients
	$(RUN) pytest tests/e2e -q --ignore=tests/e2e/cluster -n 3 --dist loadgroup

test-e2e-cluster: cache-cluster
	$(RUN) pytest tests/e2e/cluster -q -s

test-localstack: cache-cluster cache-localstack ## the thread on a real node with LocalStack in moto's place; five minutes
	$(RUN) pytest tests/e2e/cluster/test_thread.py -q -s --emulator=localstack

# Environments of strangers' own; a minute where PyPI, npm's registry and Go's proxy can be reached.
cache-strangers: cache-ollama
	@PYTHONPATH=tests nice $(RUN) python -m support.strangers.environments

test-strangers: cache-strangers ## clients and suites that others wrote, unmodified, and a flow of LangFlow's, against a gateway; ten minutes
	$(RUN) pytest tests/strangers -q

record-strangers: cache-strangers ## run those suites against a gateway and a plain Ollama, and write docs/reference/compatibility.md; half an hour
	PYTHONPATH=tests $(RUN) python -m support.strangers.page

generate: sync ## regenerate JSON Schemas and reference pages
	$(RUN) python tools/generate.py

verify: check ## the same as check: what is generated is up to date

golden: generate ## rewrite golden files; the diff is the review
	PYTHONPATH=tests $(RUN) python -m support.golden

demo: sync ## 46 texts through a pool on this machine, a worker killed in the middle
	@$(RUN) python examples/documents/demo.py

cluster-up: cache-cluster ## a cluster with a real node on this machine, for use by hand (docs/howto/cluster.md); needs root
	@PYTHONPATH=tests $(RUN) python -m support.cluster up $$(PYTHONPATH=tests $(RUN) python -m support.images | awk '{print "--image", $$NF}')

cluster-shell: sync ## a shell in its network, with KUBECONFIG and AWS_ENDPOINT_URL set; DO="command" runs one ($$ for $)
	@PYTHONPATH=tests $(RUN) python -m support.cluster shell $(if $(DO),-- sh -c '$(DO)')

cluster-down: sync ## end it and remove everything of it
	@PYTHONPATH=tests $(RUN) python -m support.cluster down

bench-local: sync ## time to first result, overhead, occupancy, memory, start-up
	PYTHONPATH=tests $(RUN) python tests/bench/bench_local.py

kind-up: sync ## a pool on kind: LocalStack, KEDA, the operator, examples/kind/pool.yaml (docs/howto/cluster.md)
	@for tool in docker kind kubectl helm skaffold; do command -v $$tool >/dev/null || { echo "$$tool is missing; docs/howto/cluster.md says what is needed"; exit 1; }; done
	@mkdir -p $(KIND_DIR)
	@kind get clusters 2>/dev/null | grep -qx laneway || kind create cluster --config examples/kind/cluster.yaml --kubeconfig $(KIND_DIR)/kubeconfig --wait 3m
	@kind export kubeconfig --name laneway --kubeconfig $(KIND_DIR)/kubeconfig
	$(KIND_ENV) kubectl apply --server-side -f examples/kind/localstack.yaml
	@for namespace in laneway-system default; do \
	  $(KIND_ENV) kubectl create namespace $$namespace --dry-run=client -o yaml | $(KIND_ENV) kubectl apply --server-side -f - && \
	  $(KIND_ENV) kubectl --namespace $$namespace create secret generic aws-emulator --from-literal=AWS_ACCESS_KEY_ID=test \
	    --from-literal=AWS_SECRET_ACCESS_KEY=test --dry-run=client -o yaml | $(KIND_ENV) kubectl apply --server-side -f - || exit 1; \
	done
	$(KIND_ENV) skaffold build --profile kind --file-output $(KIND_DIR)/images.json
	kind load docker-image --name laneway $$($(RUN) python -c '$(TAGS)' < $(KIND_DIR)/images.json)
	$(KIND_ENV) kubectl --namespace localstack rollout status deployment/localstack --timeout=5m
	$(KIND_ENV) skaffold deploy --profile kind --build-artifacts $(KIND_DIR)/images.json
	$(KIND_ENV) kubectl apply --server-side -f examples/kind/pool.yaml
	$(KIND_ENV) kubectl wait --for=condition=Ready llmworkerpool/documents --timeout=5m
	@echo "export $(KIND_ENV) AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test LANEWAY_POOL=s3://laneway-demo/documents"

kind-down: ## delete the kind cluster
	kind delete cluster --name laneway
	rm -rf $(KIND_DIR)

soak: sync ## 200,000 seeds of the simulation; half an hour (soak-pods and soak-scaling are apart: they need root)
	PYTHONPATH=tests nice $(RUN) python -m simulation.campaign 200000

soak-pods: cache-cluster ## real pods leave under load (rollouts, eviction, drain, spot notice), or worker, Ollama, memory, kubelet are killed; 20 minutes
	$(RUN) pytest tests/e2e/cluster/test_drains.py tests/e2e/cluster/test_kills.py tests/e2e/cluster/test_gateway_keys.py -q -s -m ""

soak-scaling: cache-cluster ## schedules and suspend with jobs running, 50 scale-ins under load with and without pod-deletion-cost; 20 minutes, as root
	$(RUN) pytest tests/e2e/cluster/test_scaling.py -q -s -m ""
	PYTHONPATH=tests $(RUN) python tests/bench/soak_scaling.py

soak-alerts: cache-cluster ## an operator whose calls are never answered, and a lane at its most workers, until their alerts have fired on a real Prometheus and ended; ten minutes
	$(RUN) pytest tests/cluster/test_prometheus.py -q -m soak

sbom: sync ## what is in each image of ours beside its base, from uv.lock: CycloneDX in .laneway/sbom
	@mkdir -p .laneway/sbom
	@for part in operator worker gateway table dashboard; do \
	  case $$part in table|dashboard) extra="--extra postgres";; *) extra=;; esac; \
	  $(UV) export --quiet --locked --no-dev --package laneway-$$part $$extra --format cyclonedx1.5 --preview-features sbom-export \
	    --output-file .laneway/sbom/laneway-$$part.cdx.json && echo .laneway/sbom/laneway-$$part.cdx.json || exit 1; \
	done

fuzz: cache-newest-ollama ## every schema of the corpus through both versions of Ollama, their properties for longer, and schemas led by coverage; twelve minutes
	$(RUN) pytest tests/ports/test_formats_on_ollama.py -q -m ""
	LANEWAY_FUZZ=1 $(RUN) pytest tests/unit/worker/answer tests/security tests/ports/test_openapi.py -q -n auto
	@UV_PROJECT_ENVIRONMENT=.tools/fuzz $(UV) sync --quiet --locked --all-packages --no-dev --group fuzz
	mkdir -p .laneway/fuzz && PYTHONPATH=tests .tools/fuzz/bin/python tests/fuzz/fuzz_schemas.py -max_total_time=$(or $(FUZZ_SECONDS),120) -artifact_prefix=.laneway/fuzz/

chaos: cache-ollama cache-localstack ## the full run: 10,000 jobs, 8 workers, 200 drains, a real Ollama, 1,000 requests through gateways; 30 to 45 minutes
	PYTHONPATH=tests $(RUN) python tests/chaos/run_chaos.py

chaos-gateway: cache-localstack ## 1,000 mixed requests through two gateways, while gateways, workers and engines are killed under them; ten minutes
	PYTHONPATH=tests $(RUN) python tests/chaos/run_chaos.py --parts gateway

doors-clients: $(filter .tools/%,$(UV)) # LangChain among them, in an environment of their own
	@UV_PROJECT_ENVIRONMENT=.tools/doors $(UV) sync --quiet --locked --only-group doors

record-doors: doors-clients ## what clients of OpenAI's and Ollama's APIs send, taken down anew from the newest ones (wants node and npm)
	npm install --prefix .tools/doors-npm --no-save --silent $(NPM_CLIENTS)
	PYTHONPATH=tests .tools/doors/bin/python -m support.doors.record $(CURDIR)/.tools/doors-npm
	PYTHONPATH=tests $(RUN) python -m support.doors.translated

bench-worker: cache-ollama cache-localstack ## latency, occupancy, CPU and redeliveries of the worker, beside Celery and dramatiq-sqs
	@UV_PROJECT_ENVIRONMENT=.tools/bench $(UV) sync --quiet --locked --only-group bench
	PYTHONPATH=tests BENCH_PEERS=.tools/bench/bin/python $(RUN) python tests/bench/bench_worker.py

bench-gateway: cache-ollama ## what a gateway adds to Ollama, beside LiteLLM's proxy: first token, CPU, memory
	PYTHONPATH=tests $(RUN) python tests/bench/bench_gateway.py

record-gateway: cache-ollama ## the same with 1,000 held streams, and write docs/reference/gateway-figures.md; on a quiet machine
	PYTHONPATH=tests HELD=1000 PAGE=docs/reference/gateway-figures.md $(RUN) python tests/bench/bench_gateway.py

bench-operator: cache-cluster ## the operator with 1,000 pools (POOLS=5000 for more) on a real API server
	PYTHONPATH=tests $(RUN) python tests/bench/bench_operator.py

bench-estimate: sync ## how often the range of eight in ten held, over played and real waits; ten minutes
	PYTHONPATH=tests $(RUN) python tests/bench/bench_estimate.py

bench-harm: cache-ollama ## hostile messages on a lane, and what honest ones pay (CHECKOUT=… for another version); some minutes
	PYTHONPATH=tests $(RUN) python tests/bench/bench_harm.py

bench-table: sync ## a million rows in PostgreSQL and SQLite: lists, causes, counts, projector, rebuild (ROWS=…, TABLES=…); ten minutes
	PYTHONPATH=tests $(RUN) python tests/bench/bench_table.py

bench-scaling: cache-cluster ## from zero to the first token on the test cluster, part by part
	PYTHONPATH=tests $(RUN) python tests/bench/bench_scaling.py

clean: ## remove environments and state of this checkout
	rm -rf .venv .tools .laneway .mypy_cache .ruff_cache .pytest_cache .hypothesis
