mock_provider "google" {}

variables {
  name            = "weather-1a2b3c"
  region          = "us-central1"
  ssh_from        = ["35.235.240.0/20"]
  service_account = "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
}

# One bad value of several variables at a time: each of them is refused for itself.

run "no_ssh_from_the_internet_and_no_public_addresses" {
  command = plan

  variables {
    name     = "a234567890123456789012345678901234567890123456789012345678"
    region   = "us-central1-a"
    ip_range = "8.8.8.0/24"
    ssh_from = ["0.0.0.0/0"]
  }

  expect_failures = [var.name, var.region, var.ip_range, var.ssh_from]
}

run "no_ssh_from_the_internet_in_two_halves" {
  command = plan

  variables {
    ip_range = "10.128.0.0"
    ssh_from = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.ip_range, var.ssh_from]
}

run "no_ssh_from_nowhere_and_no_range_that_google_finds_too_small" {
  command = plan

  variables {
    ip_range = "10.128.0.0/30"
    ssh_from = []

    other_regions = { us-east1-b = "8.8.8.0/24" }
  }

  expect_failures = [var.ip_range, var.ssh_from, var.other_regions]
}

run "no_ssh_from_everywhere_in_the_other_internet" {
  command = plan

  variables {
    ssh_from = ["::/0"]
  }

  expect_failures = [var.ssh_from]
}
