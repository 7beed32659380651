# The commands of this project. Each sets up its own Python environment in .venv first, when that is missing or when the
# lock or the project file has changed since. Another interpreter:  make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
WORK ?= $(or $(VAWG_WORK),.work)
ARGS ?=

INSTALLED := $(VENV)/.installed
OLD_DUCKDB := $(VENV)/duckdb
OLD_DUCKDB_INSTALLED := $(OLD_DUCKDB)/.installed
PYCANON := $(VENV)/pycanon-1.3
PYCANON_INSTALLED := $(PYCANON)/.installed
TOOLS := $(VENV)/test-tools
TOOLS_INSTALLED := $(TOOLS)/.installed
BROWSER_INSTALLED := $(VENV)/.browser-installed
PEER := $(VENV)/pytauargus
PEER_INSTALLED := $(PEER)/.installed

.PHONY: help publish test dev bench faults months clean

help:
	@echo "make publish   run the whole flow on a synthetic sample and say where the packages are"
	@echo "make test      run all tests                       (ARGS='-k words' to choose some)"
	@echo "make dev       open the Dagster UI                 (ARGS='--port 3001')"
	@echo "make bench     run the benchmarks and print JSON"
	@echo "make faults    kill, starve and race publishers, and print as JSON what readers saw (ARGS='--random 1000')"
	@echo "make months    publish 24 months of growing, revised data, audit every pair, print JSON  (ARGS='--months 6')"
	@echo "make clean     remove the environment and the work folder; published packages stay"

publish: $(INSTALLED)
	$(VENV)/bin/vawg publish $(ARGS)

test: $(INSTALLED) $(OLD_DUCKDB_INSTALLED) $(PYCANON_INSTALLED) $(TOOLS_INSTALLED) $(BROWSER_INSTALLED)
	VAWG_OLD_DUCKDB=$(abspath $(OLD_DUCKDB)) VAWG_PYCANON=$(abspath $(PYCANON)) VAWG_TEST_TOOLS=$(abspath $(TOOLS)) \
		$(VENV)/bin/python -m pytest --numprocesses auto $(ARGS)

# Dagster would rather have `dg dev`, which starts the same processes and brings along the client of a cloud service: that advice is not shown.
dev: $(INSTALLED)
	mkdir -p -m 700 $(WORK) $(WORK)/dagster
	cp vawg_opendata/assets/dagster.yaml $(WORK)/dagster/dagster.yaml
	DAGSTER_HOME=$(abspath $(WORK))/dagster PYTHONWARNINGS='ignore:Function `dev_command` is superseded' $(VENV)/bin/dagster dev --workspace workspace.yaml $(ARGS)

bench: $(INSTALLED) $(PEER_INSTALLED)
	@$(VENV)/bin/python -m benchmarks --peer $(PEER)/bin/python $(ARGS)

faults: $(INSTALLED)
	@$(VENV)/bin/python -m tests.release.faults $(ARGS)

months: $(INSTALLED)
	@$(VENV)/bin/python -m tests.release.months $(ARGS)

clean:
	rm -rf $(VENV) $(WORK)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.13" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (about a minute, once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The DuckDBs that our readers may have, one of each line: tests open the published files with them.
$(OLD_DUCKDB_INSTALLED): $(wildcard tests/duckdb-*.lock) $(INSTALLED)
	@rm -rf $(OLD_DUCKDB)
	@for lock in tests/duckdb-*.lock; do \
		line=$${lock##*duckdb-}; \
		$(VENV)/bin/python -m pip install --quiet --no-deps --require-hashes --target $(OLD_DUCKDB)/$${line%.lock} --requirement $$lock || exit 1; \
	done
	@touch $@

# What judges our tables of records beside our own measures. It asks for versions of numpy and pandas that are not ours, and for
# more that it does not need to measure, so it is set up by itself and runs on ours; tests compare it with published results.
$(PYCANON_INSTALLED): tests/pycanon.lock $(INSTALLED)
	@rm -rf $(PYCANON)
	@$(VENV)/bin/python -m pip install --quiet --no-deps --require-hashes --target $(PYCANON) --requirement tests/pycanon.lock
	@touch $@

# Servers, clients and rules that only tests use, such as an object store and the shapes of DCAT-AP.
$(TOOLS_INSTALLED): tests/tools.lock $(INSTALLED)
	@$(PYTHON) -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement tests/tools.lock
	@touch $@

# What drives a browser through the public pages in the tests. The browser itself, Chromium, is the system's.
$(BROWSER_INSTALLED): tests/browser.lock $(INSTALLED)
	@$(VENV)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement tests/browser.lock
	@touch $@

# What our tables are measured against, in the same run; nothing else uses it.
$(PEER_INSTALLED): benchmarks/pytauargus.lock $(INSTALLED)
	@$(PYTHON) -m venv --clear $(PEER)
	@$(PEER)/bin/python -m pip install --quiet --require-hashes --requirement benchmarks/pytauargus.lock
	@touch $@
