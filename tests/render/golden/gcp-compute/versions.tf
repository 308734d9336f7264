terraform {
  required_version = ">= 1.6.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.41, < 9.0"
    }
  }

  # Where the state lies is in backend.tfbackend.json: terraform init -backend-config=backend.tfbackend.json
  backend "gcs" {}
}

# Who asks is no matter of these files: application default credentials, or what
# a pipeline puts into the environment.
provider "google" {
  project = var.project
  region  = var.region
  zone    = var.zone
  # Google's operations take seconds; the usual wait between two looks is ten.
  poll_interval = "1s"
}
