output "host" {
  description = "The host and how to reach it, as Ansible's inventory wants it."
  value = {
    name = var.name
    # Google's proxy finds a machine by its name.
    address = {
      iap      = google_compute_instance.vm.name
      internal = google_compute_instance.vm.network_interface[0].network_ip
      public   = one(google_compute_instance.vm.network_interface[0].access_config[*].nat_ip)
    }[var.access]
    internal_address = google_compute_instance.vm.network_interface[0].network_ip
    # With OS Login everybody has a name of their own there, which their login profile says.
    user = var.login == "oslogin" ? null : var.user
    port = 22
    gpus = var.gpus
    connection = {
      kind        = var.access == "iap" ? "iap" : "ssh"
      instance_id = google_compute_instance.vm.instance_id
      project     = var.project
      zone        = google_compute_instance.vm.zone
      key         = var.key
    }
  }
}
