variable "name" {
  description = "Name of the bucket. No two buckets in the world have one name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 small letters, digits, dashes and underscores, and begins and ends with a letter or digit."
  }

  validation {
    condition     = !strcontains(var.name, "google") && !startswith(var.name, "goog")
    error_message = "Google takes no bucket whose name has google in it. The name follows from the deployment's: call that something else."
  }
}

variable "location" {
  description = "Where the objects lie: best the region of the machines, since traffic within it is free."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]+$", var.location))
    error_message = "A location is a region (us-central1), or one of several regions (EU)."
  }
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels have small letters, digits, dashes and underscores, at most 63, and their keys begin with a letter."
  }
}

variable "keep_deleted_days" {
  description = "For how many days something deleted can be brought back: 0 for never, else 7 to 90."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.keep_deleted_days == 0 || (var.keep_deleted_days >= 7 && var.keep_deleted_days <= 90 && floor(var.keep_deleted_days) == var.keep_deleted_days)
    error_message = "Google keeps what was deleted for 7 to 90 days, or, with 0, not at all."
  }
}

variable "grants" {
  description = "Who may do what: a member (serviceAccount:...) by its role (roles/storage.objectViewer)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in keys(var.grants) : can(regex("^roles/storage\\.(object|legacy)[A-Za-z]+$", role))])
    error_message = "Only roles over objects are given here: roles/storage.objectViewer, roles/storage.objectUser and their like."
  }

  validation {
    condition     = length(setintersection(values(var.grants), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "A bucket of a deployment is never open to everybody."
  }
}
