"""What keeps us from a machine of Google's, where `ssh` gets through to it or to nobody: what it says of other machines
speaks of keys of cynthus.yaml that have nothing to do with these."""

from __future__ import annotations

from cynthus.targets.ssh.cause import Cause

_NOT_LET_IN = r"Permission denied|Too many authentication failures|Authentication failed"

BY_KEY = (
    Cause(
        _NOT_LET_IN,
        "{host} does not know this key: a machine is told one when it is made",
        "use the key that made it, as `gcp: {{key: ...}}`; or `cynthus down` and `cynthus up` make one that knows this "
        "key. With `gcp: {{login: oslogin}}` a new key opens machines that stand, too",
    ),
)
"""Where a key in its metadata is what lets somebody in."""

BY_ROLE = (
    Cause(
        _NOT_LET_IN,
        "{host} does not let you in: it asks Google whether you may (OS Login)",
        "have roles/compute.osAdminLogin given to you, and roles/iam.serviceAccountUser on the machine's account; what "
        "was just given counts after a minute or two. `gcloud compute ssh --troubleshoot` looks at more",
    ),
)
"""Where a role is."""

BY_ADDRESS = (
    Cause(
        r"Connection timed out|Operation timed out|No route to host|Network is unreachable|Host is down|"
        r"Connection refused",
        "{host} does not answer, at an address that is open to few",
        "see that it stands (`cynthus status`). With `gcp: {{access: public}}` only who comes `from:` there gets in, "
        "and the address by which the internet sees you may have changed: write the new one, and `cynthus up` opens "
        "it. With `access: internal` your machine has to reach that network",
        passes=True,
    ),
)
"""Where nothing of Google's is in between."""
