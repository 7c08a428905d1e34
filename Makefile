# Everything is installed into .venv below this folder; nothing else on the machine is touched.
# Paths are relative on purpose: a checkout may lie under a path with a space, which make cannot quote.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
NPM = PATH="$$PATH:$$PWD/.venv/bin" npm

.PHONY: help setup page run demo test test-clients check format docs lock bench clean screenshots

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: .venv/.installed ## Install everything into .venv

.venv/.installed: pyproject.toml requirements/dev.lock requirements/mcp-servers.lock package.json package-lock.json scripts/setup frontend/build_hook.py
	@scripts/setup

# The page is built by setup, and anew when its sources are newer; the hook looks at their content, and does nothing twice.
page: .venv/.page ## Build the page
PAGE := $(shell find frontend -type f -not -name '*.test.*' | sed 's/ /\\ /g')

.venv/.page: .venv/.installed $(PAGE)
	@PATH="$$PWD/.venv/bin:$$PATH" $(BIN)/python frontend/build_hook.py
	@touch .venv/.page

run: setup page ## Serve the API on http://127.0.0.1:8000/v1, or a demo where there is no Kiro login
	@$(BIN)/kiro2chat serve --demo auto

demo: setup page ## Serve the demo, whatever logins there are
	@$(BIN)/kiro2chat serve --demo

test: setup page ## Run all tests
	@scripts/chromium
	@$(NPM) test --silent
	@$(BIN)/python -m pytest -n auto --ignore=tests/clients/commands --cov --cov-report=term:skip-covered $(ARGS)

test-clients: setup tests/clients/commands/node_modules/.installed ## Run Claude Code and Codex against the gateway
	@$(BIN)/python -m pytest -n 2 tests/clients/commands $(ARGS)

tests/clients/commands/node_modules/.installed: tests/clients/commands/package-lock.json
	@scripts/clients

screenshots: setup page ## Take the pictures of the page that the README shows
	@scripts/chromium
	@SCREENSHOTS=docs/screenshots PATH="$$PWD/.venv/bin:$$PATH" node --test tests/e2e/screenshots.test.mjs

check: setup ## Check style, types, floors, and that generated tables are up to date
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/tables.py --check
	@$(BIN)/python scripts/wire.py --check
	@$(NPM) run --silent check

format: setup ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(NPM) run --silent format

docs: setup ## Write the generated tables and types
	@$(BIN)/python scripts/tables.py
	@$(BIN)/python scripts/wire.py

lock: setup ## Pin all dependencies anew, with hashes
	@scripts/lock

bench: setup ## Measure speed, memory and start-up, as ratios
	@for file in bench/*.py; do echo "== $$file"; PYTHONPATH=. $(BIN)/python "$$file"; done

clean: ## Remove everything that was installed or built here
	@rm -rf .venv .tools node_modules dist functions/kiro2chat_functions/static .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
