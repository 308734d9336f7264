#!/bin/sh
# Makes a fresh Debian tree ($1) fit for a virtual machine. mmdebstrap runs it.
# BED_PACKAGES: the folder of packages that the machine may install. BED_REGISTRY: the program docker-registry.
set -eu
root=$1

# It reaches no network: its packages lie on its own disk.
cp -a "$BED_PACKAGES" "$root/srv/packages"
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"
: >"$root/etc/resolv.conf"

# Nor does it reach another machine's registry: it has one, for base images, on its own disk.
install -m 755 "$BED_REGISTRY" "$root/usr/local/bin/docker-registry"
cat >"$root/etc/registry.json" <<'END'
{"version": 0.1, "log": {"level": "warn"}, "http": {"addr": ":5000"},
 "storage": {"filesystem": {"rootdirectory": "/srv/images"}}}
END
cat >"$root/etc/systemd/system/registry.service" <<'END'
[Service]
ExecStart=/usr/local/bin/docker-registry serve /etc/registry.json
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl --quiet enable registry systemd-networkd

# Who it is and whom it lets in comes from cloud-init, at each machine's first start.
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
rm -f "$root/etc/hostname"
# Nothing starts by itself in the middle of a test.
rm -f "$root"/etc/systemd/system/timers.target.wants/*
