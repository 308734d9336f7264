mock_provider "google" {}

# One bad value of each variable at a time: each of them is refused for itself.

run "no_name_of_64_characters_and_no_role_over_the_repository_itself" {
  command = plan

  variables {
    name     = "a234567890123456789012345678901234567890123456789012345678901234"
    location = "us central1"
    labels   = { cynthus-owner = "Joe" }
    grants   = { "roles/artifactregistry.repoAdmin" = "serviceAccount:a@b.iam.gserviceaccount.com" }
  }

  expect_failures = [var.name, var.location, var.labels, var.grants]
}

run "no_name_with_a_dash_at_its_end_and_not_everybody" {
  command = plan

  variables {
    name     = "weather-"
    location = "us-central1"
    grants   = { "roles/artifactregistry.reader" = "allUsers" }
  }

  expect_failures = [var.name, var.grants]
}
