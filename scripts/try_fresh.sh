#!/usr/bin/env bash
# Tries the project on a fresh Debian 12: a minimal system in a folder, a clone of the last commit, each target twice.
#   try_fresh.sh FOLDER [TARGET...]      targets of make; default: demo test
# Needs root and debootstrap. FOLDER is made if it is not there and keeps what was installed in it; remove it for a
# machine with nothing. The network settings of this machine (resolver, certificates, proxies) are taken along, and a
# mirror of Debian's in MI2_DEBIAN_MIRROR.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/chroot.sh

folder=$(realpath -m "${1:?usage: try_fresh.sh FOLDER [TARGET...]}")
shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(demo test)

chroot_need debootstrap
chroot_make bookworm "$folder"
chroot_take_settings "$folder"
chroot_pass MI2_FUZZ_SECONDS MI2_SKIP_FULL MI2_WITH_TORCH

rm -rf "$folder/srv/mi2"
git clone --quiet --no-hardlinks . "$folder/srv/mi2"

chroot_run "$folder" sh -c \
  'command -v make >/dev/null || { apt-get update -qq && apt-get install -y -qq make; } >/dev/null'
for target in "${targets[@]}"; do
  for round in first second; do
    start=$SECONDS
    chroot_run "$folder" make -C /srv/mi2 "$target"
    echo "try_fresh: make $target, $round time: $((SECONDS - start)) s"
  done
done
