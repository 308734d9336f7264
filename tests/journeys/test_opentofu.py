"""What OpenTofu can do and Terraform cannot: it keeps its state encrypted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.terraforms import opentofu

if TYPE_CHECKING:
    from cynthus.terraform.binary import Binary
    from tests.journeys.user import User

__all__ = ["opentofu"]  # a fixture

ENCRYPTED = """\
key_provider "pbkdf2" "mine" {
  passphrase = "correct horse battery staple"
}
method "aes_gcm" "mine" {
  keys = key_provider.pbkdf2.mine
}
state {
  method = method.aes_gcm.mine
}
plan {
  method = method.aes_gcm.mine
}
"""


def test_an_encrypted_state_serves_from_up_to_destroy(user: User, opentofu: Binary) -> None:
    user.environment |= {"CYNTHUS_TERRAFORM": str(opentofu.path), "TF_ENCRYPTION": ENCRYPTED}
    app = user.folder()
    ended = user.cynthus("up", app, "-y")
    assert (ended.code, ended.out) == (0, "counting\n3 words\n"), ended
    assert "encrypted_data" in json.loads((app / "infra/local/compute/terraform.tfstate").read_text())
    assert user.status(app)["phase"] == "up"
    ended = user.cynthus("plan", app, shell=user.shell(TF_ENCRYPTION=""))
    assert (ended.code, "is encrypted, and tofu cannot read it" in ended.err) == (1, True), ended
    ended = user.cynthus("destroy", app, "-y")
    assert (ended.code, user.deployments()) == (0, []), ended
