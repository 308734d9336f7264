"""A test bed of real hosts on one Linux machine: systemd, sshd, sudo, apt and a disk of their own, no hypervisor.

    machine                           hub (a network namespace)         hosts (namespaces, cgroups, an overlay root)
    tests, ssh --127.0.0.1:PORT--> relay ------- bridge 10.77.0.1 --+-- host-1 10.77.0.3: systemd, sshd, and so on
                                   registry 10.77.0.1:5000          +-- host-2 10.77.0.4

- `tree.py`     the Debian tree below all hosts, built once into a cache; `debian.py`, `suite.py`, `furnish.sh`,
                `layer.sh`, `packages.py` help
- `hub.py`      the network between hosts, and the mounts that all share
- `host.py`     one host; `keep.sh` and `boot.sh` are its first processes, `cgroups.py` gives it its own
- `disk.py`     what it writes, which goes with it
- `relay.py`    the way in from the tests, which can also go wrong when told; `relaying.py` is its process
- `registry.py` an image registry with a password; `depot.py` puts images into it
- `beds.py`     a bed: one hub, one relay, its hosts; and what a killed one left behind
- `keys.py`     throw-away keys and certificates; `login.py` is how one logs in with them
- `probe.py`    whether this machine can have one
- `fixtures.py` the way in for pytest

`python -m tests.bed up` makes a bed to play with. What a host is not: a machine with its own kernel. It loads no
modules, its clock is the machine's, and root inside is root outside: it is for our own tests and for nothing hostile.

`machine.py` is one, in software where need be: qemu with the machine's own kernel and cloud-init, for tests on demand;
`disk_image.py` and `equip.sh` make its disk. `python -m tests.bed vm` brings one up.
"""
