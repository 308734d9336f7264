variable "name" {
  description = "Name of the secret in Secret Manager. It has no value here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.name))
    error_message = "A secret's name has at most 255 letters, digits, dashes and underscores."
  }
}

variable "labels" {
  description = "Labels of the secret."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels have small letters, digits, dashes and underscores, at most 63, and their keys begin with a letter."
  }
}

variable "grants" {
  description = "Who may do what: a member (serviceAccount:...) by its role (roles/secretmanager.secretAccessor)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in keys(var.grants) : role == "roles/secretmanager.secretAccessor"])
    error_message = "Only roles/secretmanager.secretAccessor is given here: to read the value, and nothing else."
  }

  validation {
    condition     = length(setintersection(values(var.grants), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "A secret is never open to everybody."
  }
}
