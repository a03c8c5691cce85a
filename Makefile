# The front door: every target installs what it needs, and does no work twice.
SHELL := /bin/bash
.DELETE_ON_ERROR:

BUILD  := build
GUESTS := $(BUILD)/guests

# What reading disks needs, and what building guests and images in tests needs beyond that.
READ_PACKAGES := libguestfs-tools guestfs-tools qemu-utils qemu-system-x86 linux-image-cloud-amd64 libguestfs-xfs
TEST_PACKAGES := mmdebstrap buildah rdiff zstd e2fsprogs xfsprogs btrfs-progs dosfstools mtools fdisk attr libcap2-bin xz-utils python3
# Programs that results are held against.
TEST_PACKAGES += rpm db5.3-util libsolv-tools pacman-package-manager docker-compose
# What makes packages, repositories and roots of the families other than dpkg.
FAMILY_PACKAGES := rpm dnf zypper createrepo-c gnupg pacman-package-manager makepkg libarchive-tools

# The machines that `make e2e` converts: releases and layouts of disks.
E2E_GUESTS := small demo bullseye-xfs bookworm-btrfs trixie-lvm

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: host-packages build $(GUESTS)/demo.vmdk $(GUESTS)/demo.qcow2 ## build a demo machine and analyse its VMDK
	bin/run.js analyze $(GUESTS)/demo.vmdk --output $(BUILD)/demo-out

.PHONY: build
build: dist/.built ## compile the tool
.PHONY: test
test: host-packages node_modules/.installed dist/.built $(GUESTS)/small.raw ## run every test
	npx ava

.PHONY: check
check: node_modules/.installed ## types, lint and format
	npx tsc --noEmit
	npx biome check .

.PHONY: fix
fix: node_modules/.installed ## mend format and simple lint
	npx biome check --write .

.PHONY: bench
bench: host-packages build $(GUESTS)/demo.raw ## measure against virt-inspector and guestfish, side by side
	npx tsx test/bench/main.ts $(GUESTS)/demo.raw
	npx tsx test/bench/native.ts $(GUESTS)/demo.raw guestfish virt-inspector
	npx tsx test/bench/entries.ts
	@if docker version >/dev/null 2>&1; then npx tsx test/bench/convert.ts $(GUESTS)/demo.raw $(wildcard $(GUESTS)/bookworm-*.raw); \
	else echo 'conversions are not measured: no Docker engine answers'; fi

.PHONY: e2e
e2e: host-packages build $(E2E_GUESTS:%=$(GUESTS)/%.raw) ## whole machines: booted, asked, converted, compared (an hour)
	npx tsx test/e2e/services.ts
	npx tsx test/e2e/ports-truth.ts
	npx tsx test/e2e/ports-truth.ts --edits
	@.ci/host-packages docker.io docker-compose
	npx tsx test/e2e/compose-live.ts
	test/e2e/compare-disks.sh $(E2E_GUESTS)
	npx tsx test/e2e/lost-versions.ts
	@.ci/host-packages $(FAMILY_PACKAGES)
	npx ava --config ava.e2e.config.js

.PHONY: scenarios
scenarios: host-packages build ## the thesis's scenarios A to E on real guests, built with buildah, as its tables
	npx tsx test/e2e/scenarios.ts --engine buildah
	@.ci/host-packages $(FAMILY_PACKAGES)
	npx tsx test/e2e/scenarios.ts --engine buildah --family rpm

.PHONY: tool-image
tool-image: host-packages build ## build the tool as a container image (ENGINE=, BASE=)
	images/tool/build

.PHONY: images
images: host-packages $(GUESTS)/demo.vmdk $(GUESTS)/demo.qcow2 $(GUESTS)/small.raw ## build the guest disks of the demo and the tests

.PHONY: clean
clean: ## remove everything that was built
	rm -rf dist $(BUILD) node_modules vm2docker-out

.PHONY: host-packages
host-packages:
	@.ci/host-packages $(READ_PACKAGES) $(TEST_PACKAGES)

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

dist/.built: node_modules/.installed tsconfig.json package.json $(shell find src -type f)
	rm -rf dist
	npx tsc --noEmit
	npm run --silent build -- --log-level=warning
	@touch $@

$(GUESTS)/%.raw: images/%/recipe.sh images/build-guest images/apt-sources $(shell find images -type f) | host-packages
	@mkdir -p $(@D)
	images/build-guest images/$* $@

$(GUESTS)/%.qcow2: $(GUESTS)/%.raw
	qemu-img convert -p -f raw -O qcow2 $< $@.partial
	@mv $@.partial $@

$(GUESTS)/%.vmdk: $(GUESTS)/%.raw
	qemu-img convert -p -f raw -O vmdk -o subformat=streamOptimized $< $@.partial
	@mv $@.partial $@
