# Lies in infra/gcp/compute/modules/vm/. Terraform puts the arguments below into
# the resource of that name; Cynthus never touches a file that ends so.
resource "google_compute_instance" "vm" {
  # Google gives no older processor than this one.
  min_cpu_platform = "Intel Skylake"
}
