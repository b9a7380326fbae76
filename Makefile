# Needs Python 3.11 or newer and make; everything else goes into .venv, once.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
# Named after what is to be installed, so that a changed pin installs again and a second call does not.
KEY := $(shell cat pyproject.toml requirements.lock | cksum | tr -d ' ')
USER_STAMP := $(VENV)/.installed-$(KEY)
DEV_STAMP := $(VENV)/.installed-dev-$(KEY)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock
AXE := build/node_modules/axe-core/axe.min.js
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest $(PYTEST_FLAGS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help forecast test check validate notebooks shared kernels sample reference docs benchmarks coverage mutants wheel lock install develop clean scaling lowest newest

help:
	@echo "make forecast    what will we book? the sample company's answer, in results/base"
	@echo "make test        run the tests"
	@echo "make check       style, types, import contracts, lock file"
	@echo "make validate    the statistical validations that take minutes"
	@echo "make shared      the checks on real third-party data in ../shared"
	@echo "make notebooks   execute the notebooks"
	@echo "make benchmarks  time the kernels against C, NumPy and SimPy, and the reference plan"
	@echo "make scaling     what a million customers would cost on N workers, from what is measured here"
	@echo "make lowest      the tests on the lowest versions of the dependencies"
	@echo "make newest      the tests on the newest versions of the dependencies"
	@echo "make coverage    which lines the tests run, those of the kernels included"
	@echo "make mutants     plant faults in the sources and count those that the tests notice"
	@echo "make sample      write the sample company's history again"
	@echo "make docs        build the documentation as a site, its links checked"
	@echo "make reference   write the reference pages in docs from the program again"
	@echo "make lock        pin the newest versions that fit together"
	@echo "make clean       remove .venv, caches and build results"

forecast: install
	@$(BIN)/simulator run scenarios/base.yaml
	@echo
	@echo "Tables and charts of this forecast: results/base"
	@echo "Change scenarios/base.yaml, or run another: $(BIN)/simulator run SCENARIO"

test: develop kernels $(AXE)
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "not slow and not shared and not notebook"

check: develop
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/lock.py --check

validate: develop kernels
	@$(PYTEST) -m "slow"
	@$(BIN)/python benchmarks/recovery.py
	@$(BIN)/python benchmarks/recovery_customers.py
	@$(BIN)/python benchmarks/companies.py
	@$(BIN)/python benchmarks/chain.py
	@$(BIN)/python benchmarks/backtest.py
	@$(BIN)/python benchmarks/worlds.py
	@$(BIN)/python benchmarks/fuzz.py
	@$(BIN)/python benchmarks/stopping.py

shared: develop kernels
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "shared and not slow"

notebooks: develop kernels
	@$(PYTEST) -m "notebook" || { status=$$?; test $$status -eq 5 && echo "There are no notebooks."; }

# Test workers share the compiled kernels instead of each compiling its own.
kernels: develop
	@$(BIN)/python .ci/compile_kernels.py

# The accessibility of the page is checked where npm is there; on CI it must be.
$(AXE):
	@! command -v npm >/dev/null || npm install --silent --no-save --no-audit --no-fund --prefix build axe-core@4.14.1

sample: develop
	@$(BIN)/python -m tools.sample_company

docs: develop
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet && echo "The documentation: build/site/index.html"

reference: develop
	@$(BIN)/python .ci/reference.py

benchmarks: develop
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/queueing.py
	@$(BIN)/python benchmarks/customers.py
	@$(BIN)/python benchmarks/reference.py

# The kernels are stepped through in Python: of compiled code no line can be seen.
coverage: develop kernels
	@mkdir -p build && rm -f build/coverage
	@NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m tests.kernels.small_company >/dev/null
	@$(BIN)/coverage report --include 'simulator/kernels/*' || true
	@$(BIN)/coverage run --append -m pytest $(PYTEST_FLAGS) -m "not slow and not shared and not notebook"
	@$(BIN)/coverage report

mutants: develop kernels
	@$(BIN)/python -m tools.mutants

scaling: develop kernels
	@$(BIN)/python benchmarks/scaling.py

lowest: develop
	@$(BIN)/python .ci/lowest.py

newest: develop
	@$(BIN)/python .ci/lowest.py --newest

wheel: develop
	@$(BIN)/hatchling build -t wheel -d dist

lock: develop
	@$(BIN)/python .ci/lock.py

install: $(USER_STAMP)

develop: $(DEV_STAMP)

$(BIN)/pip:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer is needed and was not found."; \
		echo "Install it, or name it: make forecast PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its venv module is missing."; \
		echo "On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(USER_STAMP): | $(BIN)/pip
	@echo "Installing into $(VENV), once; this takes a minute or two …"
	@$(INSTALL) hatchling editables
	@$(INSTALL) --no-build-isolation --editable .
	@rm -f $(VENV)/.installed-* && touch $@

$(DEV_STAMP): $(USER_STAMP)
	@echo "Installing what tests and checks need …"
	@$(INSTALL) --no-build-isolation --editable '.[dev,notebooks,sql,distributed,app,docs]'
	@touch $@

clean:
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find simulator tools tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
