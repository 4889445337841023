# The plain pip lines behind each target stand in the README.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test verdict coverage lint proof fuzz fuzz-nightly bench bench-large bench-signers bench-tree bench-batch bench-carriers huge sizes matrix samples signed schemas docs hooks ern lock audit licences sbom picture system clean

# Make a virtual environment, install provlabel, and show it at work on real files.
demo: $(VENV)/.user
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh samples/demo.sh

# Install everything and run all tests.
test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The pure modules of verdicts: every branch, by their own tests alone.
verdict: $(STAMP)
	$(BIN)/python -m pytest -q tests/verdict/test_verdict.py tests/manifest/test_codes.py tests/carriers/test_mappings.py tests/verdict/test_opinions.py \
		--cov=provlabel.verdict --cov=provlabel.carriers.compare --cov=provlabel.verdict.opinions --cov-branch \
		--cov-report=term-missing --cov-fail-under=100

# All tests again, with the lines and branches that they do not reach; takes twice as long.
coverage: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# What is promised about reliability, counted: all parts, or PROOF=NAME; SEED, SCALE (less than 1 keeps nothing).
proof: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python proof/proofs.py $(PROOF) $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE))

# Hostile bytes for each of our parsers, and hostile manifests through the whole reading path: about five minutes.
fuzz: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python fuzz/corpora.py
	$(BIN)/python fuzz/run.py --total 200
	$(BIN)/python fuzz/structures.py --structures 4000 --mutations 4000 --seed $$(date +%s)

# The same for FUZZ_SECONDS, three hours unless they are given.
FUZZ_SECONDS ?= 10800
fuzz-nightly: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python fuzz/corpora.py
	$(BIN)/python fuzz/run.py --total $$(($(FUZZ_SECONDS) / 2))
	$(BIN)/python fuzz/structures.py --structures 100000000 --mutations 0 --seed $$(date +%s) --seconds $$(($(FUZZ_SECONDS) / 2))

# Ratios against the bare engine, another verifier, SHA-256 and a copy: CPU, time and memory of whole processes, in one run.
bench: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/run.py

# The same for a sound of 3 GB.
bench-large: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/run.py large

# 200 labels by 4 workers, with a signer that takes 20 ms, against the same with a key in a file.
bench-signers: $(STAMP)
	$(BIN)/python bench/signers.py

# A gate over 2,000 small pictures: files a second, the second run, memory.
bench-tree: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/tree.py

# A catalogue of 5,000 small pictures: files a second, cores, memory, and ten kills.
bench-batch: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/batch.py

# What default carriers cost on top of the manifest, in time and memory.
bench-carriers: $(STAMP)
	$(BIN)/python -m compileall -q src
	$(BIN)/python bench/carriers.py

# Files around 2 and 4 GiB in every container that is written by streaming; minutes, and 10 GB of disk.
huge: $(STAMP)
	$(BIN)/python -m pytest -q tests/scenarios/huge_files.py

# Where the bytes of a manifest go.
sizes: $(STAMP)
	$(BIN)/python bench/sizes.py

# Every format x every example label, 200 changed bytes each.
matrix: $(STAMP)
	PROVLABEL_CHANGES=200 $(BIN)/python -m pytest -q tests/scenarios/test_matrix.py

# The pre-commit hooks and the GitHub Action, installed from a clone as their users get them; needs the package registry.
hooks: $(STAMP)
	bash tests/docs/hooks.sh

# What is made from the code or by a script, and committed.
samples: $(STAMP)
	$(BIN)/python samples/make_samples.py

# What this version signs, to be verified by all later ones (samples/signed/README.md); refuses to write a folder again.
signed: $(STAMP)
	$(BIN)/python samples/sign_samples.py
schemas docs: $(STAMP)
	$(BIN)/python docs/generate.py

# What is written for DDEX, judged by the XSD of ERN 4.3.2, which DDEX licenses: make ern XSD=…/release-notification.xsd
ern: $(STAMP)
	PROVLABEL_ERN_XSD=$(XSD) $(BIN)/python -m pytest -q tests/exchange/test_ddex.py

# The lock of development dependencies, from pyproject.toml and requirements-dev.in; make lock UPGRADE=--upgrade for newer ones.
lock: $(STAMP)
	$(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.10 --all-extras --generate-hashes --no-strip-extras $(UPGRADE) \
		--custom-compile-command 'make lock' -o requirements-dev.txt pyproject.toml requirements-dev.in

# Known vulnerabilities of what the lock names; needs the network, and fails where it could not ask.
audit: $(STAMP)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.txt

# Licences of all dependencies, and the bill of materials that is released beside the wheel (docs/adr/0019-supply-chain.md).
licences: $(STAMP)
	$(BIN)/python release/licences.py
sbom: $(STAMP)
	$(BIN)/python release/sbom.py

# The picture of an HTML report in the README, drawn with Chromium.
picture: $(STAMP)
	$(BIN)/python docs/picture.py

# Debian packages that some tests want as judges; without them those tests skip and say so.
system:
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends ffmpeg libimage-exiftool-perl flac gcc libc6-dev openssl \
		libheif-examples libjxl-tools faketime softhsm2 git chromium poppler-utils strace

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

clean:
	rm -rf $(VENV) .demo build dist .pytest_cache .mypy_cache .ruff_cache .coverage*
