# The values are those of terraform.tfvars.json, for two nodes.

mock_provider "google" {}

variables {
  owner    = "joe"
  expires  = "2026-11-30t02-20-00z"
  ssh_keys = ["cynthus:ssh-ed25519 AAAAC3Nza me@desk"]
}

run "two_machines_are_made_and_told" {
  assert {
    condition     = [for host in output.hosts : host.name] == ["host-0", "host-1"]
    error_message = "Ansible is told of both, in their order."
  }

  assert {
    condition     = alltrue([for host in output.hosts : host.connection.kind == "iap" && host.connection.project == "rehearsal" && host.gpus == 1])
    error_message = "Each is reached through Google's proxy, with what that needs."
  }

  assert {
    condition     = output.deployment == "weather-1a2b3c"
    error_message = "The id is told too."
  }

  assert {
    condition     = local.service_account == "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com" && local.subnetwork == "weather-1a2b3c" && local.network == null
    error_message = "What base made is found by its name."
  }

  assert {
    condition     = local.labels == { cynthus-deployment = "weather-1a2b3c", cynthus-owner = "joe", cynthus-expires = "2026-11-30t02-20-00z" }
    error_message = "Whose it is and until when is on every machine."
  }
}

run "a_network_that_is_named_is_used_without_a_subnetwork" {
  command = plan

  variables {
    project = "example.com:rehearsal"
    network = "default"
    owner   = null
    expires = null
  }

  assert {
    condition     = local.network == "default" && local.subnetwork == null
    error_message = "Google takes the network's own subnetwork of the region."
  }

  assert {
    condition     = local.service_account == "weather-1a2b3c-vm@rehearsal.example.com.iam.gserviceaccount.com"
    error_message = "A project of a domain is turned round in an address."
  }

  assert {
    condition     = local.labels == { cynthus-deployment = "weather-1a2b3c" }
    error_message = "What is not known is no label."
  }
}

run "a_subnetwork_says_which_network_it_is_of" {
  command = plan

  variables {
    network    = "of-the-team"
    subnetwork = "of-the-team-us"
  }

  assert {
    condition     = local.network == null && local.subnetwork == "of-the-team-us"
    error_message = "Both together may contradict each other."
  }
}

run "nothing_that_is_no_value_is_taken" {
  command = plan

  variables {
    deployment = "weather"
    project    = "My Project"
    region     = "us-central1-a"
    zone       = "us-central1"
    network    = "a/b"
    subnetwork = "$${path.root}"
    gpus       = 0.5
    access     = "open"
    login      = "password"
    owner      = "Joe Doe"
    expires    = "2026-11-30T02:20:00Z"
  }

  expect_failures = [
    var.deployment, var.project, var.region, var.zone, var.network, var.subnetwork, var.gpus, var.access, var.login, var.owner,
    var.expires,
  ]
}

run "public_addresses_and_roles_are_handed_on_to_each_machine" {
  command = plan

  variables {
    access = "public"
    login  = "oslogin"
  }

  assert {
    condition     = alltrue([for host in output.hosts : host.connection.kind == "ssh" && host.user == null])
    error_message = "Plain SSH, and for each person their own name."
  }
}
