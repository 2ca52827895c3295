# The commands that the README names; each sets up .venv by itself on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
IMAGENET_READY := $(VENV)/.ready-imagenet
DOCS_READY := $(VENV)/.ready-docs
# mypy does not see an editable install, so lint shows it the folders under their installed names.
TYPES := .cache/types
CORE := erm irm group_dro adversarial contrastive resample
SIGNS := signs-image signs-text signs-multimodal
MAIN := $(SIGNS) pretrained-image pretrained-text whac-a-mole-image wording-text conflict-multimodal
DOSES := dose-10-image dose-50-image dose-90-image
# A checkout keeps its results with the package; everybody else's go to ./spurgen-results.
RESULTS := --results benchmark/results
# Rows of your own get into the board's tracked files by `make leaderboard` alone.
OWN_ROWS := $(shell git ls-files --others --exclude-standard benchmark/results 2>/dev/null)
BOARD := --markdown benchmark/leaderboard.md --csv benchmark/leaderboard.csv
BOARD_IMAGENET := --markdown benchmark/leaderboard-v1-imagenet.md --csv benchmark/leaderboard-v1-imagenet.csv
KEPT = @$(if $(OWN_ROWS),echo "benchmark/leaderboard* not renewed: new rows are in benchmark/results; make leaderboard includes them")

SITE_DOCS := $(or $(SITE),site)/docs/index.html
DOC_SOURCES := $(shell git ls-files '*.md' '*.ipynb' 'docs/*' 'benchmark/*.py' 'generators/*.py' 'baselines/*.py' 'harness/metrics/*.py' 2>/dev/null)

SETTING_UP = @echo "setting up $(VENV), which takes a minute or two"

.PHONY: benchmark benchmark-full benchmark-imagenet splits check submit leaderboard site calibrate validity test attacks chaos lint bench ratios vendor sheets docs clean

benchmark: $(READY)  ## the three signs tasks, 3 seeds, the methods that most papers compare with
	$(BIN)/spurgen benchmark --suite v1 --tasks $(SIGNS) --seeds 0-2 --submissions $(CORE) $(RESULTS) $(if $(OWN_ROWS),,$(BOARD))
	$(KEPT)

benchmark-full: $(READY)  ## all of v1, 5 seeds: every method, and on the dose series those that most papers compare with
	$(BIN)/spurgen benchmark --suite v1 --tasks $(DOSES) --seeds 0-4 --submissions $(CORE) $(RESULTS)
	$(BIN)/spurgen benchmark --suite v1 --tasks $(MAIN) --seeds 0-4 $(RESULTS) $(if $(OWN_ROWS),,$(BOARD))
	$(KEPT)

benchmark-imagenet: $(IMAGENET_READY)  ## v1-imagenet, 3 seeds, every method, from ImageNet's EfficientNet-Lite0
	$(BIN)/spurgen benchmark --suite v1-imagenet --seeds 0-2 --yes $(RESULTS) $(if $(OWN_ROWS),,$(BOARD_IMAGENET))
	$(KEPT)

splits: $(READY)  ## regenerate the canonical train and val splits and verify all of v1
	$(BIN)/spurgen splits regenerate --suite v1
	$(BIN)/spurgen splits verify --suite v1

# so that they name the next target instead of the next command
check submit: export SPURGEN_MAKE = 1

submit: $(READY)  ## make submit MODEL=path/to/model.py [TASKS="signs-text signs-image"] [SEEDS=0-4]
	@test -n "$(MODEL)" || { echo "usage: make submit MODEL=path/to/model.py"; exit 2; }
	$(BIN)/spurgen score "$(MODEL)" --suite v1 --tasks $(or $(TASKS),$(SIGNS)) --seeds $(or $(SEEDS),0) $(RESULTS)

check: $(READY)  ## make check MODEL=path/to/model.py
	@test -n "$(MODEL)" || { echo "usage: make check MODEL=path/to/model.py"; exit 2; }
	$(BIN)/spurgen check "$(MODEL)"

leaderboard: $(READY)  ## print both leaderboards and write their files
	$(BIN)/spurgen leaderboard --suite v1 $(RESULTS) $(BOARD) --page README.md
	$(BIN)/spurgen leaderboard --suite v1-imagenet $(RESULTS) $(BOARD_IMAGENET)

site: $(READY) $(SITE_DOCS)  ## leaderboard and documentation as a static site: make site [SUITE=v1] [SITE=site]
	$(BIN)/spurgen site --suite $(or $(SUITE),v1) $(RESULTS) --out $(or $(SITE),site)

calibrate: $(READY)  ## the table of benchmark/CALIBRATION.md
	$(BIN)/spurgen calibrate --suite v1 --seeds 0-4 --yes $(RESULTS) --page benchmark/CALIBRATION.md

validity: $(READY)  ## the report on the benchmark itself, in benchmark/validity/ and docs/validity.md
	$(BIN)/spurgen validity --suite v1 $(RESULTS) --out benchmark/validity --page docs/validity.md

test: $(DEV_READY)
	$(BIN)/pytest -n auto --ignore tests/speed

attacks: $(READY)  ## hostile submissions against the sandbox: the scorecard in docs/sandbox.md
	$(BIN)/python tests/attacks/scorecard.py docs/sandbox.md

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf $(TYPES) && mkdir -p $(TYPES)/spurgen
	for folder in benchmark generators baselines harness; do ln -s $(CURDIR)/$$folder $(TYPES)/spurgen/$$folder; done
	MYPYPATH=$(TYPES) $(BIN)/mypy --namespace-packages --explicit-package-bases -p spurgen
	MYPYPATH=$(TYPES):docs/sphinx $(BIN)/mypy docs/sphinx

chaos: $(DEV_READY)  ## 500 kills of commands at random points; make test has 52 of them
	SPURGEN_KILLS=500 $(BIN)/pytest -n auto tests/chaos

bench: $(DEV_READY)  ## speed and memory, with the targets
	$(BIN)/pytest tests/speed --benchmark-enable --benchmark-columns=median,iqr,rounds -p no:xdist

ratios: $(DEV_READY)  ## our loop, renderer and data sets against what one writes by hand
	$(BIN)/pytest tests/speed -m ratio --benchmark-enable --benchmark-columns=median -p no:xdist

vendor:  ## fetch the JavaScript libraries in their recorded versions: Tabulator for the site, axe-core for its tests
	sh harness/site/vendor/refresh.sh

sheets: $(READY)  ## redraw the pictures in docs/
	$(BIN)/spurgen sheets --out docs

docs: $(SITE_DOCS)  ## the documentation, site/docs/index.html

$(SITE_DOCS): $(DOCS_READY) $(DOC_SOURCES)
	$(BIN)/python docs/sphinx/build.py $(@D) --board ../index.html

$(READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV_READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $(READY) $@

$(IMAGENET_READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[imagenet]"
	@touch $(READY) $@

$(DOCS_READY): pyproject.toml
	$(SETTING_UP)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[docs]"
	@touch $(READY) $@

clean:
	rm -rf $(VENV) data build site *.egg-info
