/**
 * Services that belong to the machine rather than to what it is for, by what they are called. A name is matched without
 * its unit type and instance, so that one row serves every init system. `*` stands for any ending.
 */
export const SYSTEM_SERVICES: readonly { readonly reason: string; readonly names: string }[] = [
  {
    reason: 'login on a terminal',
    names:
      'getty getty-* serial-getty console-getty container-getty autovt tty1 tty2 tty3 tty4 tty5 tty6 tty tty-* serial ttyS* ttyPS* ttyAMA* ttyO* ttymxc* hvc* xvc* mingetty start-ttys splash-manager prefdm console agetty* fgetty sulogin',
  },
  {
    reason: 'part of the init system',
    names:
      'systemd-* init-* rc rcS rc-sysinit rc.local rc-local local rc-* single sendsigs killprocs killall halt reboot shutdown umountfs umountnfs* umountroot user user-runtime-dir emergency rescue debug-shell initrd-* quotaon quotacheck sysinit bootclean bootlogs bootmisc* urandom rmnologin stop-bootlogd* bootlogd mtab* motd skeleton wait-for-state control-alt-delete failsafe container-detect flush-early-job-log passwd startpar-bridge upstart-* runsvdir svscan s6-svscan save-keymaps save-termencoding savecache termencoding cgroups procfs sysfs devfs devfs-mount root hostid sysctl modules ldconfig machine-id-commit policykit tmpfiles* runlevel-* sysv-initctl initctl opentmpfiles rc-enabled',
  },
  {
    reason: 'devices and kernel',
    names:
      'udev* eudev mdev hwclock clock hwdrivers hotplug kmod module-init-tools modprobe modules-load* modloop module* dkms acpid acpi-* acpi irqbalance smartd smartmontools lm-sensors lm_sensors microcode* intel-microcode thermald cpufrequtils loadcpufreq cpuspeed brightness x11-common fwupd* upower bolt haveged rngd rng-tools* rng-tools-debian jitterentropy seedrng hwclock* swclock osclock adjtimex fuse binfmt* binfmt-support kexec* kdump* mcelog mcelogd ras-mc-ctl rasdaemon alsa-* alsasound bluetooth ModemManager usbmuxd usb_modeswitch* pcscd switcheroo-control low-memory-monitor autosuspend laptop-mode tlp powertop power-profiles-daemon tuned ksm ksmtuned numad sysstat* proc procps* sysfsutils keymap* keyboard-setup* console-setup* console-font setvtrgb consolefont setfont vbetool plymouth* kbd ondemand grub-common grub-initrd-fallback grub2-common ureadahead* readahead* readahead-* bootchart* hibernate* pm-utils* rawdevices',
  },
  {
    reason: 'disks and file systems',
    names:
      'mdadm* mdmonitor md-* lvm2* lvm blk-availability dm-event multipath* multipathd iscsi* iscsid open-iscsi cryptdisks* cryptmount* e2scrub* fstrim* fsck checkfs* checkroot* mount* mountall* mounted-* mountkernfs* mountdevsubfs* mountnfs* localmount netmount netfs remount-rootfs quota* btrfs* zfs* zed xfs_scrub* udisks2 autofs* swap swap-* dphys-swapfile zram* zramswap nvmefc-* nvmf-* growpart growroot resize* lvmetad dmraid* device-mapper fcoe* dmraid-activation fedora-* rhel-* blkmapd',
  },
  {
    reason: 'network set-up',
    names:
      'networking network ifupdown* networkd-* NetworkManager* network-* netplan* ifup ifup@* ifplugd connman* wpa_supplicant* wicd* dhclient* dhcpcd* dhcpcd resolvconf* openresolv net net.* net-online loopback staticroute hostname* domainname bridge vlan* iwd rdisc bootparamd netconsole NetworkManager-* nscd* unscd nslcd sssd* resolved avahi-autoipd ethtool pppd-dns rfkill* wpa-* hostapd-* ip6tables* iptables* ebtables* nftables* arptables* firewalld ufw shorewall* netfilter-persistent ferm fail2ban arpwatch* ipset',
  },
  {
    reason: 'log of the system',
    names:
      'rsyslog* syslog* sysklogd klogd syslogd inetutils-syslogd busybox-syslogd socklog* svlogd default-syslog auditd auditbeat logrotate* journald metalog dmesg rhel-dmesg psacct acct lastlog* rsyslogd syslog-ng* abrt* abrtd apport* whoopsie kerneloops* mcelog',
  },
  {
    reason: 'time of the clock',
    names:
      'chrony* chronyd ntp* ntpd ntpdate ntpsec* openntpd timesyncd systemd-timesyncd sntp fake-hwclock* ptp4l phc2sys',
  },
  {
    reason: 'sessions, names and rights of users',
    names:
      'dbus* messagebus dbus-broker polkit* policykit-1 elogind logind consolekit* console-kit-* accounts-daemon accountsservice systemd-logind oddjobd realmd gdm* lightdm lxdm xdm sddm kdm display-manager colord geoclue rtkit-daemon packagekit* PackageKit urandom cgmanager cgproxy cgconfig cgred cgrulesengd cgroupfs-mount cgroup-* apparmor* selinux* restorecond mcstrans* mcstransd setroubleshoot* lxcfs',
  },
  {
    reason: 'tools of the hypervisor',
    names:
      'open-vm-tools vmtoolsd vmware-tools* vmware-tools-services vgauth vgauthd vboxadd* vboxservice vboxguest* virtualbox-guest-utils qemu-guest-agent qemu-ga hv-* hv_* hyperv-* hypervkvpd hypervvssd hypervfcopyd xe-daemon xe-linux-distribution spice-vdagent* spice-vdagentd prltoolsd xenstored xen-* google-* walinuxagent waagent azure* amazon-ssm-agent ec2-* cloud-* cloud-init* cloud-final cloud-config hetzner-* oracle-cloud-* nm-cloud-setup*',
  },
  {
    reason: 'updates and care of the packages',
    names:
      'apt-* unattended-upgrades dnf-* yum-* yum-cron packagekit* dpkg-* snapd* snapd.* motd-news* update-* ua-* ubuntu-advantage* ubuntu-* esm-* man-db* mlocate* updatedb* plocate* popularity-contest rhsmcertd rhnsd subscription-manager* insights-* brandbot firstboot initial-setup* setup cpi release-upgrade* pollinate secureboot-db pcscd needrestart* checkrestart debsums* etckeeper* dailyaidecheck* aidecheck* anaconda* livesys* oem-* ldconfig systemd-update-* pamd* sysprep',
  },
  {
    reason: 'the administrator decides: not made into a container unless asked for',
    names:
      'ssh sshd ssh@* sshd@* dropbear sshd-keygen* ssh-keygen openssh-server regenerate_ssh_host_keys cron crond cronie fcron bcron* anacron* atd at exim4-base',
  },
  {
    reason: 'runs other services, which are listed by themselves',
    names:
      'supervisor supervisord xinetd inetd openbsd-inetd inetutils-inetd rlinetd runit runit-* runsvdir* daemontools* svscan svscanboot monit-* systemd-cron upstart user@*',
  },
  {
    reason: 'helps remote procedure calls of file systems',
    names:
      'rpcbind portmap rpc-* rpc_pipefs nfs-common nfs-client nfs-idmapd nfs-blkmap nfs-mountd-client nfs-config nfslock idmapd gssproxy statd nfsdcld nfs-utils',
  },
];

/** Packages whose services are the system's, where the name of the service does not say so. */
export const SYSTEM_PACKAGES: ReadonlySet<string> = new Set([
  'systemd',
  'systemd-sysv',
  'systemd-udev',
  'systemd-cron',
  'udev',
  'initscripts',
  'sysvinit-core',
  'sysvinit-utils',
  'sysv-rc',
  'openrc',
  'runit',
  'runit-init',
  'runit-services',
  'upstart',
  'util-linux',
  'e2fsprogs',
  'dbus',
  'dbus-daemon',
  'dbus-common',
  'policykit-1',
  'polkit',
  'kmod',
  'lvm2',
  'mdadm',
  'procps',
  'ifupdown',
  'netplan.io',
  'cloud-init',
  'open-vm-tools',
  'console-setup',
  'keyboard-configuration',
  'kbd',
  'plymouth',
  'apt',
  'dpkg',
  'alpine-baselayout',
  'busybox-openrc',
]);
