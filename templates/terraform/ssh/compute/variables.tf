variable "deployment" {
  description = "Id of the deployment: a short name, a dash and six hexadecimal digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}$", var.deployment))
    error_message = "The id looks like weather-1a2b3c: at most 16 small letters, digits and dashes, then a dash and 6 hexadecimal digits."
  }
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

variable "machines" {
  description = "How each host is reached, by its name. What is null is for ssh and its own configuration to decide."
  type = map(object({
    address          = string
    internal_address = optional(string)
    user             = optional(string)
    port             = optional(number, 22)
    key              = optional(string)
    proxy_jump       = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.machines) > 0
    error_message = "At least one machine is needed."
  }
}
