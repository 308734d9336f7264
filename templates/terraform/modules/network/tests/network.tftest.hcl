mock_provider "google" {}

variables {
  name            = "weather-1a2b3c"
  region          = "us-central1"
  ssh_from        = ["35.235.240.0/20"]
  service_account = "weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"
}

run "lets_in_nothing_but_ssh_from_outside" {
  command = plan

  assert {
    condition     = google_compute_firewall.ssh.source_ranges == toset(["35.235.240.0/20"])
    error_message = "SSH comes from where it was said to."
  }

  assert {
    condition     = one(google_compute_firewall.ssh.allow).protocol == "tcp" && one(google_compute_firewall.ssh.allow).ports == tolist(["22"])
    error_message = "Only the port of SSH is open."
  }

  assert {
    condition     = google_compute_firewall.ssh.target_service_accounts == toset(["weather-1a2b3c-vm@rehearsal.iam.gserviceaccount.com"])
    error_message = "Others in the network are not reached."
  }

  assert {
    condition     = google_compute_firewall.hosts.source_service_accounts == google_compute_firewall.ssh.target_service_accounts && google_compute_firewall.hosts.target_service_accounts == google_compute_firewall.ssh.target_service_accounts
    error_message = "The machines reach each other, and nobody else reaches them so."
  }

  assert {
    condition     = google_compute_subnetwork.subnetwork.private_ip_google_access && google_compute_router_nat.nat[0].nat_ip_allocate_option == "AUTO_ONLY"
    error_message = "The way out: Google's services by the private way, all others through NAT."
  }

  assert {
    condition     = google_compute_network.network.auto_create_subnetworks == false && google_compute_subnetwork.subnetwork.ip_cidr_range == "10.128.0.0/20"
    error_message = "One subnetwork, in one region."
  }

  assert {
    condition = alltrue([for name in [
      google_compute_network.network.name, google_compute_subnetwork.subnetwork.name, google_compute_router.router.name,
      google_compute_router_nat.nat[0].name,
    ] : name == "weather-1a2b3c"]) && google_compute_firewall.ssh.name == "weather-1a2b3c-ssh" && google_compute_firewall.hosts.name == "weather-1a2b3c-hosts"
    error_message = "Names follow from the id, so that what is there after a crash is known again."
  }

  assert {
    condition = alltrue([for text in [
      google_compute_network.network.description, google_compute_subnetwork.subnetwork.description,
      google_compute_router.router.description, google_compute_firewall.ssh.description,
      google_compute_firewall.hosts.description,
    ] : strcontains(text, "weather-1a2b3c")])
    error_message = "What can have no label says in its description whose it is."
  }

  assert {
    condition     = output.network == "weather-1a2b3c" && output.subnetwork == "weather-1a2b3c"
    error_message = "The names are handed on."
  }
}

run "takes_another_range_of_private_addresses" {
  command = plan

  variables {
    ip_range = "192.168.4.0/24"
  }

  assert {
    condition     = google_compute_subnetwork.subnetwork.ip_cidr_range == "192.168.4.0/24"
    error_message = "The range is handed on."
  }
}

run "has_a_part_in_each_other_region_and_changes_nothing_at_home" {
  command = plan

  variables {
    other_regions = { us-east1 = "10.128.16.0/20" }
  }

  assert {
    condition     = google_compute_subnetwork.other["us-east1"].region == "us-east1" && google_compute_subnetwork.other["us-east1"].ip_cidr_range == "10.128.16.0/20" && google_compute_subnetwork.other["us-east1"].private_ip_google_access
    error_message = "Machines there have addresses of their own."
  }

  assert {
    condition     = google_compute_router_nat.other["us-east1"].region == "us-east1" && google_compute_router_nat.other["us-east1"].router == google_compute_router.other["us-east1"].name
    error_message = "They reach the internet as those at home do."
  }

  assert {
    condition     = google_compute_subnetwork.other["us-east1"].name == google_compute_subnetwork.subnetwork.name
    error_message = "The machines name it as at home."
  }

  assert {
    condition = alltrue([for text in [
      google_compute_subnetwork.other["us-east1"].description, google_compute_router.other["us-east1"].description,
    ] : strcontains(text, "weather-1a2b3c")])
    error_message = "What can have no label says in its description whose it is."
  }
}

run "has_no_nat_where_machines_go_out_by_addresses_of_their_own" {
  command = plan

  variables {
    ssh_from = ["203.0.113.7/32"]
    nat      = false
  }

  assert {
    condition     = length(google_compute_router_nat.nat) == 0
    error_message = "Nothing would go through it, and it bills."
  }

  assert {
    condition     = google_compute_firewall.ssh.source_ranges == toset(["203.0.113.7/32"]) && one(google_compute_firewall.ssh.allow).ports == tolist(["22"])
    error_message = "One range is let in, to the port of SSH."
  }
}
