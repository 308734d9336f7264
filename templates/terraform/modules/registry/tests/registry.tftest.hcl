mock_provider "google" {
  mock_resource "google_artifact_registry_repository" {
    defaults = {
      name    = "weather-1a2b3c"
      project = "rehearsal"
    }
  }
}

variables {
  name     = "weather-1a2b3c"
  location = "us-central1"
  labels   = { cynthus-deployment = "weather-1a2b3c" }
}

run "holds_images_and_lets_in_whom_it_is_told_to" {
  variables {
    grants = { "roles/artifactregistry.writer" = "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_artifact_registry_repository.images.format == "DOCKER" && google_artifact_registry_repository.images.repository_id == "weather-1a2b3c"
    error_message = "It is a repository of images, named as it was told."
  }

  assert {
    condition     = google_artifact_registry_repository.images.labels == tomap({ cynthus-deployment = "weather-1a2b3c" })
    error_message = "The labels are handed on."
  }

  assert {
    condition     = output.address == "us-central1-docker.pkg.dev/rehearsal/weather-1a2b3c"
    error_message = "The names of its images begin with host, project and repository."
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.grant["roles/artifactregistry.writer"].repository == "weather-1a2b3c"
    error_message = "The grant is for this repository alone."
  }
}
