#!/bin/bash
# Converts the machines of images/ from their disks alone, builds them with buildah, and lets compare-layers.py, which shares no code
# with the tool, compare the layers with the file systems as the host's kernel shows them. As root.
# usage: compare-disks.sh RECIPE...
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d /tmp/compare-disks.XXXXXX)
store=$(mktemp -d /tmp/compare-disks-store.XXXXXX)
loop=
cleanup() {
  mountpoint -q "$scratch/root" && umount -R "$scratch/root"
  [ -z "$loop" ] || losetup -d "$loop"
  # Mounted only while an engine ran as root without a user namespace of its own.
  umount "$store/graph/overlay" "$store/run" 2>/dev/null || true
  rm -rf --one-file-system "$scratch" "$store"
}
trap cleanup EXIT
# A store of its own: nothing stays in the host's.
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$store" "$store" >"$store/storage.conf"
export CONTAINERS_STORAGE_CONF=$store/storage.conf

show_root() {
  local disk=$1 layout=$2
  mkdir "$scratch/root"
  if [ "$layout" = lvm ]; then
    # The host may lack a device mapper: the appliance brings the tree out.
    guestfish --ro --format=raw -a "$disk" -i tar-out / - xattrs:true | tar -C "$scratch/root" --numeric-owner --xattrs --xattrs-include='*' -xpf -
    return
  fi
  loop=$(losetup --find --show --read-only --offset 1048576 "$disk")
  case $layout in
  btrfs)
    mount -o ro,subvol=@rootfs "$loop" "$scratch/root"
    mount -o ro,subvol=@home "$loop" "$scratch/root/home"
    mount -o ro,subvol=@log "$loop" "$scratch/root/var/log"
    ;;
  xfs) mount -o ro,norecovery,nouuid "$loop" "$scratch/root" ;;
  *) mount -o ro,noload "$loop" "$scratch/root" ;;
  esac
}

status=0
for recipe in "$@"; do
  disk=build/guests/$recipe.raw
  layout=$(LAYOUT=ext4; . "images/$recipe/recipe.sh" && echo "$LAYOUT")
  echo "== $recipe ($layout)"
  bin/run.js convert "$disk" --reader auto --output "$scratch/out" --engine none --base-image scratch --packages disk >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  ENGINE=buildah BUILD_FLAGS='--isolation chroot --network host' "$scratch/out/build.sh" >"$scratch/log" 2>&1 || { tail "$scratch/log"; exit 1; }
  buildah push --quiet --disable-compression "vm2docker/$recipe" "oci:$scratch/oci:machine"
  show_root "$disk" "$layout"
  python3 test/e2e/compare-layers.py "$scratch/oci" "$scratch/root" "$scratch/out/report.json" "$recipe" --strict-times || status=1
  buildah rmi "vm2docker/$recipe" >/dev/null
  mountpoint -q "$scratch/root" && umount -R "$scratch/root"
  [ -z "$loop" ] || losetup -d "$loop"
  loop=
  rm -rf --one-file-system "$scratch"/*
done
exit $status
