mock_provider "google" {
  mock_resource "google_compute_instance" {
    defaults = {
      instance_id = "1795492522828097108"
    }
  }
}

variables {
  name             = "host-0"
  deployment       = "weather-1a2b3c"
  labels           = { cynthus-deployment = "weather-1a2b3c" }
  project          = "rehearsal"
  zone             = "us-central1-a"
  machine_type     = "g2-standard-4"
  gpus             = 1
  image            = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
  disk             = { type = "pd-balanced", size = 100 }
  max_run_duration = 86400
  subnetwork       = "weather-1a2b3c"
  service_account  = "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
}

run "is_entered_by_role_where_that_was_asked_for" {
  variables {
    login    = "oslogin"
    ssh_keys = ["cynthus:ssh-ed25519 AAAAC3Nza me@desk"]
  }

  assert {
    condition     = google_compute_instance.vm.metadata["enable-oslogin"] == "TRUE" && google_compute_instance.vm.metadata["block-project-ssh-keys"] == "TRUE"
    error_message = "OS Login is on, and the project's keys count for nothing."
  }

  assert {
    condition     = !contains(keys(google_compute_instance.vm.metadata), "ssh-keys")
    error_message = "A key in the metadata would open nothing, and look as if it did."
  }

  assert {
    condition     = output.host.user == null
    error_message = "Everybody has a name of their own there."
  }
}

run "has_a_public_address_where_that_was_asked_for" {
  variables {
    access = "public"
  }

  assert {
    condition     = length(google_compute_instance.vm.network_interface[0].access_config) == 1
    error_message = "It has one."
  }

  assert {
    condition     = output.host.connection.kind == "ssh"
    error_message = "It is plain SSH then."
  }

  assert {
    condition     = output.host.address == google_compute_instance.vm.network_interface[0].access_config[0].nat_ip && output.host.internal_address == google_compute_instance.vm.network_interface[0].network_ip
    error_message = "The public address is the way in; among themselves the machines have private ones."
  }
}
