# make run      everything on this machine: database, web server, worker, SdI simulator, demo company
# make install  the virtual environment and the static files; cheap when nothing has changed
# make test     all checks and tests (what .ci/run runs)
# make lint     only the checks that take seconds
# make bench    measurements: start, five million documents (FATTORINO_MANY=number: fewer), invoices beside
#               bench/ratios.json (ARGS=--write keeps the new ones)
# make soak     long tests (many kills, many mutants)
# make clean    remove what was built; data (var/) stay

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/done
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip install -qq --require-hashes
NOT_INSTALLED := { echo "Dipendenze non installate: controllare la rete e lo spazio su disco, poi ripetere." >&2; exit 1; }

.PHONY: run install test lint bench soak clean
.DEFAULT_GOAL := run
.NOTPARALLEL:

run: export FATTORINO_DEMO ?= 1
run: install
	@exec $(BIN)/python -m fattorino.config.run

install: $(DONE)/project
	@$(BIN)/python scripts/languages.py compile
	@$(BIN)/python -m compileall -q fattorino
	@$(BIN)/python scripts/assets.py

# The tools come over the network while the other processor prepares the files.
test: $(DONE)/project
	@$(MAKE) -s --no-print-directory install & files=$$!; trap 'kill $$files' INT TERM; \
	$(MAKE) -s --no-print-directory $(DONE)/dev; tools=$$?; \
	wait $$files && exit $$tools
	@exec $(BIN)/python scripts/test.py $(ARGS)

lint: install $(DONE)/dev
	@exec $(BIN)/python scripts/test.py --lint

bench: install $(DONE)/dev
	@exec $(BIN)/python scripts/test.py --bench $(ARGS)

soak: install $(DONE)/dev
	@exec $(BIN)/python scripts/test.py --soak $(ARGS)

clean:
	rm -rf $(VENV) .venv-peers .venv-euinvoice build static-build test-output fattorino.egg-info fattorino/web/static/vendor
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find fattorino tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@sh scripts/venv.sh $(VENV)

$(DONE)/base: requirements/base.txt | $(BIN)/python
	@echo "Installo le dipendenze (la prima volta può durare un paio di minuti) ..."
	@$(PIP) -r requirements/base.txt || $(NOT_INSTALLED)
	@mkdir -p $(DONE) && touch $@

# The console script `fattorino`. Built with the pinned setuptools of requirements/base.txt, nothing is fetched.
$(DONE)/project: pyproject.toml $(DONE)/base
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -qq --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DONE)/dev: requirements/dev.txt $(DONE)/base
	@echo "Installo gli strumenti di prova ..."
	@$(PIP) -r requirements/dev.txt || $(NOT_INSTALLED)
	@touch $@
