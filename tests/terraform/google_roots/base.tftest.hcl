# The values are those of terraform.tfvars.json.

mock_provider "google" {
  # OpenTofu makes up what only the cloud knows for a plan already, and the provider looks at who is let in.
  mock_resource "google_service_account" {
    defaults = { member = "serviceAccount:weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com" }
  }
}

run "makes_all_that_the_machines_need" {
  command = plan

  assert {
    condition     = output.network == "weather-1a2b3c" && output.subnetwork == "weather-1a2b3c"
    error_message = "A network of its own, named after the id."
  }

  assert {
    condition     = output.input_bucket == "cynthus-weather-1a2b3c-in" && output.output_bucket == "cynthus-weather-1a2b3c-out"
    error_message = "A bucket for what goes in and one for what comes out."
  }

  assert {
    condition     = output.secrets == { HF_TOKEN = "weather-1a2b3c-HF_TOKEN" }
    error_message = "An empty place for each secret."
  }

  assert {
    condition     = length(module.network) == 1 && length(module.registry) == 1
    error_message = "A network and a repository."
  }
}

run "makes_no_network_where_one_is_named" {
  command = plan

  variables {
    network    = "default"
    subnetwork = null
  }

  assert {
    condition     = length(module.network) == 0 && output.network == "default" && output.subnetwork == null
    error_message = "A network that is there is used as it is."
  }
}

run "makes_no_network_where_a_subnetwork_is_named" {
  command = plan

  variables {
    # The longest that there is.
    deployment = "a234567890123456-1a2b3c"
    subnetwork = "of-the-team"
    access     = "internal"
    registry   = false
    secrets    = []
  }

  assert {
    condition     = length(module.network) == 0 && output.network == null && output.subnetwork == "of-the-team"
    error_message = "A subnetwork that is there is used as it is."
  }

  assert {
    condition     = output.output_bucket == "cynthus-a234567890123456-1a2b3c-out"
    error_message = "A bucket's name has at most 63 characters."
  }

  assert {
    condition     = output.repository == null && output.secrets == {}
    error_message = "No repository and no secret where none is wanted."
  }
}

run "nothing_that_is_no_name_is_taken" {
  command = plan

  variables {
    deployment = "weather"
    project    = "My Project"
    region     = "us-central1-a"
    network    = "a/b"
    subnetwork = "$${path.root}"
    access     = "open"
    ssh_from   = "0.0.0.0/0"
    secrets    = ["HF-TOKEN"]
    owner      = "Joe Doe"
  }

  expect_failures = [
    var.deployment, var.project, var.region, var.network, var.subnetwork, var.access, var.ssh_from, var.secrets, var.owner,
  ]
}

run "lets_one_range_in_to_public_addresses_and_has_no_nat_for_them" {
  command = plan

  variables {
    access   = "public"
    ssh_from = "203.0.113.7/32"
  }

  assert {
    condition     = length(module.network) == 1
    error_message = "The network is its own, for a rule in it lets that range in."
  }
}
