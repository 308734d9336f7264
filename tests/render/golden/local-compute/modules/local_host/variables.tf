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
