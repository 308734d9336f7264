terraform {
  # Only the built-in terraform_data is used: no provider is downloaded.
  required_version = ">= 1.6.0"
}
