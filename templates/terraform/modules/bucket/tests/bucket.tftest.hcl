mock_provider "google" {}

variables {
  name     = "cynthus-weather-1a2b3c-out"
  location = "us-central1"
  labels   = { cynthus-deployment = "weather-1a2b3c" }
}

run "is_shut_and_not_emptied_by_itself" {
  command = plan

  assert {
    condition     = google_storage_bucket.bucket.public_access_prevention == "enforced" && google_storage_bucket.bucket.uniform_bucket_level_access
    error_message = "Nobody is let in but by the bucket's own policy, and never everybody."
  }

  assert {
    condition     = length(google_storage_bucket_iam_member.grant) == 0
    error_message = "Without a grant nobody is let in."
  }

  assert {
    condition     = google_storage_bucket.bucket.force_destroy == false
    error_message = "What was never brought home stays."
  }

  assert {
    condition     = google_storage_bucket.bucket.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "What was deleted can be brought back for a week."
  }

  assert {
    condition     = one(one(google_storage_bucket.bucket.lifecycle_rule).action).type == "AbortIncompleteMultipartUpload"
    error_message = "Parts of an upload that was cut off are removed, and nothing else is."
  }

  assert {
    condition     = google_storage_bucket.bucket.labels == tomap({ cynthus-deployment = "weather-1a2b3c" })
    error_message = "The labels say whose it is."
  }
}

run "lets_in_whom_it_is_told_to" {
  variables {
    labels            = { cynthus-deployment = "weather-1a2b3c", cynthus-owner = "joe" }
    keep_deleted_days = 0
    grants            = { "roles/storage.objectUser" = "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_storage_bucket_iam_member.grant["roles/storage.objectUser"].bucket == "cynthus-weather-1a2b3c-out"
    error_message = "The grant is for this bucket alone."
  }

  assert {
    condition     = google_storage_bucket_iam_member.grant["roles/storage.objectUser"].member == "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
    error_message = "The grant is for that member."
  }

  assert {
    condition     = google_storage_bucket.bucket.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "0 turns it off; leaving the block out would not."
  }
}

run "keeps_the_owner_in_a_plan_by_hand" {
  command = plan

  assert {
    condition     = google_storage_bucket.bucket.labels["cynthus-owner"] == "joe"
    error_message = "The label that is not known here stays as it is."
  }
}
