output "name" {
  description = "Name of the secret in Secret Manager."
  value       = google_secret_manager_secret.secret.secret_id
}
