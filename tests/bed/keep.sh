#!/bin/sh
# Keeps one host: starts it again when it reboots itself, and ends when it is switched off.
here=$(dirname "$0")

# A cgroup of version 2 that hands controllers down takes no process: it must be as new for a new process 1.
tidy() {
  find "$1" -mindepth 1 -depth -type d -exec rmdir {} +
  if [ -e "$1/cgroup.subtree_control" ]; then
    for controller in $(cat "$1/cgroup.subtree_control"); do echo "-$controller" >"$1/cgroup.subtree_control"; done
  fi
}

while :; do
  setpriv --pdeathsig KILL \
    unshare --mount --net --pid --uts --ipc --fork --kill-child --propagation slave \
    sh "$here/boot.sh" join
  # unshare ends as its child did, and the kernel ends a process 1 that reboots by SIGHUP: 129 here. See reboot(2).
  [ $? = 129 ] || exit 0
  for folder in $CGROUP_FOLDERS; do tidy "$folder"; done
done
