# Two commands matter: `make demo` and `make test`. `make help` explains them all. The longer steps stand in .ci/.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help install demo test bench lint clean

help: ## say what each command does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## make .venv with the project in it; starts nothing
	@PYTHON="$(PYTHON)" sh .ci/install.sh

demo: install ## the identity provider and three portals on this machine (PORT=8000 and the three after it)
	@exec $(BIN)/idp demo --port $(PORT)

test: ## all set-up, then all tests; installs the services they need where it can
	@PYTHON="$(PYTHON)" sh .ci/install.sh test
	@sh .ci/services.sh redis-server postgresql chromium fonts-noto-cjk curl apache2 libapache2-mod-auth-openidc libapache2-mod-auth-mellon libapache2-mod-shib shibboleth-sp-utils openssl xmlsec1
	@exec $(BIN)/python -m pytest $(if $(TESTS),$(TESTS),-n 3 --dist loadfile) $(ARGS)

bench: ## measure hops, sign-ins and SAML turns per second beside a bare floor, and what servers ask in between
	@PYTHON="$(PYTHON)" sh .ci/install.sh test
	@sh .ci/services.sh redis-server wrk xmlsec1
	@exec $(BIN)/python -m tests.bench

lint: ## ruff (rules and format) on everything, and mypy --strict on our packages
	@PYTHON="$(PYTHON)" sh .ci/install.sh test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet --diff .
	@$(BIN)/mypy

clean: ## remove what the others made: .venv, the demo's data (var/), build output and caches
	@rm -rf .venv var build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "clean: done"
