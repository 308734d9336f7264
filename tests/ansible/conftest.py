"""What the tests of Ansible share: hosts of the test bed."""

from __future__ import annotations

from tests.bed.fixtures import bare_host, base_tar, bed, docker_host, make_hosts

__all__ = ["bare_host", "base_tar", "bed", "docker_host", "make_hosts"]
