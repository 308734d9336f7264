mock_provider "google" {}

run "no_id_that_is_too_long" {
  command = plan

  variables {
    deployment = "a2345678901234567-1a2b3c"
  }

  expect_failures = [var.deployment]
}
