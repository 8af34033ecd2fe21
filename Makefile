# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := src/skyaccord/console/web
PAGE := src/skyaccord/console/static/index.html
WEB_SOURCES := $(wildcard $(WEB)/src/*) $(wildcard $(WEB)/*.html) $(wildcard $(WEB)/*.json) $(wildcard $(WEB)/*.ts)

.PHONY: demo test check bench web system unit lint clean

demo: $(VENV)/.installed $(PAGE) $(VENV)/.compiled  ## the flagship exercise with the console
	$(BIN)/skyaccord run --scenario pamir-night --seed 1 --speed 4 --open

test: check unit  ## everything CI runs

check: $(VENV)/.installed  ## lint, types, the staircase
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.installed $(PAGE) system
	cd $(WEB) && npm test
	$(BIN)/pytest

bench: $(VENV)/.installed .venv-peers/.installed  ## figures, never tests; hours: BENCH="--seeds 1-2 --budget 20" for a look
	$(BIN)/python -m benches $(BENCH)
	@echo; echo "== decode.py, in the environment of a peer (asterix_decoder)"
	PYTHONPATH=src .venv-peers/bin/python benches/decode.py

# Other people's programs to measure beside, in an environment of their own
.venv-peers/.installed: Makefile
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check stonesoup==1.9.1 asterix_decoder==0.7.11 numba pyarrow lapx msgspec shapely matplotlib
	touch $@

web: $(PAGE)  ## the console's page

$(PAGE): $(WEB_SOURCES)
	cd $(WEB) && npm ci --no-audit --no-fund && npm run build

$(VENV)/.installed: requirements.lock pyproject.toml build_console.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The loops are compiled when they are first run, and kept; better before the window opens than behind it
$(VENV)/.compiled: $(VENV)/.installed
	@echo "compiling the loops, once: about a minute"
	@$(BIN)/skyaccord run --headless --until 40 >/dev/null
	@touch $@

# Tests with a real browser and a second ASTERIX decoder: Debian's packages, where they can be had
system:
	@need=""; command -v chromium >/dev/null || need="$$need chromium"; command -v tshark >/dev/null || need="$$need tshark"; \
	if [ -n "$$need" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing$$need"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$need >/dev/null; \
	elif [ -n "$$need" ]; then echo "not here:$$need; the tests that need them will say so and be skipped"; fi

clean:
	rm -rf $(VENV) .venv-peers src/skyaccord/console/static $(WEB)/node_modules
