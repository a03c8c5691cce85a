# A small machine for tests: everything that makes copying a file tree hard, on one file system.
SUITE=bookworm
SIZE=1500M
LAYOUT=ext4
PACKAGES=less,nano,libcap2-bin,iputils-ping

customize() {
  local root=$1
  "$here/hurt" "$root"
}
