output "hosts" {
  description = "The hosts and how to reach them. Terraform ends and Ansible begins here: inventory.py reads this."
  value       = local.hosts
}

output "deployment" {
  description = "Id of the deployment."
  value       = var.deployment
}
