mock_provider "google" {}

# One bad value of each variable at a time: each of them is refused for itself.

run "no_name_of_64_characters_and_no_time_that_google_does_not_offer" {
  command = plan

  variables {
    name              = "a234567890123456789012345678901234567890123456789012345678901234"
    location          = "us central1"
    labels            = { cynthus-owner = "Joe Doe" }
    keep_deleted_days = 3
    grants            = { "roles/storage.admin" = "serviceAccount:a@b.iam.gserviceaccount.com" }
  }

  expect_failures = [var.name, var.location, var.labels, var.keep_deleted_days, var.grants]
}

run "no_name_that_google_keeps_for_itself" {
  command = plan

  variables {
    name     = "cynthus-google-demo-1a2b3c-in"
    location = "us-central1"
  }

  expect_failures = [var.name]
}

run "no_name_that_is_a_template_and_not_everybody" {
  command = plan

  variables {
    name              = "$${path.root}"
    location          = "us-central1"
    labels            = { Owner = "joe" }
    keep_deleted_days = 91
    grants            = { "roles/storage.objectViewer" = "allUsers" }
  }

  expect_failures = [var.name, var.labels, var.keep_deleted_days, var.grants]
}
