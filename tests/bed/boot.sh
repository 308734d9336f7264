#!/bin/sh
# The first process of a host: makes its cgroups, network and root in namespaces of its own, then becomes systemd.
#
# HOST_NAME, HOST_FOLDER   its name; where its files lie
# HOST_PID_FILE            gets the pid of its process 1, as the machine counts
# HOST_LOWER               the read-only trees below its root, in overlayfs' words
# HOST_ADDRESS, HOST_MAC   of eth0, with the length of the prefix
# HUB_PID, HUB_PORT        whose network has the bridge; what the other end of eth0 is called there
# CGROUP_FOLDERS           its own cgroups, one in each hierarchy
# CGROUP_MOUNTS            NAME:OPTIONS of each hierarchy; a single word `unified` for pure cgroup v2
set -eu

if [ "$1" = join ]; then
  # A builtin reads it, so that it tells of this very shell.
  read -r pid _ </proc/self/stat
  echo "$pid" >"$HOST_PID_FILE"
  for folder in $CGROUP_FOLDERS; do echo 0 >"$folder/cgroup.procs"; done
  # The cgroups where we are now become the roots of what we see.
  exec unshare --cgroup sh "$0" boot
fi

ip link set lo up
# The kernel takes its time to clear away the network of a host that was there before, with the other end of its eth0.
nsenter --net="/proc/$HUB_PID/ns/net" ip link delete "$HUB_PORT" 2>/dev/null || true
# In the hub's network, but still in our pid namespace: 1 is us.
nsenter --net="/proc/$HUB_PID/ns/net" ip link add "$HUB_PORT" type veth peer name eth0 address "$HOST_MAC" netns 1
nsenter --net="/proc/$HUB_PID/ns/net" ip link set "$HUB_PORT" master bridge up
ip address add "$HOST_ADDRESS" dev eth0
ip link set eth0 up

cd "$HOST_FOLDER"
mount -t overlay overlay -o "lowerdir=$HOST_LOWER,upperdir=$HOST_FOLDER/upper,workdir=$HOST_FOLDER/work" root
# Docker's layers are overlays themselves, which cannot lie on another overlay.
for kept in docker containerd; do
  mkdir -p "root/var/lib/$kept"
  mount --bind "$kept" "root/var/lib/$kept"
done

cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs run

mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
  touch "dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "dev/${stream#*:}"; done

if [ "$CGROUP_MOUNTS" = unified ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  for each in $CGROUP_MOUNTS; do
    folder=sys/fs/cgroup/${each%%:*} options=${each#*:}
    mkdir "$folder"
    if [ "$options" = cgroup2 ]; then mount -t cgroup2 cgroup2 "$folder"; else mount -t cgroup -o "$options" cgroup "$folder"; fi
  done
fi

# The kernel is the machine's: a host may change what is its own network's, and no other setting.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
if [ -e proc/sysrq-trigger ]; then mount --bind dev/null proc/sysrq-trigger; fi
# By its boot id a host shows that it has rebooted.
cat proc/sys/kernel/random/uuid >run/boot-id
mount --bind run/boot-id proc/sys/kernel/random/boot_id

hostname "$HOST_NAME"
pivot_root . .
umount -l .
cd /
exec env -i container=test-bed PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd </dev/null
