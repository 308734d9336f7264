# Hardware of other kinds, data sources, and changes that a running machine does not take.

terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

provider "google" {
  region        = "us-central1"
  zone          = "us-central1-a"
  poll_interval = "1s"
}

variable "stage" { default = "one" }

resource "google_project_service" "s" {
  service            = "secretmanager.googleapis.com"
  disable_on_destroy = false
}

resource "google_compute_network" "auto" { name = "auto" }

resource "google_compute_address" "a" {
  name   = "kept"
  labels = { stage = var.stage }
}

resource "google_compute_disk" "data" {
  name   = "data"
  type   = "pd-ssd"
  size   = var.stage == "one" ? 20 : 30
  labels = { stage = var.stage }
}

resource "google_compute_disk" "second" {
  name = "second"
  type = "pd-balanced"
  size = 20
}

data "google_compute_image" "debian" {
  family  = "debian-12"
  project = "debian-cloud"
}

data "google_compute_zones" "z" {}

data "google_compute_machine_types" "m" {
  filter = "name = n1-standard-8"
  zone   = "us-central1-a"
}

data "google_project" "p" {}

resource "google_secret_manager_secret" "t" {
  secret_id = "T"
  replication {
    auto {}
  }
  depends_on = [google_project_service.s]
}

resource "google_secret_manager_secret_version" "v" {
  secret      = google_secret_manager_secret.t.id
  secret_data = "x"
}

resource "google_compute_instance" "vm" {
  name                      = "custom"
  machine_type              = var.stage == "one" ? "n1-standard-8" : "n1-standard-4"
  min_cpu_platform          = "Intel Skylake"
  allow_stopping_for_update = true
  tags                      = ["a", var.stage]
  metadata                  = { stage = var.stage }
  boot_disk {
    initialize_params {
      image = data.google_compute_image.debian.self_link
      type  = "pd-ssd"
      size  = 50
    }
  }
  scratch_disk {
    interface = "NVME"
  }
  attached_disk {
    source = google_compute_disk.data.self_link
  }
  guest_accelerator {
    type  = "nvidia-tesla-t4"
    count = 1
  }
  network_interface {
    network = google_compute_network.auto.id
    access_config {
      nat_ip = google_compute_address.a.address
    }
  }
  scheduling {
    on_host_maintenance = "TERMINATE"
    max_run_duration {
      seconds = 3600
    }
    instance_termination_action = "DELETE"
  }
  lifecycle {
    ignore_changes = [attached_disk]
  }
}

resource "google_compute_attached_disk" "x" {
  disk     = google_compute_disk.second.id
  instance = google_compute_instance.vm.id
}

data "google_compute_instance" "i" {
  name = google_compute_instance.vm.name
  zone = "us-central1-a"
}
