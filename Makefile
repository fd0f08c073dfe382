# The front door: short names for what scripts/ and the CMake presets do. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help deps build demo packages test test-asan test-tsan fuzz format lint bench-archive bench-archive-map bench-page screenshots bench-products bench-preparing bench-ct bench-peers bench-training bench-serving test-gpu bench-gpu clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what building and testing need and this Debian lacks
	@scripts/install_deps.sh build test demo

build: ## the optimised program, at build/mi2, and the library
	@scripts/install_deps.sh build
	@scripts/build.sh release mi2 libmi2

demo: ## build, then run the starter model on real images; makes an archive of them, and searches it
	@demo/announce.sh
	@scripts/install_deps.sh build demo
	@MI2_WITH_TORCH=$${MI2_WITH_TORCH:-$$(test -d build/torch && echo ON || echo OFF)} scripts/build.sh release mi2
	@demo/run.sh

packages: ## a .deb, a tarball and a wheel for others, in build/packages
	@scripts/install_deps.sh build packages
	@scripts/packages.sh

test: ## every test, as CI runs them (first run 75 minutes on 2 cores)
	@scripts/test.sh

test-asan: ## the tests under the address and undefined-behaviour sanitizers
	@scripts/test.sh deps python golden asan

test-tsan: ## the tests of what has threads, under the thread sanitizer
	@scripts/test.sh deps python golden tsan

fuzz: ## each fuzz target for MI2_FUZZ_SECONDS (30; `make test` gives each 5)
	@MI2_FUZZ_SECONDS=$${MI2_FUZZ_SECONDS:-30} scripts/test.sh deps fuzz

format: ## rewrite our sources with clang-format
	@scripts/install_deps.sh test
	@scripts/check_format.sh --fix

lint: ## include directions, formatting, clang-tidy
	@scripts/test.sh deps python release layers format tidy

bench-products: ## every matrix product of the model, against oneDNN; PRODUCTS="DTYPE THREADS ROUNDS NAME"
	@scripts/install_deps.sh build
	@scripts/build.sh release mi2_products
	@build/release/bench/products/mi2_products $(PRODUCTS)

PREPARING ?= azure 480 9 tests/golden/data/images
bench-preparing: ## how fast images are prepared, by format and stage; PREPARING="PROFILE SIZE ROUNDS PATH..."
	@scripts/install_deps.sh build
	@scripts/build.sh release mi2_preparing
	@build/release/bench/preparing/mi2_preparing $(PREPARING)

CT ?= 100 7
bench-ct: ## how fast slices of a CT are read, beside DCMTK alone; CT="SLICES ROUNDS FOLDER"
	@scripts/install_deps.sh build
	@scripts/build.sh release mi2_ct_series
	@build/release/bench/preparing/mi2_ct_series $(CT)

bench-archive: ## race the archive's search against FAISS and pgvector, and adding to it against embedding, curl and DCMTK; ARCHIVE="--studies 3031 --rounds 3" or ARCHIVE="--pgvector"
	@bench/archive/run.sh $(ARCHIVE)

bench-archive-map: ## race the archive's map against umap-learn; MAP="--images FOLDER" or MAP="--archive FOLDER"
	@bench/archive/map_run.sh $(MAP)

bench-peers: ## race mi2 against other runtimes (20 minutes or more; RACE="--all" for every case)
	@bench/peers/run.sh $(RACE)

bench-page: ## time the page of mi2 serve with 10^5 images, in Chromium; PAGE="--images 100000 --searches 20"
	@bench/page/run.sh $(PAGE)

screenshots: ## photograph the page with the archive of make demo, into build/screenshots; docs/images has some of them
	@scripts/install_deps.sh test
	@node web/screenshots.mjs build/mi2 models/starter build/demo/archive build/screenshots

bench-training: ## race training steps against plain PyTorch
	@bench/training/run.sh $(TRAINING)

bench-serving: ## load on mi2 serve beside mi2 bench (5 minutes; LOAD="--flatness 1e5" for more)
	@bench/serving/run.sh $(LOAD)

GPU ?= --device cuda
test-gpu: ## check a GPU against the golden values, within minutes; GPU="--device torch" tries the script on the CPU
	@scripts/gpu_check.sh --parts tests $(GPU)

bench-gpu: ## time a GPU beside PyTorch; GPU="--device cuda:1 --python PYTHON"
	@scripts/gpu_check.sh --parts bench $(GPU)

clean: ## remove everything that was built
	rm -rf build
