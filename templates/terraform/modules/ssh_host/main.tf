# Makes nothing: the machine is there. This is the record that it is in use.
resource "terraform_data" "host" {
  input = {
    deployment = var.deployment
    name       = var.name
    address    = var.address
    gpus       = var.gpus
  }
}
