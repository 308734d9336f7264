#!/bin/sh
# Installs packages into a layer above a tree: layer.sh TREE LAYER PACKAGE...; in a mount namespace of its own.
set -eu
tree=$1 layer=$2
shift 2

# In memory first: an overlay may not be the upper layer of another, and the cache may lie on one.
mkdir "$layer"
mount -t tmpfs tmpfs "$layer"
mkdir "$layer/upper" "$layer/work" "$layer/root"
root=$layer/root
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get -qq update
chroot "$root" apt-get -qq -y --no-install-recommends install "$@"
rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/lib/apt/lists/*

umount "$root/dev" "$root/proc" "$root"
cp -a "$layer/upper" "$layer.made"
umount "$layer"
rmdir "$layer"
mv "$layer.made" "$layer"
