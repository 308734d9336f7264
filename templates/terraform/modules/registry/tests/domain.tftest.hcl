mock_provider "google" {
  mock_resource "google_artifact_registry_repository" {
    defaults = {
      name    = "weather-1a2b3c"
      project = "example.com:rehearsal"
    }
  }
}

run "a_project_of_a_domain_is_written_with_a_slash" {
  variables {
    name     = "weather-1a2b3c"
    location = "us-central1"
  }

  assert {
    condition     = output.address == "us-central1-docker.pkg.dev/example.com/rehearsal/weather-1a2b3c"
    error_message = "A colon would be taken for what comes before a tag."
  }
}
