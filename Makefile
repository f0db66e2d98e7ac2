# make demo and make test need python3 (3.11 or newer), git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RETAIL := $(BIN)/retail

# Without bytecode on the disk each process of a run would compile Dagster anew, which takes longer than most runs.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo dev test acceptance lint format bench bench-footfall bench-dashboard drill drill-long lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: $(READY) ## Materialize a month of a simulated ten-store retailer and show its key figures
	$(RETAIL) demo

dev: $(READY) ## Open the Dagster UI: web server and daemon, until Ctrl-C
	$(RETAIL) dev

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not acceptance"

acceptance: $(READY) ## Run the whole real data sets named by RETAIL_TEST_DATA
	$(BIN)/python -m pytest -m acceptance --timeout=3600

lint: $(READY) ## Check style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measure speed and memory, as in docs/performance.md
	$(BIN)/python -m benchmarks

bench-footfall: $(READY) ## Measure estimates, forecasts and anomalies of footfall, as in docs/footfall.md
	$(BIN)/python -m benchmarks.footfall
	$(BIN)/python -m benchmarks.footfall_forecast
	$(BIN)/python -m benchmarks.footfall_anomalies

bench-dashboard: $(READY) ## Measure the dashboard over 1,000 stores and three years, as in docs/performance.md
	$(BIN)/python -m benchmarks.dashboard

drill: $(READY) ## Break the source, the bucket and the processes, and see everything come right, as in docs/reliability.md
	$(BIN)/python -m benchmarks.drills

drill-long: $(READY) ## The drills with 50 kills
	$(BIN)/python -m benchmarks.drills --long

lock: $(READY) ## Pin the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml

clean: ## Remove .venv and data/
	rm -rf $(VENV) data
