variable "name" {
  description = "Name of the network and of what belongs to it; the id of the deployment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,55}[a-z0-9]$", var.name))
    error_message = "The name has at most 57 small letters, digits and dashes (a firewall rule adds 6 more) and begins with a letter."
  }
}

variable "region" {
  description = "Region of the subnetwork: machines stand in its zones."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "ip_range" {
  description = "Private addresses of the machines. They need not differ from those of other networks, as long as these are not joined."
  type        = string
  default     = "10.128.0.0/20"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.ip_range)) && try(tonumber(split("/", var.ip_range)[1]) >= 8 && tonumber(split("/", var.ip_range)[1]) <= 29, false)
    error_message = "A range of IPv4 addresses from /8 to /29, like 10.128.0.0/20."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.ip_range))
    error_message = "The addresses are private ones: of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}

variable "other_regions" {
  description = "Regions beside the first in which machines may stand, each with private addresses that no other part has."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for region in keys(var.other_regions) : can(regex("^[a-z]+-[a-z]+[0-9]+$", region))])
    error_message = "A region looks like us-central1."
  }

  validation {
    condition     = alltrue([for range in values(var.other_regions) : can(cidrnetmask(range)) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", range))])
    error_message = "The addresses are private ones, like 10.128.16.0/20."
  }
}

variable "ssh_from" {
  description = "Addresses from which SSH is let in."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.ssh_from) > 0 && alltrue([for range in var.ssh_from : can(cidrnetmask(range))])
    error_message = "At least one range of IPv4 addresses, like 35.235.240.0/20."
  }

  validation {
    condition     = alltrue([for range in var.ssh_from : try(tonumber(split("/", range)[1]) >= 8, false)])
    error_message = "SSH is not opened to the internet: a range has at least /8. Go through IAP, or name the addresses that you come from."
  }
}

variable "nat" {
  description = "Whether machines reach the internet through NAT. Those that have a public address each need none."
  type        = bool
  default     = true
  nullable    = false
}

variable "service_account" {
  description = "Address of the account that the machines run as: SSH is let in to these only, and only they reach each other."
  type        = string
  nullable    = false
}
