/** The public archives of distributions, living and dead: the one place that names their hosts. */
export const ARCHIVES = {
  debian: 'http://ftp.debian.org/debian',
  debianSecurity: 'http://security.debian.org/debian-security',
  debianDead: 'http://archive.debian.org/debian',
  debianSnapshot: 'http://snapshot.debian.org/archive',
  raspbian: 'http://raspbian.raspberrypi.org/raspbian',
  ubuntu: 'http://archive.ubuntu.com/ubuntu',
  ubuntuPorts: 'http://ports.ubuntu.com/ubuntu-ports',
  ubuntuDead: 'http://old-releases.ubuntu.com/ubuntu',
  centosDead: 'http://vault.centos.org',
} as const;
