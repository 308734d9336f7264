variable "deployment" {
  description = "Id of the deployment whose machines run as this account. Google allows 30 characters for the account's name, the id and `-vm`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}-[0-9a-f]{6}$", var.deployment))
    error_message = "The id looks like weather-1a2b3c: at most 16 small letters, digits and dashes, then a dash and 6 hexadecimal digits."
  }
}
