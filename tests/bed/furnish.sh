#!/bin/sh
# Makes a fresh Debian tree ($1) fit for hosts. mmdebstrap runs it while the tree can still fetch packages.
# BED_OFFERED: the packages that a host may install; they and all that they need go to /srv/packages.
set -eu
root=$1

mkdir -p "$root/srv/packages/partial"
# shellcheck disable=SC2086  # words, not one name
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -y --no-install-recommends --download-only \
  -o "Dir::Cache::archives=$root/srv/packages" install $BED_OFFERED
rm -rf "$root/srv/packages/partial" "$root/srv/packages/lock"

# Hosts have no network but the bed's: their packages lie on their own disk.
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"
: >"$root/etc/resolv.conf"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/test-bed"

# What would change the whole machine, or wait for what a host does not have.
for unit in systemd-sysctl.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
  systemd-modules-load.service systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
  systemd-udev-trigger.service systemd-timesyncd.service sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-kernel-config.mount sys-fs-fuse-connections.mount dev-hugepages.mount modprobe@.service getty@.service \
  console-getty.service getty.target e2scrub_reap.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -f "$root"/etc/systemd/system/timers.target.wants/*

# Who may log in, and what each may do. All have the bed's key.
for user in tester plain locked; do
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
echo 'locked:correct horse' | chroot "$root" chpasswd
echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/tester"
echo 'locked ALL=(ALL) ALL' >"$root/etc/sudoers.d/locked"
for home in root home/tester home/plain home/locked; do
  mkdir -p -m 700 "$root/$home/.ssh"
  ln -sf /etc/ssh/bed.pub "$root/$home/.ssh/authorized_keys"
  chroot "$root" chown -hR --reference="/$home" "/$home/.ssh"
done

rm -f "$root"/etc/ssh/ssh_host_*
printf '%s\n' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'UseDNS no' >"$root/etc/ssh/sshd_config.d/test-bed.conf"
