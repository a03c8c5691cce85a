# btrfs with subvolumes for the root, the homes and the logs, on GPT.
SUITE=bookworm
SIZE=3G
LAYOUT=btrfs
PACKAGES=linux-image-cloud-amd64,systemd-sysv,postfix,dovecot-imapd,bind9,haproxy

customize() {
  local root=$1
  "$here/hurt" "$root"
  echo 'a letter' >"$root/home/letter.txt"
}
