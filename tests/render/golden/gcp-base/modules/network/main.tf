# A network of the deployment's own: its machines reach the internet through NAT
# or by a public address each, and are reached by SSH alone.
resource "google_compute_network" "network" {
  name                    = var.name
  description             = "Network of the deployment ${var.name}, made by Cynthus."
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "subnetwork" {
  #checkov:skip=CKV_GCP_26: flow logs bill by what flows, and data flows here; who wants them adds a log_config block
  name          = var.name
  description   = "Subnetwork of the deployment ${var.name}, made by Cynthus."
  region        = var.region
  network       = google_compute_network.network.id
  ip_cidr_range = var.ip_range

  # Buckets, the registry and secrets are reached without NAT, which bills by what passes.
  private_ip_google_access = true
}

resource "google_compute_router" "router" {
  name        = var.name
  description = "Router of the deployment ${var.name}, made by Cynthus."
  region      = var.region
  network     = google_compute_network.network.id
}

# For packages, other registries and data from elsewhere. Google bills it by the machines that use it and by what passes.
resource "google_compute_router_nat" "nat" {
  count = var.nat ? 1 : 0

  name                               = var.name
  router                             = google_compute_router.router.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.subnetwork.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

# The same in other regions, where machines were to be had that the first one had not. A part of the network that bills
# nothing while no machine uses it.
resource "google_compute_subnetwork" "other" {
  for_each = var.other_regions

  #checkov:skip=CKV_GCP_26: as above
  name                     = var.name
  description              = "Subnetwork of the deployment ${var.name}, made by Cynthus."
  region                   = each.key
  network                  = google_compute_network.network.id
  ip_cidr_range            = each.value
  private_ip_google_access = true
}

resource "google_compute_router" "other" {
  for_each = var.other_regions

  name        = var.name
  description = "Router of the deployment ${var.name}, made by Cynthus."
  region      = each.key
  network     = google_compute_network.network.id
}

resource "google_compute_router_nat" "other" {
  for_each = var.other_regions

  name                               = var.name
  router                             = google_compute_router.other[each.key].name
  region                             = each.key
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.other[each.key].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

# The only way in from outside. What no rule allows, a network of Google's refuses.
resource "google_compute_firewall" "ssh" {
  name          = "${var.name}-ssh"
  description   = "SSH to the machines of the deployment ${var.name}, made by Cynthus."
  network       = google_compute_network.network.name
  direction     = "INGRESS"
  source_ranges = var.ssh_from

  # Not by tag: whoever may edit a machine may give it a tag, but not another account.
  target_service_accounts = [var.service_account]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

# One run on several machines: these reach each other, and nobody else reaches them so.
resource "google_compute_firewall" "hosts" {
  name                    = "${var.name}-hosts"
  description             = "Among the machines of the deployment ${var.name}, made by Cynthus."
  network                 = google_compute_network.network.name
  direction               = "INGRESS"
  source_service_accounts = [var.service_account]
  target_service_accounts = [var.service_account]

  allow {
    protocol = "tcp"
  }

  allow {
    protocol = "udp"
  }

  allow {
    protocol = "icmp"
  }
}
