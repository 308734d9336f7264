# One machine, its disk, and its permission to remove itself. This is the place
# for hardware that no variable names: a scratch_disk, a min_cpu_platform, a
# node affinity. What you change here stays when the files are written again.

locals {
  # How it is bought. What is in a reservation by the hour is bought so, too.
  bound = var.reservation == null ? false : var.reservation.bound
  model = var.spot ? "SPOT" : var.flex_start ? "FLEX_START" : local.bound ? "RESERVATION_BOUND" : "STANDARD"

  # By flex-start nothing is taken that somebody has reserved: what fits would be, unasked.
  affinity = var.flex_start ? "NO_RESERVATION" : var.reservation == null ? null : "SPECIFIC_RESERVATION"
  reserved = var.reservation == null ? [] : [var.reservation.name]

  # Google moves other machines to another host while they run; of these it cannot.
  immovable = local.model != "STANDARD" || var.gpus > 0 || var.accelerator != null

  # With OS Login the machine heeds no keys but those of people who have a role for it.
  by_role  = var.login == "oslogin"
  ssh_keys = local.by_role || length(var.ssh_keys) == 0 ? {} : { ssh-keys = join("\n", var.ssh_keys) }
}

# What was asked for, as it was written. A family is an image of another name by
# the time that the machine stands, and the provider cannot tell for every family
# that the two are one: it would make the machine anew at each apply.
resource "terraform_data" "image" {
  input = var.image
}

resource "google_compute_instance" "vm" {
  #checkov:skip=CKV_GCP_38: Google's own key encrypts the disk; who has one in Cloud KMS adds kms_key_self_link
  name         = "${var.deployment}-${var.name}"
  description  = "Host ${var.name} of the deployment ${var.deployment}, made by Cynthus."
  zone         = var.zone
  machine_type = var.machine_type
  labels       = var.labels

  # Another machine type is taken over by a stop and a start, and not by a new machine.
  allow_stopping_for_update = true

  boot_disk {
    # Nothing that bills outlives the machine.
    auto_delete = true

    initialize_params {
      image = var.image
      type  = var.disk.type
      size  = var.disk.size
    }
  }

  # Without an access_config it has no public address. One that it has goes with the machine.
  network_interface {
    network    = var.network
    subnetwork = var.subnetwork
    nic_type   = var.nic_type

    dynamic "access_config" {
      for_each = var.access == "public" ? ["PREMIUM"] : []

      content {
        network_tier = access_config.value
      }
    }
  }

  # GPUs that are added to a machine (N1). Most machine types have theirs built in, and name none here.
  dynamic "guest_accelerator" {
    for_each = var.accelerator == null ? [] : [var.accelerator]

    content {
      type  = guest_accelerator.value.type
      count = guest_accelerator.value.count
    }
  }

  scheduling {
    provisioning_model  = local.model
    preemptible         = var.spot
    automatic_restart   = local.model == "STANDARD" && var.restart
    on_host_maintenance = local.immovable ? "TERMINATE" : "MIGRATE"

    # Deleted, not stopped: a stopped machine keeps its disk, and that bills.
    instance_termination_action = local.model != "STANDARD" || var.max_run_duration != null ? "DELETE" : null

    # The cloud's own clock: it removes the machine even if nobody ever comes back.
    dynamic "max_run_duration" {
      for_each = var.max_run_duration == null ? [] : [var.max_run_duration]

      content {
        seconds = max_run_duration.value
      }
    }
  }

  dynamic "reservation_affinity" {
    for_each = local.affinity == null ? [] : [local.affinity]

    content {
      type = reservation_affinity.value

      dynamic "specific_reservation" {
        for_each = local.reserved

        content {
          key    = "compute.googleapis.com/reservation-name"
          values = [specific_reservation.value]
        }
      }
    }
  }

  # Tokens for everything; what they are good for is for the account's permissions to say.
  service_account {
    email  = var.service_account
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = var.secure_boot
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = merge(
    {
      # Who gets in is decided for this machine alone.
      block-project-ssh-keys = "TRUE"
      enable-oslogin         = local.by_role ? "TRUE" : "FALSE"
      serial-port-enable     = "FALSE"
      # An update at the first boot would hold the lock that Ansible needs, and may replace the driver under a run.
      google_disable_automatic_updates = "TRUE"
    },
    local.ssh_keys,
  )

  lifecycle {
    precondition {
      condition     = var.network != null || var.subnetwork != null
      error_message = "Host ${var.name} needs a network or a subnetwork."
    }

    precondition {
      condition     = length([for each in [var.spot, var.flex_start, var.reservation != null] : each if each]) < 2
      error_message = "Host ${var.name} is bought in one way: as a spot machine, by flex-start, or from a reservation."
    }

    precondition {
      condition     = !var.flex_start || (var.max_run_duration == null ? false : var.max_run_duration <= 604800)
      error_message = "By flex-start host ${var.name} needs a max_run_duration of seven days (604800 seconds) at most."
    }

    # A newer image of the family leaves a machine alone; another wish makes it anew.
    replace_triggered_by = [terraform_data.image]

    ignore_changes = [
      boot_disk[0].initialize_params[0].image,
      # Known only where Cynthus runs, and when: without these values a plan by hand is empty too.
      labels["cynthus-owner"],
      labels["cynthus-expires"],
      metadata["ssh-keys"],
    ]
  }
}

# When its run has ended and the outputs are saved, the machine removes itself:
# itself, and nothing else of the project.
resource "google_compute_instance_iam_member" "itself" {
  zone          = google_compute_instance.vm.zone
  instance_name = google_compute_instance.vm.name
  role          = "roles/compute.instanceAdmin.v1"
  member        = "serviceAccount:${var.service_account}"

  lifecycle {
    # The permission goes with a machine, and the next one has the same name.
    replace_triggered_by = [google_compute_instance.vm.instance_id]
  }
}
