# An older release on XFS, with a database whose log is large.
SUITE=bullseye
SIZE=3G
LAYOUT=xfs
PACKAGES=linux-image-cloud-amd64,systemd-sysv,apache2,mariadb-server,php-fpm

customize() {
  local root=$1
  "$here/hurt" "$root"
}
