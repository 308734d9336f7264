# An empty place for a secret. Its value never passes through Terraform, whose
# state would keep it in the clear: Cynthus writes it through the API, and so
# does `gcloud secrets versions add`.
resource "google_secret_manager_secret" "secret" {
  secret_id = var.name
  labels    = var.labels

  replication {
    auto {}
  }

  lifecycle {
    # Known only where Cynthus runs: without that value a plan by hand is empty too.
    ignore_changes = [labels["cynthus-owner"]]
  }
}

# Each secret by itself, and not all secrets of the project.
resource "google_secret_manager_secret_iam_member" "grant" {
  for_each = var.grants

  secret_id = google_secret_manager_secret.secret.secret_id
  role      = each.key
  member    = each.value
}
