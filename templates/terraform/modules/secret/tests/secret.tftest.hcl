mock_provider "google" {}

run "is_an_empty_place_that_one_account_may_read" {
  variables {
    name   = "weather-1a2b3c-HF_TOKEN"
    labels = { cynthus-deployment = "weather-1a2b3c" }
    grants = { "roles/secretmanager.secretAccessor" = "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_secret_manager_secret.secret.secret_id == "weather-1a2b3c-HF_TOKEN" && output.name == "weather-1a2b3c-HF_TOKEN"
    error_message = "It is named as it was told, and has no value."
  }

  assert {
    condition     = google_secret_manager_secret.secret.labels == tomap({ cynthus-deployment = "weather-1a2b3c" })
    error_message = "The labels are handed on."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.grant["roles/secretmanager.secretAccessor"].secret_id == "weather-1a2b3c-HF_TOKEN"
    error_message = "The grant is for this secret alone."
  }
}
