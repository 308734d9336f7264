# One of each kind of resource that a simulated cloud has, in the shapes that Cynthus makes.

terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.41, < 9.0"
    }
  }
}

provider "google" {
  region        = "us-central1"
  poll_interval = "1s"
}

variable "stage" {
  type    = string
  default = "one"
}

locals {
  labels = { cynthus-deployment = "demo-abc123", stage = var.stage }
}

resource "google_compute_network" "net" {
  name                    = "demo-abc123"
  description             = "Network of the deployment demo-abc123."
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "sub" {
  name                     = "demo-abc123"
  network                  = google_compute_network.net.id
  ip_cidr_range            = "10.128.0.0/20"
  private_ip_google_access = true
}

resource "google_compute_router" "router" {
  name        = "demo-abc123"
  description = "Router of the deployment demo-abc123."
  network     = google_compute_network.net.id
}

resource "google_compute_router_nat" "nat" {
  name                               = "demo-abc123"
  router                             = google_compute_router.router.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  subnetwork {
    name                    = google_compute_subnetwork.sub.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

resource "google_compute_firewall" "ssh" {
  name                    = "demo-abc123-ssh"
  network                 = google_compute_network.net.name
  source_ranges           = ["35.235.240.0/20"]
  target_service_accounts = [google_service_account.vm.email]
  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_service_account" "vm" {
  account_id   = "demo-abc123-vm"
  display_name = "Machines of demo-abc123"
  description  = "Made for a test."
}

resource "google_storage_bucket" "out" {
  name                        = "cynthus-demo-abc123-out"
  location                    = "us-central1"
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  soft_delete_policy {
    retention_duration_seconds = 0
  }
  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

resource "google_storage_bucket_object" "file" {
  name    = "jobs/start.sh"
  bucket  = google_storage_bucket.out.name
  content = "#!/bin/sh\necho hi\n"
}

resource "google_storage_bucket_iam_member" "out" {
  bucket = google_storage_bucket.out.name
  role   = "roles/storage.objectUser"
  member = google_service_account.vm.member
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "demo-abc123"
  location      = "us-central1"
  description   = "Images of the deployment demo-abc123."
  format        = "DOCKER"
  labels        = local.labels
}

resource "google_artifact_registry_repository_iam_member" "images" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.vm.member
}

resource "google_secret_manager_secret" "token" {
  secret_id = "demo-abc123-TOKEN"
  labels    = local.labels
  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "token" {
  secret_id = google_secret_manager_secret.token.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.vm.member
}

resource "google_project_iam_member" "logs" {
  project = google_service_account.vm.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.vm.member
}

resource "google_compute_instance" "vm" {
  name                      = "demo-abc123-host-0"
  description               = "Host host-0 of the deployment demo-abc123."
  zone                      = "us-central1-a"
  machine_type              = "g2-standard-4"
  labels                    = local.labels
  allow_stopping_for_update = true

  boot_disk {
    auto_delete = true
    initialize_params {
      image = "projects/ubuntu-os-accelerator-images/global/images/family/ubuntu-accelerator-2404-amd64-with-nvidia-580"
      type  = "pd-balanced"
      size  = 100
    }
  }

  network_interface {
    network    = google_compute_network.net.name
    subnetwork = google_compute_subnetwork.sub.name
    nic_type   = "GVNIC"
  }

  scheduling {
    provisioning_model          = "SPOT"
    preemptible                 = true
    automatic_restart           = false
    on_host_maintenance         = "TERMINATE"
    instance_termination_action = "DELETE"
    max_run_duration {
      seconds = 86400
    }
  }

  service_account {
    email  = google_service_account.vm.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = false
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    block-project-ssh-keys           = "TRUE"
    enable-oslogin                   = "FALSE"
    serial-port-enable               = "FALSE"
    google_disable_automatic_updates = "TRUE"
    ssh-keys                         = "cynthus:ssh-ed25519 AAAA test"
  }

  lifecycle {
    # The provider does not see that an image with -amd64- in the middle of its name is of its family, and would make
    # a new machine at every apply.
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }
}

resource "google_compute_instance_iam_member" "itself" {
  zone          = google_compute_instance.vm.zone
  instance_name = google_compute_instance.vm.name
  role          = "roles/compute.instanceAdmin.v1"
  member        = google_service_account.vm.member
}
