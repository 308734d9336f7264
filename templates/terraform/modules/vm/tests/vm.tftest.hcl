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

run "is_shut_in_and_removed_by_the_cloud_s_own_clock" {
  command = plan

  assert {
    condition     = length(google_compute_instance.vm.network_interface) == 1 && length(google_compute_instance.vm.network_interface[0].access_config) == 0
    error_message = "The machine is reached from within."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].max_run_duration[0].seconds == 86400
    error_message = "It has a deadline."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].instance_termination_action == "DELETE"
    error_message = "It is deleted then: a stopped machine bills its disk."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].on_host_maintenance == "TERMINATE" && google_compute_instance.vm.scheduling[0].provisioning_model == "STANDARD"
    error_message = "Google refuses a machine with a GPU that is to be moved."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].automatic_restart
    error_message = "After a fault of its host it is started again."
  }

  assert {
    condition     = length(google_compute_instance.vm.guest_accelerator) == 0
    error_message = "Google fills them in."
  }

  assert {
    condition     = google_compute_instance.vm.boot_disk[0].auto_delete
    error_message = "The disk goes with the machine."
  }

  assert {
    condition     = google_compute_instance.vm.service_account[0].email == "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
    error_message = "It is not the project's default account, which may do anything."
  }

  assert {
    condition     = google_compute_instance_iam_member.itself.instance_name == "weather-1a2b3c-host-0" && google_compute_instance_iam_member.itself.role == "roles/compute.instanceAdmin.v1"
    error_message = "The permission is on this one machine."
  }

  assert {
    condition     = google_compute_instance_iam_member.itself.member == "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
    error_message = "It is the machine's own account that has it."
  }

  assert {
    condition     = google_compute_instance.vm.shielded_instance_config[0].enable_vtpm && google_compute_instance.vm.shielded_instance_config[0].enable_integrity_monitoring
    error_message = "vTPM and integrity monitoring are always on."
  }

  assert {
    condition     = google_compute_instance.vm.shielded_instance_config[0].enable_secure_boot == false
    error_message = "Secure boot refuses drivers that were built on the machine, so it has to be asked for."
  }

  assert {
    condition = google_compute_instance.vm.metadata == tomap({
      block-project-ssh-keys           = "TRUE"
      enable-oslogin                   = "FALSE"
      google_disable_automatic_updates = "TRUE"
      serial-port-enable               = "FALSE"
    })
    error_message = "Without a key of its own nobody gets in."
  }
}

run "has_no_clock_where_none_was_asked_for" {
  command = plan

  variables {
    machine_type     = "e2-standard-4"
    gpus             = 0
    max_run_duration = null
  }

  assert {
    condition     = length(google_compute_instance.vm.scheduling[0].max_run_duration) == 0 && google_compute_instance.vm.scheduling[0].instance_termination_action == null
    error_message = "Without a deadline there is nothing to do at its end."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].on_host_maintenance == "MIGRATE"
    error_message = "The run goes on while Google works at the host."
  }
}

run "a_machine_that_may_be_taken_away_is_deleted_then" {
  command = plan

  variables {
    spot             = true
    gpus             = 0
    max_run_duration = null
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].provisioning_model == "SPOT" && google_compute_instance.vm.scheduling[0].preemptible
    error_message = "It is a spot machine."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].instance_termination_action == "DELETE" && google_compute_instance.vm.scheduling[0].automatic_restart == false
    error_message = "It does not stay behind, stopped, and is not started again."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].on_host_maintenance == "TERMINATE"
    error_message = "A spot machine is not moved."
  }
}

run "a_machine_by_flex_start_takes_no_reservation_and_is_deleted_in_time" {
  command = plan

  variables {
    flex_start       = true
    max_run_duration = 604800
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].provisioning_model == "FLEX_START" && google_compute_instance.vm.scheduling[0].preemptible == false
    error_message = "It is bought by flex-start, and not taken back."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].max_run_duration[0].seconds == 604800 && google_compute_instance.vm.scheduling[0].instance_termination_action == "DELETE"
    error_message = "Google makes none without an end."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].automatic_restart == false && google_compute_instance.vm.scheduling[0].on_host_maintenance == "TERMINATE"
    error_message = "It is neither started again nor moved."
  }

  assert {
    condition     = google_compute_instance.vm.reservation_affinity[0].type == "NO_RESERVATION" && length(google_compute_instance.vm.reservation_affinity[0].specific_reservation) == 0
    error_message = "What somebody has reserved is left to them."
  }
}

run "a_machine_by_the_hour_is_taken_from_a_reservation" {
  command = plan

  variables {
    reservation = { name = "lab", bound = false }
  }

  assert {
    condition     = google_compute_instance.vm.reservation_affinity[0].type == "SPECIFIC_RESERVATION" && google_compute_instance.vm.reservation_affinity[0].specific_reservation[0].key == "compute.googleapis.com/reservation-name" && google_compute_instance.vm.reservation_affinity[0].specific_reservation[0].values == tolist(["lab"])
    error_message = "It is the one that was named, and no other."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].provisioning_model == "STANDARD" && google_compute_instance.vm.scheduling[0].automatic_restart
    error_message = "It is a machine by the hour like any other."
  }
}

run "a_machine_that_google_makes_in_reservations_alone_is_bound_to_one" {
  command = plan

  variables {
    machine_type     = "a4-highgpu-8g"
    gpus             = 8
    reservation      = { name = "projects/owner/reservations/lab", bound = true }
    max_run_duration = null
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].provisioning_model == "RESERVATION_BOUND" && google_compute_instance.vm.reservation_affinity[0].specific_reservation[0].values == tolist(["projects/owner/reservations/lab"])
    error_message = "It is bound to the reservation that was named, of whichever project."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].instance_termination_action == "DELETE" && google_compute_instance.vm.scheduling[0].automatic_restart == false
    error_message = "It is deleted when the reservation ends."
  }
}

run "a_machine_whose_cost_has_a_limit_is_not_started_again" {
  command = plan

  variables {
    restart = false
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].automatic_restart == false && google_compute_instance.vm.scheduling[0].provisioning_model == "STANDARD"
    error_message = "Its clock would begin anew."
  }
}

run "gpus_disk_and_card_are_those_that_were_asked_for" {
  command = plan

  variables {
    machine_type = "n1-standard-8"
    gpus         = 0
    accelerator  = { type = "nvidia-tesla-t4", count = 2 }
    disk         = { type = "hyperdisk-balanced", size = 250 }
    nic_type     = "GVNIC"
  }

  assert {
    condition     = google_compute_instance.vm.guest_accelerator[0].type == "nvidia-tesla-t4" && google_compute_instance.vm.guest_accelerator[0].count == 2
    error_message = "Two of them are added."
  }

  assert {
    condition     = google_compute_instance.vm.scheduling[0].on_host_maintenance == "TERMINATE"
    error_message = "With them it is not moved, however many the app uses."
  }

  assert {
    condition     = google_compute_instance.vm.boot_disk[0].initialize_params[0].type == "hyperdisk-balanced" && google_compute_instance.vm.boot_disk[0].initialize_params[0].size == 250
    error_message = "Type and size of the disk are handed on."
  }

  assert {
    condition     = google_compute_instance.vm.network_interface[0].nic_type == "GVNIC"
    error_message = "So is the network card."
  }
}

run "stands_in_a_network_that_is_named" {
  command = plan

  variables {
    network    = "default"
    subnetwork = null
  }

  assert {
    condition     = google_compute_instance.vm.network_interface[0].network == "default"
    error_message = "The network is handed on."
  }
}

run "the_longest_id_and_a_host_fit" {
  command = plan

  variables {
    deployment = "a234567890123456-1a2b3c"
    name       = "host-99"
  }

  assert {
    condition     = google_compute_instance.vm.name == "a234567890123456-1a2b3c-host-99"
    error_message = "A machine's name has at most 63 characters."
  }
}

run "its_own_keys_open_it" {
  variables {
    ssh_keys = ["cynthus:ssh-ed25519 AAAAC3Nza me@desk", "joe:ecdsa-sha2-nistp256 AAAAE2Vj="]
    labels   = { cynthus-deployment = "weather-1a2b3c", cynthus-owner = "joe", cynthus-expires = "2026-11-30" }
  }

  assert {
    condition     = google_compute_instance.vm.metadata["ssh-keys"] == "cynthus:ssh-ed25519 AAAAC3Nza me@desk\njoe:ecdsa-sha2-nistp256 AAAAE2Vj="
    error_message = "One key a line."
  }
}

run "a_plan_by_hand_keeps_what_is_not_known_there" {
  variables {
    key = "~/.ssh/cynthus"
  }

  assert {
    condition     = google_compute_instance.vm.labels == tomap({ cynthus-deployment = "weather-1a2b3c", cynthus-owner = "joe", cynthus-expires = "2026-11-30" })
    error_message = "Owner and expiry stay as they are."
  }

  assert {
    condition     = startswith(google_compute_instance.vm.metadata["ssh-keys"], "cynthus:ssh-ed25519 ")
    error_message = "So do the keys that open it."
  }

  assert {
    condition     = output.host.name == "host-0" && output.host.user == "cynthus" && output.host.port == 22 && output.host.gpus == 1
    error_message = "Every field of the contract is there."
  }

  assert {
    condition     = output.host.address == google_compute_instance.vm.name && output.host.internal_address == google_compute_instance.vm.network_interface[0].network_ip
    error_message = "The proxy finds it by its name, the other machines by its address."
  }

  assert {
    condition = output.host.connection == {
      kind        = "iap"
      instance_id = "1795492522828097108"
      project     = "rehearsal"
      zone        = "us-central1-a"
      key         = "~/.ssh/cynthus"
    }
    error_message = "Google's proxy is told project, zone and name; host keys go by the number."
  }
}

run "is_reached_from_within" {
  variables {
    access = "internal"
  }

  assert {
    condition     = output.host.connection.kind == "ssh" && output.host.connection.key == null
    error_message = "It is plain SSH then."
  }

  assert {
    condition     = output.host.address == google_compute_instance.vm.network_interface[0].network_ip
    error_message = "Its address is the private one."
  }
}
