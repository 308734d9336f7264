# What the machines are when they ask Google Cloud for something. It has no key:
# a machine gets tokens from its metadata server. It may do nothing in the
# project as a whole; each bucket, repository and secret lets it in by itself.
resource "google_service_account" "vm" {
  account_id   = "${var.deployment}-vm"
  display_name = "Machines of ${var.deployment}"
  description  = "Made by Cynthus for the deployment ${var.deployment}: its machines run as this account."
}
