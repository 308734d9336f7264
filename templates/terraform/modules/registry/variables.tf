variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "A repository's name has at most 63 small letters, digits and dashes, and begins with a letter."
  }
}

variable "location" {
  description = "Where the images lie: best the region of the machines, which pull them without paying for traffic then."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]+$", var.location))
    error_message = "A location is a region (us-central1), or one of several regions (europe)."
  }
}

variable "labels" {
  description = "Labels of the repository."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels have small letters, digits, dashes and underscores, at most 63, and their keys begin with a letter."
  }
}

variable "grants" {
  description = "Who may do what: a member (serviceAccount:...) by its role (roles/artifactregistry.writer)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in keys(var.grants) : contains(["roles/artifactregistry.reader", "roles/artifactregistry.writer"], role)])
    error_message = "Only roles/artifactregistry.reader and roles/artifactregistry.writer are given here."
  }

  validation {
    condition     = length(setintersection(values(var.grants), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "A repository of a deployment is never open to everybody."
  }
}
