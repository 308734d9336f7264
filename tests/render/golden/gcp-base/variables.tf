variable "deployment" {
  description = "Id of the deployment: a short name, a dash and six hexadecimal digits. Every name in the cloud is made from it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}$", var.deployment))
    error_message = "The id looks like weather-1a2b3c: at most 16 small letters, digits and dashes, then a dash and 6 hexadecimal digits."
  }
}

variable "project" {
  description = "Google Cloud project, by its id."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The id of a project has 6 to 30 small letters, digits and dashes; its name and its number are something else."
  }
}

variable "region" {
  description = "Region in which everything lies that lasts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "network" {
  description = "Name of a network of the project that is there already. null: one is made, unless a subnetwork is named."
  type        = string
  default     = null

  validation {
    condition     = var.network == null ? true : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network))
    error_message = "The name of a network has at most 63 small letters, digits and dashes, and begins with a letter."
  }
}

variable "subnetwork" {
  description = "Name of a subnetwork of that region which is there already. null: one is made, unless a network is named."
  type        = string
  default     = null

  validation {
    condition     = var.subnetwork == null ? true : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "The name of a subnetwork has at most 63 small letters, digits and dashes, and begins with a letter."
  }
}

variable "ip_range" {
  description = "Private addresses for the machines in the network that is made."
  type        = string
  default     = "10.128.0.0/20"
  nullable    = false
}

variable "other_regions" {
  description = "Regions beside that one in which machines stood, or stand: the network that is made has a part in each, with these private addresses."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "access" {
  description = "How SSH reaches the machines: iap (through Google's proxy, from anywhere), internal (from within the network) or public (at public addresses, from ssh_from)."
  type        = string
  default     = "iap"
  nullable    = false

  validation {
    condition     = contains(["iap", "internal", "public"], var.access)
    error_message = "The way to the machines is iap, internal or public."
  }
}

variable "ssh_from" {
  description = "Where SSH comes from with the access public, and from nowhere else: one range, like 203.0.113.7/32. null with any other access."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_from == null ? true : can(cidrnetmask(var.ssh_from)) && try(tonumber(split("/", var.ssh_from)[1]) >= 8, false)
    error_message = "One range of IPv4 addresses of at least /8, like 203.0.113.7/32: SSH is not opened to the internet."
  }
}

variable "secrets" {
  description = "Names of the secrets that the app is given. Their values are written by Cynthus, or by hand, and never here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.secrets : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,127}$", name))])
    error_message = "A secret is named like an environment variable: letters, digits and underscores, and no digit first."
  }
}

variable "registry" {
  description = "Whether images get a repository of their own."
  type        = bool
  default     = true
  nullable    = false
}

variable "owner" {
  description = "Whose the deployment is, as a label. Known only where Cynthus runs: null by hand, and then the label stays as it is."
  type        = string
  default     = null

  validation {
    condition     = var.owner == null ? true : can(regex("^[a-z0-9_-]{1,63}$", var.owner))
    error_message = "A label has at most 63 small letters, digits, dashes and underscores."
  }
}
