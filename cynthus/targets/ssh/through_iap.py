"""What keeps us from a machine behind Google's proxy, by what `cynthus iap-tunnel` says: `[what: why]`, where what is a
number of the relay's, of HTTP, or one of ours.

Google has no list of the relay's numbers. These are from `SshRelayFormat.cs` of iap-desktop, where 4004 asks for a new
login (and 4010 is a machine that hangs up); the Google Cloud SDK reads 4003, 4004 and HTTP 40x in the same way.
"""

from __future__ import annotations

from cynthus.targets.ssh.cause import Cause

_FIREWALL = (
    "see that the machine stands (`cynthus status`) and that a firewall rule of its network lets 35.235.240.0/20 in at "
    "port 22; one that was just made needs a moment"
)
_LOG_IN = (
    "run `gcloud auth application-default login`; a token in GOOGLE_OAUTH_ACCESS_TOKEN lasts an hour, so get a new one"
)
_ROLE = (
    "have roles/iap.tunnelResourceAccessor given to you in the cloud project, or for this machine; what was just given "
    "counts after a minute or two"
)

THROUGH_IAP = (
    Cause(
        r"\[CYN-142\]|\[HTTP 401:|\[4004:",
        "{host} is reached through Google's proxy, and Google does not know who you are",
        _LOG_IN,
        closed=True,
    ),
    Cause(
        r"\[CYN-143\]",
        "{host} is reached through Google's proxy, and what leads there is not installed",
        "install it: pip install 'cynthus[gcp]'",
        closed=True,
    ),
    Cause(r"\[4033:", "{host}: Google's proxy does not let you through", _ROLE, closed=True),
    Cause(
        r"\[HTTP 40[03]:",
        "{host}: Google's proxy, or a web proxy on the way there, does not let you through",
        f"{_ROLE}. If you have it, see whether the web proxy of HTTPS_PROXY forbids tunnel.cloudproxy.app",
        closed=True,
    ),
    Cause(
        r"\[HTTP 404:|\[4047:|\[4051:",
        "{host}: Google's proxy knows of no such machine",
        "see that it stands (`cynthus status`), and that the IAP API (iap.googleapis.com) is on in the cloud project",
        passes=True,
    ),
    Cause(r"\[4003:", "{host} does not answer behind Google's proxy", _FIREWALL, passes=True),
    Cause(
        r"\[4001:",
        "the connection to {host} was cut for longer than Google's proxy keeps it",
        "try again",
        passes=True,
    ),
    Cause(
        r"\[HTTP 429:",
        "{host}: Google's proxy has had too many connections of this cloud project",
        "wait a minute and try again",
        passes=True,
    ),
    Cause(
        r"\[proxy |\[HTTP 407:",
        "{host} is reached through Google's proxy, and the web proxy on the way there refuses",
        "mend HTTPS_PROXY, or name tunnel.cloudproxy.app in NO_PROXY",
        closed=True,
    ),
    Cause(
        r"\[TLS:",
        "{host} is reached through Google's proxy, and what answers in its place has no certificate that is trusted",
        "where a web proxy reads along on purpose, name its certificate in SSL_CERT_FILE",
        closed=True,
    ),
    Cause(
        r"\[network:|\[HTTP 5[0-9][0-9]:|\[1[0-9]{3}:",
        "{host} is reached through Google's proxy, and that is not reached",
        "check the network: tunnel.cloudproxy.app must be reached at port 443",
        passes=True,
    ),
    Cause(
        r"\[protocol:|\[4[0-9]{3}:",
        "{host}: Google's proxy has ended the connection",
        "try again; if it goes on, use `gcloud compute ssh --tunnel-through-iap` and tell us what it does otherwise",
        passes=True,
    ),
    Cause(
        # The tunnel has ended and told nobody why.
        r"closed by UNKNOWN port 65535|kex_exchange_identification",
        "{host} does not answer behind Google's proxy",
        _FIREWALL,
        passes=True,
    ),
)  # fmt: skip
"""Where that is the way; what `ssh` says of all ways comes after."""
