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
  description = "Region in which the machines stand."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "zone" {
  description = "Zone of that region in which the machines stand."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.zone))
    error_message = "A zone looks like us-central1-a."
  }
}

variable "machine_type" {
  description = "Type of the machines: their processors and memory, and for most the GPUs too."
  type        = string
  nullable    = false
}

variable "gpus" {
  description = "How many GPUs of each host the app uses."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpus >= 0 && floor(var.gpus) == var.gpus
    error_message = "The number of GPUs is a whole number and not negative."
  }
}

variable "accelerator" {
  description = "GPUs that are added to a machine of the series N1. null: the machine type has them built in, or there are none."
  type = object({
    type  = string
    count = number
  })
  default = null
}

variable "image" {
  description = "Image of the boot disks: a family (projects/P/global/images/family/F, the newest of it) or one image."
  type        = string
  nullable    = false
}

variable "disk" {
  description = "The boot disk of each machine: its type, and its size in GB."
  type = object({
    type = string
    size = number
  })
  nullable = false
}

variable "nic_type" {
  description = "Kind of the network card. GVNIC is fast and asked for by newer machines; null leaves it to Google."
  type        = string
  default     = null
}

variable "spot" {
  description = "Whether the machines cost less and may be taken away at any time, with 30 seconds' notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "flex_start" {
  description = "Whether the machines cost less, are made as soon as there are some, and are ended by max_run_duration, after seven days at most."
  type        = bool
  default     = false
  nullable    = false
}

variable "reservation" {
  description = "What the machines are taken from: a reservation in the zone. bound: Google makes them in there alone, and ends them with it. null: from what everybody has."
  type = object({
    name  = string
    bound = bool
  })
  default = null
}

variable "restart" {
  description = "Whether Google starts a machine by the hour again after a fault of its host. Its max_run_duration begins anew then."
  type        = bool
  default     = true
  nullable    = false
}

variable "max_run_duration" {
  description = "Seconds after which Google deletes the machines. null: never, and they bill until somebody does."
  type        = number
  default     = null
}

variable "secure_boot" {
  description = "Whether only signed kernels and drivers are loaded. A driver that is built on the machine is not signed."
  type        = bool
  default     = false
  nullable    = false
}

variable "network" {
  description = "Name of a network of the project that is there already. null: the one that `base` made, unless a subnetwork is named."
  type        = string
  default     = null

  validation {
    condition     = var.network == null ? true : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network))
    error_message = "The name of a network has at most 63 small letters, digits and dashes, and begins with a letter."
  }
}

variable "subnetwork" {
  description = "Name of a subnetwork of that region which is there already. null: the one that `base` made, unless a network is named."
  type        = string
  default     = null

  validation {
    condition     = var.subnetwork == null ? true : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "The name of a subnetwork has at most 63 small letters, digits and dashes, and begins with a letter."
  }
}

variable "access" {
  description = "How SSH reaches the machines: iap (through Google's proxy, from anywhere), internal (from within the network) or public (at a public address, from where the firewall lets it in)."
  type        = string
  default     = "iap"
  nullable    = false

  validation {
    condition     = contains(["iap", "internal", "public"], var.access)
    error_message = "The way to the machines is iap, internal or public."
  }
}

variable "login" {
  description = "Who is let in: metadata (whose key is in ssh_keys, as the user below) or oslogin (whoever has a role for it, under the name of their OS Login profile)."
  type        = string
  default     = "metadata"
  nullable    = false

  validation {
    condition     = contains(["metadata", "oslogin"], var.login)
    error_message = "The way to log in is metadata or oslogin."
  }
}

variable "user" {
  description = "User to log in as, with the login metadata."
  type        = string
  default     = "cynthus"
  nullable    = false
}

variable "key" {
  description = "Path of a private key on the machine that connects. null leaves the choice to ssh."
  type        = string
  default     = null
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

variable "expires" {
  description = "When the machines are to be gone, as a label. Known only at run time: null by hand, and then the label stays as it is."
  type        = string
  default     = null

  validation {
    condition     = var.expires == null ? true : can(regex("^[a-z0-9_-]{1,63}$", var.expires))
    error_message = "A label has at most 63 small letters, digits, dashes and underscores: 2026-11-29t02-20-00z."
  }
}

variable "ssh_keys" {
  description = "Public keys that are let in, as LOGIN:ssh-ed25519 AAAA... COMMENT. Known only at run time: none by hand, and then those of the machines stay."
  type        = list(string)
  default     = []
  nullable    = false
}
