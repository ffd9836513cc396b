# What a person or CI does with a checkout. Needs Python 3.11 or newer and make; all else it gets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-faults test-redis test-field test-container test-docs test-dist dist modules fuzz lint types bench translations embed handbook docs vendor lock chromium clean

VENV := .venv/bin
JAVASCRIPT := $(shell find stats_service -name '*.js')
# Where containers and CI say so, Python keeps no bytecode, and then each of the service's processes
# compiles all of its packages anew: two seconds of every start, in the tests a hundred times over.
export PYTHONDONTWRITEBYTECODE :=
LOCK := $(VENV)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: .venv/run.stamp ## run the service with a demo portal page; Ctrl-C stops it
	@exec $(VENV)/stats-service demo

test: .venv/test.stamp chromium lint types ## lint, types and every test but the slow ones
	$(VENV)/python -m pytest -m "not faults and not field and not container and not documentation and not dist"

test-faults: .venv/faults.stamp ## break servers under load (minutes; wants root and nginx)
	$(VENV)/python -m tests.faults

test-redis: .venv/test.stamp ## the tests against an ACL user, Sentinel and Cluster (long)
	@for kind in acl sentinel cluster; do \
	    $(VENV)/python -m pytest --redis=$$kind -m "not faults and not browser and not field and not container and not dist" || exit 1; done

test-field: .venv/test.stamp chromium ## real systems of portals; says what is not installed (minutes)
	$(VENV)/python -m pytest -m field -rs

test-container: .venv/test.stamp ## docker-compose.yml on an engine of its own (minutes; wants root and Debian)
	$(VENV)/python -m pytest -m container -rs -s

test-docs: .venv/test.stamp .venv/docs.stamp chromium ## the documentation, built and read in a browser
	$(VENV)/python -m pytest -m documentation

test-dist: .venv/test.stamp ## install the wheel with pip and uv for each Python here (minutes)
	$(VENV)/python -m pytest -m dist -rs

dist: .venv/test.stamp ## build the wheel and the source distribution, the same bytes from a commit
	@git diff --quiet HEAD || echo "Warning: changes that are not committed are built as well." >&2
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(VENV)/python -m build --no-isolation
	cd dist && sha256sum *.whl *.tar.gz >SHA256SUMS

modules: .venv/test.stamp ## build the files that webmasters of WordPress and NukeViet upload
	$(VENV)/python -m tools.modules

fuzz: .venv/faults.stamp ## look for inputs that break a parser (an hour)
	@for target in article origin address body token; do \
	    mkdir -p tests/faults/out/fuzz/$$target && $(VENV)/python -m tests.faults.fuzz $$target \
	        -max_total_time=720 -timeout=5 -artifact_prefix=tests/faults/out/fuzz/ \
	        tests/faults/out/fuzz/$$target || exit 1; done

lint: .venv/test.stamp .venv/eslint.stamp ## ruff: lint and format; ESLint
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .

types: .venv/test.stamp .venv/tsc.stamp ## mypy, strict; TypeScript for the JavaScript
	$(VENV)/mypy

bench: .venv/test.stamp ## measure page views per second
	$(VENV)/python -m benchmarks

translations: .venv/test.stamp ## bring the Vietnamese catalog up to date and compile it
	$(VENV)/python -m tools.translations

embed: .venv/test.stamp ## build the script that portals embed
	$(VENV)/python -m tools.build_embed

handbook: .venv/test.stamp ## make the pages of docs/ that the admin pages show
	$(VENV)/python -m tools.handbook

docs: .venv/docs.stamp ## build docs/ as a site with a search, in build/docs
	$(VENV)/python -m tools.documentation

vendor: .venv/test.stamp ## fetch the chart library of the admin pages (needs npm)
	$(VENV)/python -m tools.vendor

lock: .venv/run.stamp ## resolve pyproject.toml into requirements/ again
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --group test --constraint requirements/run.txt -o requirements/test.txt
	$(LOCK) pyproject.toml --group faults --constraint requirements/test.txt \
	    -o requirements/faults.txt
	$(LOCK) --group pyproject.toml:docs --constraint requirements/faults.txt \
	    -o requirements/docs.txt
	echo uv | $(LOCK) - -o requirements/installer.txt

clean: ## remove what was made, except the data folder
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tools/js/node_modules

# The environment has one stamp for each set of packages; test.txt contains all of run.txt.
.venv/run.stamp: requirements/run.txt requirements/installer.txt scripts/python-environment
	@scripts/python-environment requirements/run.txt
	@touch $@

.venv/test.stamp: requirements/test.txt requirements/installer.txt scripts/python-environment
	@scripts/python-environment requirements/test.txt
	@touch $@ .venv/run.stamp

.venv/faults.stamp: requirements/faults.txt requirements/installer.txt scripts/python-environment
	@scripts/python-environment requirements/faults.txt
	@touch $@ .venv/test.stamp .venv/run.stamp

# Beside the others, of which it has the same versions.
.venv/docs.stamp: requirements/docs.txt requirements/installer.txt scripts/python-environment
	@scripts/python-environment requirements/docs.txt
	@touch $@

# What looks at the JavaScript: Node comes as a wheel, its packages by their lock file. Each looks
# again only if something has changed.
.venv/js.stamp: tools/js/package.json tools/js/package-lock.json .venv/test.stamp
	@echo "Installing tools/js/package-lock.json."
	@$(VENV)/npm ci --prefix tools/js --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.venv/eslint.stamp: .venv/js.stamp tools/js/eslint.config.js $(JAVASCRIPT)
	$(VENV)/node tools/js/node_modules/eslint/bin/eslint.js --config tools/js/eslint.config.js \
	    --max-warnings 0 stats_service
	@touch $@

.venv/tsc.stamp: .venv/js.stamp $(wildcard tools/js/*.json tools/js/*.d.ts) $(JAVASCRIPT)
	$(VENV)/node tools/js/node_modules/typescript/bin/tsc --project tools/js
	$(VENV)/node tools/js/node_modules/typescript/bin/tsc --project tools/js/pages.json
	@touch $@

chromium:
	@scripts/chromium >/dev/null
