output "host" {
  description = "The host and how to reach it, as Ansible's inventory wants it."
  value = {
    name             = var.name
    address          = var.address
    internal_address = coalesce(var.internal_address, var.address)
    user             = var.user
    port             = var.port
    gpus             = var.gpus
    connection = {
      kind       = "ssh"
      key        = var.key
      proxy_jump = var.proxy_jump
    }
  }
  depends_on = [terraform_data.host]
}
