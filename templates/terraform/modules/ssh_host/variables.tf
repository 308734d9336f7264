variable "name" {
  description = "Name of the host, one of a kind in its deployment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "A host's name has small letters, digits and dashes, and begins with a letter."
  }
}

variable "deployment" {
  description = "Id of the deployment that the host belongs to."
  type        = string
  nullable    = false
}

variable "gpus" {
  description = "How many GPUs of the host the app uses."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpus >= 0 && floor(var.gpus) == var.gpus
    error_message = "The number of GPUs is a whole number and not negative."
  }
}

variable "address" {
  description = "Name or address of the machine, or a Host of ~/.ssh/config."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.:%@,\\[\\]-]*$", var.address))
    error_message = "An address is one plain word: no spaces, no leading dash."
  }
}

variable "internal_address" {
  description = "How the other hosts of the deployment reach this one. By default as this machine does."
  type        = string
  default     = null
}

variable "user" {
  description = "User to log in as. null leaves it to ssh."
  type        = string
  default     = null

  validation {
    condition     = var.user == null ? true : can(regex("^[A-Za-z0-9_][A-Za-z0-9_.:%@,\\[\\]-]*$", var.user))
    error_message = "A user is one plain word: no spaces, no leading dash."
  }
}

variable "port" {
  description = "Port of the SSH server. 22 leaves it to ssh, which may have another one in its configuration."
  type        = number
  default     = 22
  nullable    = false

  validation {
    condition     = var.port > 0 && var.port < 65536 && floor(var.port) == var.port
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "key" {
  description = "Path of a private key on the machine that connects. null leaves the choice to ssh."
  type        = string
  default     = null

  validation {
    condition     = var.key == null ? true : can(regex("^(/|~/)", var.key))
    error_message = "The path of a key begins at the root or the home: ~/.ssh/id_ed25519."
  }
}

variable "proxy_jump" {
  description = "Machine to go through, as `ssh -J` takes it. null: none."
  type        = string
  default     = null

  validation {
    condition     = var.proxy_jump == null ? true : can(regex("^[A-Za-z0-9_][A-Za-z0-9_.:%@,\\[\\]-]*$", var.proxy_jump))
    error_message = "A jump host is one plain word: no spaces, no leading dash."
  }
}
