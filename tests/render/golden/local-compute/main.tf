# The hosts of the deployment: one module call each. On this target a host is
# this machine itself, so nothing is made but the record that it is in use.
#
# Values come from terraform.tfvars.json. What you add in files of your own
# (custom*.tf, *_override.tf, *.auto.tfvars) is never touched.

module "host-0" {
  source = "./modules/local_host"

  name       = "host-0"
  deployment = var.deployment
  gpus       = var.gpus
}

locals {
  hosts = [
    module.host-0.host,
  ]
}
