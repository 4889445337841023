# `make help` lists what there is. The plain pip lines behind the first targets stand in the README.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
# Processes that run tests; they wait as often as they work.
WORKERS ?= 3

.PHONY: demo test quick verdict lint clean help newest coverage proof fuzz matrix huge hooks vectors ern bench samples signed docs picture lock licences sbom audit system

##@ Daily use

demo: $(VENV)/.user ## a virtual environment with provlabel in it, and a walk over real files
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh samples/demo.sh

test: $(STAMP) ## all tests, or TESTS=tests/verdict; installs what they need
	$(PYTEST) -n $(WORKERS) --dist worksteal $(TESTS)

# What decides by itself, and those of its tests that start no worker and no command line.
QUICK := tests/verdict tests/law tests/policy tests/label tests/trust/test_credentials.py tests/manifest/test_cbor.py \
	tests/manifest/test_limits.py tests/carriers/test_mappings.py tests/project/test_layout.py tests/project/test_exports.py
quick: $(STAMP) ## the pure tests, in less than 30 seconds
	$(PYTEST) -n 2 --dist worksteal -q --pure $(QUICK)

# By their own tests alone.
verdict: $(STAMP) ## the pure modules of verdicts: every branch is reached
	$(PYTEST) -q tests/verdict tests/manifest/test_codes.py tests/carriers/test_mappings.py \
		--cov=provlabel.verdict --cov=provlabel.carriers.compare --cov=provlabel.manifest.codes --cov-branch --cov-report=term-missing --cov-fail-under=100

lint: $(STAMP) ## format, rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) $(NEWEST) .demo build dist .pytest_cache .mypy_cache .ruff_cache .coverage*

# The default stays demo.
help: ## this list
	@awk 'BEGIN { FS = ":[^#]*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Slow suites

# What a user gets today: strangers' releases can turn it red, so it is no part of .ci/run.
NEWEST := .venv-newest
newest: ## the quick tests with the newest dependencies that pyproject.toml allows, in place of the lock; nightly
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.in -e '.[awskms,html,pictures,pkcs11,second-opinion]'
	$(NEWEST)/bin/python -m pytest -n 2 --dist worksteal -q --pure $(QUICK)

coverage: $(STAMP) ## all tests, with the lines and branches that they do not reach; twice as long
	$(PYTEST) -n 2 --dist worksteal --cov --cov-report=term

proof: $(STAMP) ## promises of reliability, counted: all, or PROOF=NAME; SEED=, SCALE= (below 1 keeps nothing)
	$(BIN)/python -m compileall -q src
	$(BIN)/python proof/proofs.py $(PROOF) $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE))

# Hostile bytes for each parser and hostile manifests through the whole reading path: 200 seconds for the first, and
# 8,000 of the second; or half of FUZZ_SECONDS for each.
fuzz: $(STAMP) ## hostile bytes and manifests for five minutes, or for FUZZ_SECONDS=10800 as at night
	$(BIN)/python -m compileall -q src
	$(BIN)/python fuzz/corpora.py
	$(BIN)/python fuzz/run.py --total $(if $(FUZZ_SECONDS),$$(($(FUZZ_SECONDS) / 2)),200)
	$(BIN)/python fuzz/structures.py --seed $$(date +%s) $(if $(FUZZ_SECONDS),\
		--structures 100000000 --mutations 0 --seconds $$(($(FUZZ_SECONDS) / 2)),--structures 4000 --mutations 4000)

matrix: $(STAMP) ## every format with every example label, 200 changed bytes each
	PROVLABEL_CHANGES=200 $(PYTEST) -q tests/scenarios/test_matrix.py

huge: $(STAMP) ## files around 2 and 4 GiB; minutes, and 10 GB of disk
	TMPDIR=$${TMPDIR:-/tmp} $(PYTEST) -q tests/scenarios/huge_files.py

# Needs the package registry.
hooks: $(STAMP) ## pre-commit hooks and GitHub Action, installed from a clone as their users get them
	bash tests/docs/hooks.sh

# Those of the three that are compared, or RUN="my-verifier {file} --trust {trust}", RUN=my_adapter.py. RECORD=1 keeps what they say.
OUT ?= build/vectors
vectors: $(STAMP) ## files for other verifiers, in OUT=FOLDER, and what RUN="verifier {file} …" says of them (docs/vectors.md)
	$(BIN)/python tests/scenarios/conformance/build.py $(OUT)
	$(BIN)/python tests/scenarios/conformance/run.py $(OUT) $(if $(RUN),--run "$$RUN") $(if $(RECORD),--record)

ern: $(STAMP) ## DDEX messages against the XSD of ERN 4.3.2, which DDEX licenses: XSD=…/release-notification.xsd
	PROVLABEL_ERN_XSD=$(XSD) $(PYTEST) -q tests/exchange/test_ddex.py

##@ Benches

# run: ratios against the bare engine, another verifier, SHA-256 and a copy · large: the same for a sound of 3 GB ·
# tree: a gate over 2,000 pictures · batch: a catalogue of 5,000 pictures, and ten kills · carriers: what default
# carriers cost · signers: 200 labels with a slow signer · session: one label of many, from memory · sizes: where the
# bytes of a manifest go
BENCH ?= run
bench: $(STAMP) ## what a run costs, as ratios; or BENCH=large, tree, batch, carriers, signers, session, sizes
	$(BIN)/python -m compileall -q src
	$(BIN)/python $(if $(filter large,$(BENCH)),bench/run.py large,bench/$(BENCH).py)

##@ Generated files

docs: $(STAMP) ## schemas/, the tables in docs/, spec/vectors/
	$(BIN)/python docs/generate.py

samples: $(STAMP) ## samples/media/
	$(BIN)/python samples/make_samples.py

# To be verified by all later versions: samples/signed/README.md.
signed: $(STAMP) ## what this version signs: what is missing in its folder of samples/signed/, and nothing else
	$(BIN)/python samples/sign_samples.py

picture: $(STAMP) ## the picture of an HTML report in the README; needs Chromium
	$(BIN)/python docs/picture.py

lock: $(STAMP) ## requirements-dev.txt, from pyproject.toml and requirements-dev.in; UPGRADE=--upgrade for newer ones
	$(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.10 --all-extras --generate-hashes --no-strip-extras $(UPGRADE) \
		--custom-compile-command 'make lock' -o requirements-dev.txt pyproject.toml requirements-dev.in

licences: $(STAMP) ## the page of all dependencies and their licences
	$(BIN)/python release/licences.py

##@ Release

sbom: $(STAMP) ## the bill of materials that lies beside the wheel (docs/adr/0019-supply-chain.md)
	$(BIN)/python release/sbom.py

audit: $(STAMP) ## known vulnerabilities of what the lock names; fails where it could not ask
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.txt

##@ Machine

# Judges of tests; without them those tests skip and say so.
system: ## Debian packages that some tests want
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends ffmpeg libimage-exiftool-perl flac gcc libc6-dev openssl \
		libheif-examples libjxl-tools mediainfo faketime softhsm2 kid3-cli git chromium poppler-utils strace util-linux mount \
		nodejs node-typescript

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check '.[html]'
	touch $@

# What is installed is what the lock names by its hash; provlabel itself comes from here.
$(STAMP): pyproject.toml requirements-dev.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
