#!/usr/bin/env bash
# Builds what `make packages` does, of this checkout's last commit, on another release of Debian.
#   packages_in.sh FOLDER RELEASE [deb] [tarball] [wheel]     default: deb wheel
# The tarball needs no other: that of the oldest release runs on the later ones. The packages come into this checkout's
# build/packages. Needs root, debootstrap and a network; FOLDER/RELEASE.build keeps the system and its compiler cache.
# The network settings of this machine are taken along, and a mirror of Debian's in MI2_DEBIAN_MIRROR.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/chroot.sh

[[ $# -ge 2 && $1 != -* && $2 =~ ^[a-z]+$ ]] || {
  echo "usage: packages_in.sh FOLDER RELEASE [deb] [tarball] [wheel]" >&2
  exit 2
}
release=$2
root=$(realpath -m "$1")/$release.build
kinds=("${@:3}")
[[ ${#kinds[@]} -gt 0 ]] || kinds=(deb wheel)

chroot_need debootstrap git
chroot_make "$release" "$root"
chroot_take_settings "$root"

rm -rf "$root/srv/mi2"
git clone --quiet --no-hardlinks . "$root/srv/mi2"
chroot_run "$root" sh -c 'cd /srv/mi2 && scripts/install_deps.sh build packages && scripts/packages.sh "$@"' _ "${kinds[@]}"
mkdir -p build/packages
find "$root/srv/mi2/build/packages" -maxdepth 1 -type f -exec cp --target-directory build/packages {} + -print
