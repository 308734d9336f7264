# Lies in infra/gcp/compute/, where Terraform reads it by itself and after
# terraform.tfvars.json: what is said here counts.
disk = {
  type = "pd-ssd"
  size = 200
}
