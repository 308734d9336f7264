output "host" {
  description = "The host and how to reach it, as Ansible's inventory wants it."
  value = {
    name             = var.name
    address          = "127.0.0.1"
    internal_address = "127.0.0.1"
    user             = null
    port             = 22
    gpus             = var.gpus
    connection       = { kind = "local" }
  }
  depends_on = [terraform_data.host]
}
