# Where images of the app's environment lie. Nothing is deleted in it by itself:
# an image may be the way back to an earlier version.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84: Google's own key encrypts it; who has one in Cloud KMS adds kms_key_name
  repository_id = var.name
  location      = var.location
  description   = "Images of the deployment ${var.name}, made by Cynthus."
  format        = "DOCKER"
  labels        = var.labels

  lifecycle {
    # Known only where Cynthus runs: without that value a plan by hand is empty too.
    ignore_changes = [labels["cynthus-owner"]]
  }
}

resource "google_artifact_registry_repository_iam_member" "grant" {
  for_each = var.grants

  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = each.key
  member     = each.value
}
