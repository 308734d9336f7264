output "network" {
  description = "Name of the network."
  value       = google_compute_network.network.name
}

output "subnetwork" {
  description = "Name of the subnetwork, for machines of its region."
  value       = google_compute_subnetwork.subnetwork.name
}
