"""The way through Google's Identity-Aware Proxy: bytes over a WebSocket to Google's relay, which carries them to a port
of a machine without a public address.

The protocol (SSH Relay v4) has no page of Google's. What is said of it here was read in the sources of two programs of
Google's own people: `iap_tunnel_websocket.py`, `..._helper.py` and `..._utils.py` of the Google Cloud SDK, and
GoogleCloudPlatform/iap-desktop (`SshRelayFormat.cs`, `SshRelayStream.cs`).
"""
