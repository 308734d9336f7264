# The hosts of the deployment: one module call each. On this target the machines
# stand already, so nothing is made but the record that they are in use.
#
# Values come from terraform.tfvars.json. What you add in files of your own
# (custom*.tf, *_override.tf, *.auto.tfvars) is never touched.

module "host-0" {
  source = "./modules/ssh_host"

  name       = "host-0"
  deployment = var.deployment
  gpus       = var.gpus

  address          = var.machines["host-0"].address
  internal_address = var.machines["host-0"].internal_address
  user             = var.machines["host-0"].user
  port             = var.machines["host-0"].port
  key              = var.machines["host-0"].key
  proxy_jump       = var.machines["host-0"].proxy_jump
}

module "host-1" {
  source = "./modules/ssh_host"

  name       = "host-1"
  deployment = var.deployment
  gpus       = var.gpus

  address          = var.machines["host-1"].address
  internal_address = var.machines["host-1"].internal_address
  user             = var.machines["host-1"].user
  port             = var.machines["host-1"].port
  key              = var.machines["host-1"].key
  proxy_jump       = var.machines["host-1"].proxy_jump
}

locals {
  hosts = [
    module.host-0.host,
    module.host-1.host,
  ]
}
