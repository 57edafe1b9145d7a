# Every target works on a fresh machine with Python 3.11 or newer: the environment is made from uv.lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
# the server and the model of `make test-llm`: built from source in some minutes, and no part of the project
LLM_VENV := .venv-llm
PORT ?= 3000
DAGSTER_HOME ?= dagster_home
AGENTSKILLER_WAREHOUSE ?= warehouse
# Dagster takes absolute paths only; whoever sets these may write them as they like
override export DAGSTER_HOME := $(abspath $(DAGSTER_HOME))
override export AGENTSKILLER_WAREHOUSE := $(abspath $(AGENTSKILLER_WAREHOUSE))
# the project's code reads no telemetry setting but Dagster's own file
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: demo test test-llm test-cluster faults ui bench scale docs lint types check clean

demo: $(STAMP)  ## six domains and six pairs, from catalog to training dataset, with no key and no network
	$(BIN)/agentskiller run --count 6 --pairs 6

# one worker more than cores: many tests wait for a server or a clock. Files stay in the order of their names: those that
# take longest (browser, cli) have few tests, and would else be handed out last
test: $(STAMP)  ## the tests
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-llm: $(STAMP) $(LLM_VENV)/.made  ## client, schemas, feedback and doctor against a tiny real model, served here
	AGENTSKILLER_TEST_LLM_PYTHON=$(abspath $(LLM_VENV))/bin/python $(BIN)/pytest tests/real_model/check_model.py

test-cluster: $(STAMP)  ## Celery workers, Postgres and an S3 store on this machine (installs Debian's packages, as root)
	command -v redis-server >/dev/null && command -v swift-proxy-server >/dev/null || \
	  apt-get install -y -qq --no-install-recommends $$($(BIN)/python -c "from tests.cluster.services import PACKAGES; print(*PACKAGES)")
	$(BIN)/pytest tests/cluster/check_cluster.py

faults: $(STAMP)  ## a backfill of 50 domains whose runs, daemon and files are disturbed: it must end as an undisturbed one
	rm -rf /tmp/agentskiller-faults && $(BIN)/python -m tests.faults 50 /tmp/agentskiller-faults

ui: $(STAMP)  ## Dagster on loopback, with its daemon
	@mkdir -p $(DAGSTER_HOME)
	@test -e $(DAGSTER_HOME)/dagster.yaml || cp dagster_home/dagster.yaml $(DAGSTER_HOME)
	AGENTSKILLER_WEBSERVER_URL=http://127.0.0.1:$(PORT) $(BIN)/dg dev --host 127.0.0.1 --port $(PORT)

bench: $(STAMP)  ## measures, and writes docs/bench.json
	$(BIN)/python -m tests.bench

scale: $(STAMP)  ## 300 domains and 1,000 pairs through the daemon, verified and compared; hours, and 5 GB in /tmp
	$(BIN)/python -m tests.bench.scale /tmp/agentskiller-scale 300 1000 40 10

docs: $(STAMP)  ## the reference, from definitions and docstrings, and the pictures, from a run of its own
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/pictures.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/pyright

check: lint types test

clean:  ## everything that was made, but for the paid answers of models (warehouse/_calls); the sources stay
	rm -rf $(VENV) $(LLM_VENV) dagster_home/history dagster_home/schedules dagster_home/storage dagster_home/logs
	@if test -d warehouse; then find warehouse -mindepth 1 -maxdepth 1 ! -name _calls -exec rm -rf {} + && \
	  { rmdir warehouse 2>/dev/null || true; }; fi

# uv if it is there, else the venv's own pip fetches it; compiled once, every process starts in half the time
$(STAMP): uv.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then uv sync --locked --compile-bytecode --python $(BIN)/python; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8" && \
	     $(BIN)/python -m uv sync --locked --inexact --compile-bytecode --python $(BIN)/python; fi
	@$(BIN)/python -m compileall -q agentskiller_assets io_managers resources
	@touch $@

$(LLM_VENV)/.made: tests/real_model/requirements.txt
	@test -x $(LLM_VENV)/bin/python || $(PYTHON) -m venv $(LLM_VENV)
	$(LLM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
