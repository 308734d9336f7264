# The machines of the deployment: one module call each. What lasts longer than
# a machine is in the root `base`, which is applied first. Nothing of its state
# is read here: every name follows from the id of the deployment.
#
# Values come from terraform.tfvars.json. What you add in files of your own
# (custom*.tf, *_override.tf, *.auto.tfvars) is never touched.

module "host-0" {
  source = "./modules/vm"

  name       = "host-0"
  deployment = var.deployment
  labels     = local.labels
  project    = var.project
  zone       = var.zone

  machine_type     = var.machine_type
  gpus             = var.gpus
  accelerator      = var.accelerator
  image            = var.image
  disk             = var.disk
  spot             = var.spot
  flex_start       = var.flex_start
  reservation      = var.reservation
  restart          = var.restart
  max_run_duration = var.max_run_duration
  secure_boot      = var.secure_boot
  service_account  = local.service_account

  network    = local.network
  subnetwork = local.subnetwork
  nic_type   = var.nic_type

  access   = var.access
  login    = var.login
  user     = var.user
  key      = var.key
  ssh_keys = var.ssh_keys
}

module "host-1" {
  source = "./modules/vm"

  name       = "host-1"
  deployment = var.deployment
  labels     = local.labels
  project    = var.project
  zone       = var.zone

  machine_type     = var.machine_type
  gpus             = var.gpus
  accelerator      = var.accelerator
  image            = var.image
  disk             = var.disk
  spot             = var.spot
  flex_start       = var.flex_start
  reservation      = var.reservation
  restart          = var.restart
  max_run_duration = var.max_run_duration
  secure_boot      = var.secure_boot
  service_account  = local.service_account

  network    = local.network
  subnetwork = local.subnetwork
  nic_type   = var.nic_type

  access   = var.access
  login    = var.login
  user     = var.user
  key      = var.key
  ssh_keys = var.ssh_keys
}

locals {
  labels = merge(
    { cynthus-deployment = var.deployment },
    var.owner == null ? {} : { cynthus-owner = var.owner },
    var.expires == null ? {} : { cynthus-expires = var.expires },
  )

  # A subnetwork says which network it is of. Where only a network is named it
  # has one for each region, and Google takes that.
  subnetwork = var.subnetwork == null && var.network == null ? var.deployment : var.subnetwork
  network    = local.subnetwork == null ? var.network : null

  # A project of a domain, example.com:project, is turned round in an address.
  service_account = "${var.deployment}-vm@${join(".", reverse(split(":", var.project)))}.iam.gserviceaccount.com"

  hosts = [
    module.host-0.host,
    module.host-1.host,
  ]
}
