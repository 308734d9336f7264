# What a deployment keeps between its runs: a network, buckets, a place for
# images, an account for the machines, empty places for secrets. It bills little
# or nothing while no machine stands. The machines are in the root `compute`.
#
# Values come from terraform.tfvars.json. What you add in files of your own
# (custom*.tf, *_override.tf, *.auto.tfvars) is never touched.

locals {
  labels = merge(
    { cynthus-deployment = var.deployment },
    var.owner == null ? {} : { cynthus-owner = var.owner },
  )

  # A network that is named is somebody else's: nothing is made or changed in it.
  own_network = var.network == null && var.subnetwork == null

  # Where SSH comes from: Google's proxy for it (IAP), whatever is joined to the network, or one range of the internet.
  ssh_from = {
    iap      = ["35.235.240.0/20"]
    internal = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    public   = var.ssh_from == null ? [] : [var.ssh_from]
  }
}

module "identity" {
  source = "./modules/identity"

  deployment = var.deployment
}

module "network" {
  source = "./modules/network"
  count  = local.own_network ? 1 : 0

  name          = var.deployment
  region        = var.region
  ip_range      = var.ip_range
  other_regions = var.other_regions
  ssh_from      = local.ssh_from[var.access]
  # A machine with a public address goes out by that.
  nat             = var.access != "public"
  service_account = module.identity.email
}

# Source and data: the machines read them.
module "input" {
  source = "./modules/bucket"

  name     = "cynthus-${var.deployment}-in"
  location = var.region
  labels   = local.labels
  # It can be uploaded again.
  keep_deleted_days = 0
  grants            = { "roles/storage.objectViewer" = module.identity.member }
}

# Outputs, checkpoints and logs: the machines write them while the run goes on.
module "output" {
  source = "./modules/bucket"

  name     = "cynthus-${var.deployment}-out"
  location = var.region
  labels   = local.labels
  # A week to bring back what was deleted by mistake.
  keep_deleted_days = 7
  grants            = { "roles/storage.objectUser" = module.identity.member }
}

# A machine may fetch an image and change none: who may write decides what runs.
# It builds and pushes with the login of whoever deploys.
module "registry" {
  source = "./modules/registry"
  count  = var.registry ? 1 : 0

  name     = var.deployment
  location = var.region
  labels   = local.labels
  grants   = { "roles/artifactregistry.reader" = module.identity.member }
}

module "secret" {
  source   = "./modules/secret"
  for_each = toset(var.secrets)

  name   = "${var.deployment}-${each.key}"
  labels = local.labels
  grants = { "roles/secretmanager.secretAccessor" = module.identity.member }
}
