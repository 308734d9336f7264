mock_provider "google" {}

# One bad value of each variable at a time: each of them is refused for itself.

run "no_name_with_a_slash_and_no_role_but_that_of_reading_it" {
  command = plan

  variables {
    name   = "projects/x/secrets/y"
    labels = { cynthus-owner = "Joe" }
    grants = { "roles/secretmanager.admin" = "serviceAccount:a@b.iam.gserviceaccount.com" }
  }

  expect_failures = [var.name, var.labels, var.grants]
}

run "not_everybody" {
  command = plan

  variables {
    name   = "weather-1a2b3c-HF_TOKEN"
    grants = { "roles/secretmanager.secretAccessor" = "allAuthenticatedUsers" }
  }

  expect_failures = [var.grants]
}
