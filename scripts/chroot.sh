# Debian systems in folders, for scripts that try mi2 as on another machine. To be sourced; what it does needs root.
#   chroot_make RELEASE FOLDER       a bare Debian, unless FOLDER holds one; of the mirror in MI2_DEBIAN_MIRROR
#   chroot_settings_files            prints the files of this machine that say how the network is reached
#   chroot_take_settings FOLDER      copies them, the resolver and names of hosts into FOLDER
#   chroot_run [OPTION...] FOLDER COMMAND...    runs COMMAND there, with the environment chroot_environment alone
#   chroot_exec ..                   the same in place of the shell, whose process it becomes
# Options: --user UID:GID; --read-only, the root file system; --model FOLDER, mounted read-only at /models.

chroot_environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
  DEBIAN_FRONTEND=noninteractive)

# chroot_pass NAME...: adds these variables, where they are set, to chroot_environment.
chroot_pass() {
  local name
  for name in "$@"; do
    [[ -z ${!name:-} ]] || chroot_environment+=("$name=${!name}")
  done
}

# chroot_need PROGRAM...: ends the script, with the reason, if it is not root or a program is not installed.
chroot_need() {
  local script program
  script=$(basename "$0" .sh)
  [[ $(id -u) -eq 0 ]] || { echo "$script: needs root" >&2; exit 1; }
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "$script: needs $program (apt-get install $program)" >&2; exit 1; }
  done
}

chroot_make() {
  # While debootstrap is at work, its own folder is there: a run that was stopped goes on.
  if [[ ! -x $2/usr/bin/apt-get || -d $2/debootstrap ]]; then
    debootstrap --variant=minbase "$1" "$2" ${MI2_DEBIAN_MIRROR:+"$MI2_DEBIAN_MIRROR"}
  fi
}

chroot_settings_files() {
  local file
  for file in /usr/local/share/ca-certificates/*.crt /etc/pip.conf; do
    [[ ! -f $file ]] || echo "$file"
  done
  grep -ls '^Acquire::' /etc/apt/apt.conf.d/* || true
}

chroot_take_settings() {
  local file
  cp --remove-destination "$(realpath /etc/resolv.conf)" "$1/etc/resolv.conf"
  # Debian's installer writes this file; debootstrap leaves it to whoever calls it.
  [[ -s $1/etc/hosts ]] || echo '127.0.0.1 localhost' >"$1/etc/hosts"
  while read -r file; do
    mkdir -p "$1$(dirname "$file")"
    cp "$file" "$1$file"
  done < <(chroot_settings_files)
}

# The mounts live in a namespace of their own and go with it. The folder is one of them: ip netns needs a root that is,
# and it can be made read-only.
chroot_exec() {
  local user='' read_only='' model=''
  while [[ $1 == --* ]]; do
    case $1 in
      --user) user=$2; shift 2 ;;
      --read-only) read_only=yes; shift ;;
      --model) model=$2; shift 2 ;;
      *) echo "chroot_exec: unknown option $1" >&2; exit 2 ;;
    esac
  done
  exec unshare --mount bash -c '
    set -e
    folder=$1 user=$2 read_only=$3 model=$4
    shift 4
    mkdir -p "$folder"/{proc,dev,sys} ${model:+"$folder/models"}
    mount --rbind "$folder" "$folder"
    mount -t proc proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    mount --rbind /sys "$folder/sys"
    [[ -z $model ]] || mount --bind -o ro "$model" "$folder/models"
    [[ -z $read_only ]] || mount -o remount,bind,ro "$folder"
    exec chroot ${user:+--userspec="$user"} "$folder" /usr/bin/env -i "$@"' _ \
    "$1" "$user" "$read_only" "$model" "${chroot_environment[@]}" "${@:2}"
}

chroot_run() { (chroot_exec "$@"); }

# Removes a folder that a system was in. Its mounts went with their namespaces; were one left, it is not gone into.
chroot_remove() { rm -rf --one-file-system "$1"; }

chroot_pass http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_CERT PIP_INDEX_URL PIP_DEFAULT_TIMEOUT
