mock_provider "google" {}

variables {
  name            = "host-0"
  deployment      = "weather-1a2b3c"
  project         = "rehearsal"
  zone            = "us-central1-a"
  machine_type    = "e2-standard-4"
  image           = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
  disk            = { type = "pd-balanced", size = 100 }
  subnetwork      = "weather-1a2b3c"
  service_account = "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
}

# One bad value of several variables at a time: each of them is refused for itself.

run "nothing_that_is_too_long_or_too_much" {
  command = plan

  variables {
    name             = "a234567890123456789012345678901234567890"
    labels           = { cynthus-owner = "a234567890123456789012345678901234567890123456789012345678901234" }
    accelerator      = { type = "nvidia-tesla-t4", count = 3 }
    disk             = { type = "pd-ssd", size = 65537 }
    max_run_duration = 10368001
    ssh_keys         = ["cynthus:ssh-ed25519 AAAA me\nroot:ssh-ed25519 BBBB"]
  }

  expect_failures = [var.name, var.labels, var.accelerator, var.disk, var.max_run_duration, var.ssh_keys]
}

run "nothing_that_is_too_little" {
  command = plan

  variables {
    deployment       = "weather"
    zone             = "us-central1"
    gpus             = -1
    accelerator      = { type = "nvidia-tesla-t4", count = 0 }
    disk             = { type = "pd-ssd", size = 5 }
    max_run_duration = 10
    service_account  = "weather-1a2b3c-vm"
    ssh_keys         = ["ssh-ed25519 AAAAC3Nza me@desk"]
    key              = "id_ed25519"
  }

  expect_failures = [var.deployment, var.zone, var.gpus, var.accelerator, var.disk, var.max_run_duration, var.service_account, var.ssh_keys, var.key]
}

run "nothing_of_another_kind" {
  command = plan

  variables {
    name             = "$${path.root}"
    labels           = { cynthus-owner = "Joe" }
    machine_type     = "g2 standard"
    gpus             = 0.5
    accelerator      = { type = "T4", count = 1 }
    image            = "$${path.root}"
    disk             = { type = "local-ssd", size = 375 }
    nic_type         = "E1000"
    max_run_duration = 60.5
    access           = "open"
    login            = "password"
    user             = "a b"
  }

  expect_failures = [var.name, var.labels, var.machine_type, var.gpus, var.accelerator, var.image, var.disk, var.nic_type, var.max_run_duration, var.access, var.login, var.user]
}

run "no_machine_outside_of_every_network" {
  command = plan

  variables {
    subnetwork = null
  }

  expect_failures = [google_compute_instance.vm]
}

run "no_machine_by_flex_start_without_an_end" {
  command = plan

  variables {
    flex_start = true
  }

  expect_failures = [google_compute_instance.vm]
}

run "no_machine_by_flex_start_for_more_than_seven_days" {
  command = plan

  variables {
    flex_start       = true
    max_run_duration = 604801
  }

  expect_failures = [google_compute_instance.vm]
}

run "no_spot_machine_by_flex_start" {
  command = plan

  variables {
    spot             = true
    flex_start       = true
    max_run_duration = 3600
  }

  expect_failures = [google_compute_instance.vm]
}

run "no_spot_machine_from_a_reservation" {
  command = plan

  variables {
    spot        = true
    reservation = { name = "lab", bound = false }
  }

  expect_failures = [google_compute_instance.vm]
}

run "no_reservation_of_no_name" {
  command = plan

  variables {
    reservation = { name = "Lab 1", bound = false }
  }

  expect_failures = [var.reservation]
}
