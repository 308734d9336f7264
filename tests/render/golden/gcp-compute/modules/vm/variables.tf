variable "name" {
  description = "Name of the host, one of a kind in its deployment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$", var.name))
    error_message = "A host's name has at most 39 small letters, digits and dashes (the id of the deployment comes before it) and begins with a letter."
  }
}

variable "deployment" {
  description = "Id of the deployment that the host belongs to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}$", var.deployment))
    error_message = "The id looks like weather-1a2b3c: at most 16 small letters, digits and dashes, then a dash and 6 hexadecimal digits."
  }
}

variable "labels" {
  description = "Labels of the machine."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels have small letters, digits, dashes and underscores, at most 63, and their keys begin with a letter."
  }
}

variable "zone" {
  description = "Zone in which the machine stands."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.zone))
    error_message = "A zone looks like us-central1-a."
  }
}

variable "machine_type" {
  description = "Type of the machine: its processors and memory, and for most the GPUs too."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]*[a-z0-9]$", var.machine_type))
    error_message = "A machine type looks like g2-standard-4 or n1-custom-8-32768."
  }
}

variable "gpus" {
  description = "How many GPUs of the machine the app uses. It orders none: the machine type does, or the accelerator."
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

  validation {
    # A count of 0 is no way to say none: it makes the machine anew at each apply.
    condition     = var.accelerator == null ? true : contains([1, 2, 4, 8], var.accelerator.count)
    error_message = "1, 2, 4 or 8 GPUs can be added to a machine. For none, leave accelerator out (null)."
  }

  validation {
    condition     = var.accelerator == null ? true : can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.accelerator.type))
    error_message = "The type of a GPU looks like nvidia-tesla-t4."
  }
}

variable "image" {
  description = "Image of the boot disk: a family (projects/P/global/images/family/F, the newest of it) or one image."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._:/-]*$", var.image))
    error_message = "An image looks like projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64."
  }
}

variable "disk" {
  description = "The boot disk: its type, and its size in GB."
  type = object({
    type = string
    size = number
  })
  nullable = false

  validation {
    condition     = contains(["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"], var.disk.type)
    error_message = "A boot disk is of the type pd-standard, pd-balanced, pd-ssd or hyperdisk-balanced; which of them depends on the machine type."
  }

  validation {
    condition     = var.disk.size >= 10 && var.disk.size <= 65536 && floor(var.disk.size) == var.disk.size
    error_message = "The size of the disk is a whole number of GB from 10 to 65536."
  }
}

variable "network" {
  description = "Name of the network. null: it follows from the subnetwork."
  type        = string
  default     = null
}

variable "subnetwork" {
  description = "Name of the subnetwork, in the region of the zone. null: the network has one for each region, and Google takes that."
  type        = string
  default     = null
}

variable "nic_type" {
  description = "Kind of the network card. GVNIC is fast and asked for by newer machines; null leaves it to Google."
  type        = string
  default     = null

  validation {
    condition     = var.nic_type == null ? true : contains(["GVNIC", "VIRTIO_NET"], var.nic_type)
    error_message = "A network card is GVNIC or VIRTIO_NET."
  }
}

variable "spot" {
  description = "Whether the machine costs less and may be taken away at any time, with 30 seconds' notice."
  type        = bool
  default     = false
  nullable    = false
}

variable "flex_start" {
  description = "Whether the machine costs less, is made as soon as there is one, and is ended by max_run_duration, after seven days at most."
  type        = bool
  default     = false
  nullable    = false
}

variable "reservation" {
  description = "What the machine is taken from: a reservation in the zone, by its name or as projects/P/reservations/R. bound: Google makes it in there alone, and ends it with it. null: from what everybody has."
  type = object({
    name  = string
    bound = bool
  })
  default = null

  validation {
    condition     = var.reservation == null ? true : can(regex("^(projects/[a-z0-9.:-]+/reservations/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.reservation.name))
    error_message = "A reservation has at most 63 small letters, digits and dashes; that of another project is projects/PROJECT/reservations/NAME."
  }
}

variable "restart" {
  description = "Whether Google starts a machine by the hour again after a fault of its host. Its max_run_duration begins anew then."
  type        = bool
  default     = true
  nullable    = false
}

variable "max_run_duration" {
  description = "Seconds after which Google deletes the machine. null: never, and it bills until somebody does."
  type        = number
  default     = null

  validation {
    condition     = var.max_run_duration == null ? true : var.max_run_duration >= 30 && var.max_run_duration <= 10368000 && floor(var.max_run_duration) == var.max_run_duration
    error_message = "Google deletes a machine after 30 seconds to 120 days (10368000 seconds)."
  }
}

variable "service_account" {
  description = "Address of the account that the machine runs as."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", var.service_account))
    error_message = "The address of a service account looks like NAME@PROJECT.iam.gserviceaccount.com."
  }
}

variable "secure_boot" {
  description = "Whether only signed kernels and drivers are loaded. A driver that is built on the machine is not signed."
  type        = bool
  default     = false
  nullable    = false
}

variable "ssh_keys" {
  description = "Public keys that are let in, each as Google writes them: LOGIN:ssh-ed25519 AAAA... COMMENT."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for line in var.ssh_keys : can(regex("^[a-z_][a-z0-9_-]{0,31}:[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\\n\\r]*)?$", line))])
    error_message = "A key is one line, LOGIN:ssh-ed25519 AAAA... COMMENT: the content of a file that ends in .pub, after a login and a colon."
  }
}

variable "access" {
  description = "How SSH reaches the machine: iap (through Google's proxy, from anywhere), internal (from within the network) or public (at a public address, from where the firewall lets it in)."
  type        = string
  default     = "iap"
  nullable    = false

  validation {
    condition     = contains(["iap", "internal", "public"], var.access)
    error_message = "The way to the machine is iap, internal or public."
  }
}

variable "project" {
  description = "Google Cloud project that the machine stands in: the way through Google's proxy names it."
  type        = string
  nullable    = false
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

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.user))
    error_message = "A user has at most 32 small letters, digits, dashes and underscores, and begins with a letter."
  }
}

variable "key" {
  description = "Path of a private key on the machine that connects. null leaves the choice to ssh."
  type        = string
  default     = null

  validation {
    condition     = var.key == null ? true : can(regex("^(/|~/)", var.key))
    error_message = "The path of a key begins at the root or the home: ~/.ssh/cynthus."
  }
}
