# Every need has one command; `make help` lists them. The README and CI use exactly these.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
# Ctrl-C is no mistake that make has to report on (and ends make too, by itself).
OR_CTRL_C := || { status=$$?; [ $$status = 130 ] || exit $$status; }

.PHONY: dashboard help demo serve test check format faults soak bench lock schema docs venv

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  make %-9s %s\n", $$1, $$2}'

.venv/.complete: requirements.lock pyproject.toml scripts/make-venv
	@scripts/make-venv $(OR_CTRL_C)

# Without the tools that only tests and developers need.
.venv/.serves: requirements-serve.lock pyproject.toml scripts/make-venv
	@scripts/make-venv serve $(OR_CTRL_C)

venv: .venv/.complete ## Make .venv from the lock file

demo: .venv/.serves ## Place a real call between two sandbox phones and show all of it (ONCE=1: stop after it)
	@.venv/bin/offhook demo $(if $(ONCE),--once,$(OR_CTRL_C))

serve: .venv/.serves ## Serve the API at http://127.0.0.1:8000 with an embedded PostgreSQL and Asterisk
	@.venv/bin/offhook serve $(OR_CTRL_C)

test: .venv/.complete ## Run the tests: unit, real PostgreSQL, real Asterisk, the sharpest faults (PYTEST="…" for more options)
	@$(PY) scripts/run_tests.py $(PYTEST)

check: .venv/.complete ## Format, lint, types, import rules, schema and migration drift
	@scripts/check

format: .venv/.complete ## Format and mend what can be mended by itself
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix-only .

schema: .venv/.complete ## Write schema.graphql, and the pages that are made from it, anew from the code
	@$(PY) scripts/export_schema.py
	@$(PY) scripts/make_reference.py

docs: .venv/.complete ## Build the documentation as a site, into site/
	@$(PY) scripts/make_reference.py
	@$(PY) -m zensical build --strict

dashboard: .venv/.complete ## Build the dashboard anew from its sources (needs Node 20.19 or newer; what is built is committed)
	@cd app/dashboard/source && npm ci --silent --no-audit --no-fund && npm run --silent build && npm test --silent
	@$(PY) scripts/check_dashboard.py --stamp

faults: .venv/.complete ## Break things under live calls; nothing may be lost or doubled (NEMESIS=600 SEED=n: at random)
	@$(PY) scripts/run_faults.py $(if $(NEMESIS),--nemesis $(NEMESIS)) $(if $(SEED),--seed $(SEED)) $(if $(ASTERISK),--asterisk) -- $(PYTEST)

soak: .venv/.complete ## The long runs: hundreds of calls over a SIPp trunk
	@$(PY) -m pytest -q --soak tests/soak $(PYTEST)

bench: .venv/.complete ## Measure, each figure beside its peer in the same run (ONLY=name for one)
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY))

LOCK := uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
  --no-emit-find-links --no-annotate -q --custom-compile-command "make lock"
lock: ## Resolve the dependencies anew into requirements.lock, and the part of it that serves (needs uv)
	@$(LOCK) --group dev -o requirements.lock
	@$(LOCK) --group serve --extra traces --extra nats -c requirements.lock -o requirements-serve.lock
