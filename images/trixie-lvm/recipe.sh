# GPT, a separate /boot, and a volume group with the root (ext4) and /var (XFS).
SUITE=trixie
SIZE=4G
LAYOUT=lvm
PACKAGES=linux-image-cloud-amd64,systemd-sysv,nginx,redis-server,openssh-server

customize() {
  local root=$1
  echo 'server { listen 127.0.0.1:9090; }' >"$root/etc/nginx/conf.d/own.conf"
  echo 'edited by hand' >>"$root/etc/motd"
}
