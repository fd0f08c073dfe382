#!/usr/bin/env bash
# Builds what others install, into build/packages: mi2_VERSION-1~debN_ARCH.deb for this Debian, mi2-VERSION-linux-ARCH.tar.gz
# with all libraries but glibc's, and a wheel that carries its libraries (auditwheel). Each says what it needs.
#   packages.sh [deb] [tarball] [wheel]     (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."

kinds=("$@")
[[ $# -gt 0 ]] || kinds=(deb tarball wheel)
out=$PWD/build/packages
mkdir -p "$out"
version=$(sed -n 's/^project(mi2 VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
tools=build/venv-packages
scripts/venv.sh "$tools" scripts/packages-requirements.txt
MI2_WITH_TORCH=${MI2_WITH_TORCH:-OFF} scripts/build.sh release mi2

# The newest symbol of glibc that a file or folder needs.
glibc_of() {
  find "$@" -type f -print0 | xargs -0 objdump -T 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1
}

deb() {
  (cd build/release && cpack -G DEB -B "$out" >"../logs/cpack.log") || { cat build/logs/cpack.log >&2; return 1; }
  rm -rf "$out/_CPack_Packages"
  sed -n 's/^CPack: - package: \(.*\) generated\.$/\1/p' build/logs/cpack.log
}

tarball() {
  local name=mi2-$version-linux-$(uname -m) stage
  stage=$(mktemp -d)
  local root=$stage/$name
  mkdir -p "$root/bin" "$root/lib" "$root/share/licenses"
  install --strip build/release/apps/cli/mi2 "$root/bin/mi2"
  cp LICENSE THIRD_PARTY.md README.md "$root"
  cp -r models/starter "$root/share/starter"
  # glibc is the machine's own: a copy of it would not fit the machine's loader.
  ldd build/release/apps/cli/mi2 | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' |
    grep -vE '/(libc|libm|libpthread|librt|libdl|libresolv)\.so' | while read -r library; do
    install -m 644 "$(readlink -f "$library")" "$root/lib/$(basename "$library")"
  done
  scripts/runtime_packages.sh build/release/apps/cli/mi2 | while read -r package; do
    [[ ! -f /usr/share/doc/$package/copyright ]] || cp "/usr/share/doc/$package/copyright" "$root/share/licenses/$package"
  done
  # Of DCMTK, mi2 index push needs its data dictionary too, which it looks for here.
  install -m 644 "$(scripts/runtime_packages.sh build/release/apps/cli/mi2 | xargs dpkg-query --listfiles |
    sed -n '/\/dicom\.dic$/p')" "$root/share/dicom.dic"
  "$tools/bin/patchelf" --force-rpath --set-rpath '$ORIGIN/../lib' "$root/bin/mi2"
  for library in "$root"/lib/*; do "$tools/bin/patchelf" --force-rpath --set-rpath '$ORIGIN' "$library"; done
  "$root/bin/mi2" man --dir "$root/share/man/man1"
  local shell
  for shell in bash zsh fish; do "$root/bin/mi2" completion "$shell" >"$root/share/mi2.$shell"; done
  tar --create --gzip --owner=0 --group=0 --file "$out/$name.tar.gz" --directory "$stage" "$name"
  echo "$out/$name.tar.gz: needs $(glibc_of "$root")"
  rm -rf "$stage"
}

wheel() {
  scripts/wheel.sh build/venv-wheel tests/python/requirements.txt
  PATH="$PWD/$tools/bin:$PATH" "$tools/bin/python" -m auditwheel repair --wheel-dir "$out" build/dist/medimageinsight-*.whl
}

for kind in "${kinds[@]}"; do
  case $kind in
    deb | tarball | wheel) "$kind" ;;
    *) echo "packages: expected deb, tarball or wheel, got $kind" >&2; exit 2 ;;
  esac
done
