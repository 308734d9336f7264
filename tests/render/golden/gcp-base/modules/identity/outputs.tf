output "email" {
  description = "Address of the account: what a machine is given."
  value       = google_service_account.vm.email
}

output "member" {
  description = "The account as a policy names it: what a bucket, a repository or a secret lets in."
  value       = google_service_account.vm.member
}
