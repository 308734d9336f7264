resource "google_storage_bucket" "bucket" {
  #checkov:skip=CKV_GCP_62: access logs need a bucket of their own, which bills too; who wants them adds a logging block
  #checkov:skip=CKV_GCP_78: versions of every object would be kept and billed; soft delete is what brings something back
  name     = var.name
  location = var.location
  labels   = var.labels

  # Nobody gets in by an object's own list of permissions, and never the public.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # A bucket with something in it is not deleted: what was never brought home
  # stays, whoever runs `terraform destroy`.
  force_destroy = false

  # What is deleted can be brought back for so long, and is billed for so long.
  soft_delete_policy {
    retention_duration_seconds = var.keep_deleted_days * 24 * 60 * 60
  }

  # Parts of an upload that was cut off and never resumed bill like objects.
  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    # Known only where Cynthus runs: without that value a plan by hand is empty too.
    ignore_changes = [labels["cynthus-owner"]]
  }
}

# Who may do what with the objects in it, and with nothing else.
resource "google_storage_bucket_iam_member" "grant" {
  for_each = var.grants

  bucket = google_storage_bucket.bucket.name
  role   = each.key
  member = each.value
}
