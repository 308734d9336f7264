"""A Google Cloud that runs on this machine: for tests of Cynthus, for rehearsals, and for programs of your own.

    with SimulatedCloud(folder / "cloud").serving() as endpoint: ...
    python -m cynthus.testing.gcp --state cloud

It is as strict as Google where programs notice: names, labels, fields, fingerprints, references, quotas, permissions.
docs/reference/simulated-cloud.md says what it covers.
"""

from cynthus.testing.gcp.cloud import SimulatedCloud
from cynthus.testing.gcp.faults import STOCKOUT, OperationFault
from cynthus.testing.gcp.machines import BootFailed, Driver, Hosts, Machine, NoHosts
from cynthus.testing.gcp.people import Login
from cynthus.testing.gcp.principals import OWNER, OWNER_TOKEN
from cynthus.testing.gcp.relay_faults import RelayFault
from cynthus.testing.gcs_faults import Fault

__all__ = [
    "OWNER",
    "OWNER_TOKEN",
    "STOCKOUT",
    "BootFailed",
    "Driver",
    "Fault",
    "Hosts",
    "Login",
    "Machine",
    "NoHosts",
    "OperationFault",
    "RelayFault",
    "SimulatedCloud",
]
