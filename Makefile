.DEFAULT_GOAL := help
.PHONY: help check format lint types imports test snapshots docs bench torture

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 12

check: lint types imports test  ## everything that must pass before a push

format:  ## rewrite the code in the one format
	ruff check --fix .
	ruff format .

lint:
	ruff check .
	ruff format --check .

types:
	mypy

imports:
	lint-imports

test:  ## the tests alone, three at a time: two cores are never idle
	pytest -n 3 --dist loadfile --no-loadscope-reorder

snapshots:  ## accept the screens as they are now (look at each one first)
	-pytest tests/snapshots --snapshot-update
	cp "tests/snapshots/__snapshots__/test_screens/test_train_vanishing[120x40].svg" docs/train.svg
	pytest tests/snapshots

docs:  ## publish the catalogue and the JSON schemas of events and commands anew
	python -m dlcore.schema docs
	python -m dlcore.catalogue docs

torture:  ## every fault of the full tier; README quotes the table
	DLTUI_TORTURE=full DLTUI_LEDGER=tests/torture/results.md pytest -n 3 --dist loadfile --no-loadscope-reorder tests/torture
	python -m tests.torture.readme

bench:  ## what README's figures come from; some of it: make bench SECTIONS="speed peers"
	python -m benchmarks $(SECTIONS)
	python -m benchmarks.readme
