output "network" {
  description = "Name of the network; null where only a subnetwork was named."
  value       = local.own_network ? module.network[0].network : var.network
}

output "subnetwork" {
  description = "Name of the subnetwork; null where only a network was named."
  value       = local.own_network ? module.network[0].subnetwork : var.subnetwork
}

output "service_account" {
  description = "Address of the account that the machines run as."
  value       = module.identity.email
}

output "input_bucket" {
  description = "Name of the bucket for source and data."
  value       = module.input.name
}

output "output_bucket" {
  description = "Name of the bucket for outputs, checkpoints and logs."
  value       = module.output.name
}

output "repository" {
  description = "What the names of images begin with; null where there is no repository."
  value       = one(module.registry[*].address)
}

output "secrets" {
  description = "Name in Secret Manager of each secret."
  value       = { for name, secret in module.secret : name => secret.name }
}
