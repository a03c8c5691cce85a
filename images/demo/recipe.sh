# The machine of `make demo`: a small web server with a database, a cache and an application of its own.
SUITE=bookworm
SECURITY=yes
SIZE=4G
LAYOUT=ext4
PACKAGES=linux-image-cloud-amd64,systemd-sysv,dbus,udev,ifupdown,nginx,postgresql,redis-server,openssh-server,cron,logrotate,python3,ca-certificates,less,vim-tiny

customize() {
  local root=$1
  cp -a "$recipe/files/." "$root/"
  chmod 0640 "$root/opt/guestbook/guestbook.env"
  chroot "$root" useradd --system --home-dir /opt/guestbook --shell /usr/sbin/nologin guestbook
  chroot "$root" chown -R guestbook:guestbook /opt/guestbook
  chroot "$root" systemctl enable --quiet guestbook.service
  echo 'root:demo' | chroot "$root" chpasswd
  # What an administrator leaves behind: an edited file, a deleted one, a site of his own.
  sed -i 's/^# server_tokens off;/server_tokens off;/' "$root/etc/nginx/nginx.conf"
  sed -i 's/^# *maxmemory <bytes>/maxmemory 64mb/' "$root/etc/redis/redis.conf"
  rm -f "$root/usr/share/doc/less/changelog.Debian.gz"
}
