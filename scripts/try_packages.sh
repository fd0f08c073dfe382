#!/usr/bin/env bash
# Tries what `make packages` and packages_in.sh built on bare Debian systems, as a user would: installs, embeds, compares,
# removes.
#   try_packages.sh [--json] FOLDER [RELEASE...]      default: bookworm trixie
# A .deb, a tarball and a wheel of build/packages each get a copy of a bare system of their own: the .deb of this release
# or, if there is none, another's; the first wheel that its Python takes. It has to report its version
# and to write the same bytes as build/mi2 of three small images; the wheel's Python functions give the same vectors; of
# the .deb nothing may be left once it is purged. A package that a release cannot take is named with the reason, which
# is no failure where README.md's table says so. Prints a table, or JSON; progress goes to standard error.
# Needs root, debootstrap, a network and 2 GB. The bare systems stay in FOLDER/RELEASE for the next time; the logs are
# FOLDER/RELEASE.PACKAGE.log. This machine's network settings are taken along, and a mirror in MI2_DEBIAN_MIRROR.
# Status: 0; 1, a package failed, or README.md is wrong about it, or something is missing; 2, the arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/chroot.sh
export LC_ALL=C.UTF-8  # elsewhere, the clock has a decimal comma

format=()
arguments=()
for argument in "$@"; do
  case $argument in
    --json) format=(--json) ;;
    -*) echo "try_packages: unknown option $argument; expected --json" >&2; exit 2 ;;
    *) arguments+=("$argument") ;;
  esac
done
[[ ${#arguments[@]} -gt 0 ]] || { echo "usage: try_packages.sh [--json] FOLDER [RELEASE...]" >&2; exit 2; }
folder=$(realpath -m "${arguments[0]}")
releases=("${arguments[@]:1}")
[[ ${#releases[@]} -gt 0 ]] || releases=(bookworm trixie)
for release in "${releases[@]}"; do
  [[ $release =~ ^[a-z]+$ ]] || {
    echo "try_packages: expected a release of Debian such as bookworm, got $release" >&2
    exit 2
  }
done

version=$(sed -n 's/^project(mi2 VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
declare -A patterns=(
  [tarball]="mi2-$version-linux-$(uname -m).tar.gz"
  [deb]="mi2_$version-*_$(dpkg --print-architecture).deb"
  [wheel]="medimageinsight-$version-*_$(uname -m).whl"
)
# packages_of KIND: its files in build/packages.
packages_of() { compgen -G "build/packages/${patterns[$1]}" | sort; }
for kind in "${!patterns[@]}"; do
  [[ -n $(packages_of "$kind") ]] || {
    echo "try_packages: build/packages: expected a ${patterns[$kind]}, found none (make packages)" >&2
    exit 1
  }
done
[[ -x build/mi2 ]] || { echo "try_packages: needs build/mi2 to compare with (make build)" >&2; exit 1; }
chroot_need debootstrap python3

work=$(mktemp -d)
root=
trap 'rm -rf "$work"; [[ -z $root ]] || chroot_remove "$root"' EXIT
records=$work/records
images=(photo.jpg grey.png scan.dcm)
mkdir "$work/try"
cp tests/golden/data/images/colour_a.jpg "$work/try/photo.jpg"
cp tests/golden/data/images/gray.png "$work/try/grey.png"
cp fuzz/corpus/dicom/j2k.dcm "$work/try/scan.dcm"
cp -r models/starter "$work/try/starter"
program=$(realpath build/mi2)
(cd "$work/try" && "$program" embed --model starter "${images[@]}" >expected.jsonl)
expected_sha256=$(sha256sum "$work/try/expected.jsonl" | cut -d ' ' -f 1)

# What is known of the trial at hand: note KEY VALUE. refuse and fail end it.
note() { printf '%s\t%s\t%s\t%s\n' "$release" "$kind" "$1" "$2" >>"$records"; }
refuse() { note reason "$1"; exit 3; }
fail() { note reason "$1"; exit 1; }

inside() { chroot_run "$root" env --chdir=/try "$@" </dev/null; }

# note_file NAME: the package that is tried.
note_file() {
  note file "$(basename "$1")"
  note bytes "$(stat --format %s "$root/try/$1")"
}

# What apt cannot download is an error here, not a package that the release lacks.
update() { inside apt-get update -qq -o APT::Update::Error-Mode=any; }

# timed COMMAND...: runs it inside and notes the seconds.
timed() {
  local start=$EPOCHREALTIME
  inside "$@" || return
  note seconds "$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')"
}

# check PROGRAM MODEL: reports its version and writes what build/mi2 does.
check() {
  local found
  found=$(inside "$1" --version)
  [[ ${found%%$'\n'*} == "mi2 $version" ]] || fail "--version: expected mi2 $version, found ${found%%$'\n'*}"
  inside "$1" embed --model "$2" "${images[@]}" >"$root/try/found.jsonl"
  found=$(sha256sum "$root/try/found.jsonl" | cut -d ' ' -f 1)
  note sha256 "$found"
  [[ $found == "$expected_sha256" ]] || fail "other vectors than build/mi2"
}

try_tarball() {
  local name glibc
  name=$(basename "$1")
  note_file "$name"
  timed tar --extract --gzip --file "$name" --directory /opt
  note installed_kib "$(du -sk "$root/opt" | cut -f 1)"
  local unpacked=/opt/${name%.tar.gz}
  if ! inside "$unpacked/bin/mi2" --version 2>"$work/errors"; then
    cat "$work/errors"
    glibc=$(grep -o 'GLIBC_[0-9.]*' "$work/errors" | sort -uV | tail -n 1) || fail "mi2 --version does not run"
    refuse "needs $glibc"
  fi
  check "$unpacked/bin/mi2" "$unpacked/share/starter"
}

try_deb() {
  local name missing path own
  own=$(printf '%s\n' "$@" | grep -F "~deb${debian}_") || own=$1
  name=./$(basename "$own")
  note_file "$name"
  update
  if ! inside apt-get install --simulate "$name" >"$work/errors" 2>&1; then
    cat "$work/errors"
    # "mi2 : Depends: libx (>= 1)", or in the words of apt's newer solver "mi2:amd64=0.2.0 Depends libx (>= 1)".
    missing=$(sed -nE 's/.*Depends:? ([a-z0-9][a-z0-9.+-]*).*/\1/p' "$work/errors" | sort -u | paste -sd ' ') || true
    [[ -n $missing ]] || fail "apt-get install --simulate fails"
    refuse "lacks $missing"
  fi
  timed apt-get install --yes -qq "$name"
  note installed_kib "$(inside dpkg-query --show --showformat '${Installed-Size}' mi2)"
  check mi2 starter

  inside dpkg --listfiles mi2 >"$work/listed"
  inside apt-get purge --yes -qq mi2
  if inside dpkg --listfiles mi2; then fail "purged, and dpkg still lists its files"; fi
  while read -r path; do
    # Folders may be other packages' too.
    if [[ -L $root$path || (-e $root$path && ! -d $root$path) ]]; then fail "purged, and $path is left"; fi
  done <"$work/listed"
  path=$(find "$root" -path "$root/try" -prune -o \( -name mi2 -o -name 'mi2[-._]*' -o -name _mi2 \) -print -quit)
  [[ -z $path ]] || fail "purged, and ${path#"$root"} is left"
}

try_wheel() {
  local name python
  update
  inside apt-get install --yes -qq python3-venv ca-certificates
  inside python3 -m venv /venv
  for name in "$@"; do
    name=$(basename "$name")
    if timed /venv/bin/pip install --quiet --disable-pip-version-check "$name" 2>"$work/errors"; then break; fi
    cat "$work/errors"
    grep -q 'is not a supported wheel on this platform' "$work/errors" || fail "pip install of $name fails"
    name=
  done
  python=$(inside python3 --version)
  [[ -n $name ]] || refuse "no wheel for $python"
  note_file "$name"
  note installed_kib "$(du -skc "$root"/venv/lib/python3*/site-packages/medimageinsight* | tail -n 1 | cut -f 1)"
  check /venv/bin/mi2 starter
  inside /venv/bin/python -c '
import json, sys
import medimageinsight, numpy
rows = [json.loads(line) for line in open("expected.jsonl")]
expected = numpy.array([row["embedding"] for row in rows], "float32")
found = medimageinsight.load("starter").embed_images([row["path"] for row in rows])
sys.exit(not numpy.array_equal(found, expected))' || fail "embed_images gives other vectors than build/mi2"
}

for release in "${releases[@]}"; do
  echo "try_packages: $release" >&2
  chroot_make "$release" "$folder/$release" >&2
  for kind in tarball deb wheel; do
    log=$folder/$release.$kind.log
    root=$folder/$release.try
    chroot_remove "$root"
    cp -a "$folder/$release" "$root"
    chroot_take_settings "$root"
    cp -r "$work/try" "$root/try"
    mapfile -t packages < <(packages_of "$kind")
    cp "${packages[@]}" "$root/try"
    debian=$(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' "$root/etc/os-release")
    note debian "$debian"
    note expected_sha256 "$expected_sha256"
    # Not in a condition: there, a failing command would not end it.
    set +e
    (set -e; "try_$kind" "${packages[@]}") >"$log" 2>&1
    status=$?
    set -e
    note status "$status"
    echo "try_packages: $release, $kind: status $status, $log" >&2
    [[ $status -eq 0 || $status -eq 3 ]] || tail -n 20 "$log" >&2
    chroot_remove "$root"
  done
done
python3 scripts/package_trials.py "${format[@]}" "$records" README.md
