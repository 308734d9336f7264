mock_provider "google" {}

run "is_named_after_the_longest_id_that_there_is" {
  variables {
    # Sixteen characters, a dash and six digits. Google allows 30 for the account.
    deployment = "a234567890123456-1a2b3c"
  }

  assert {
    condition     = google_service_account.vm.account_id == "a234567890123456-1a2b3c-vm"
    error_message = "The account's name follows from the id."
  }

  assert {
    condition     = strcontains(google_service_account.vm.description, "a234567890123456-1a2b3c")
    error_message = "An account has no labels: its description says whose it is."
  }

  assert {
    condition     = output.email == google_service_account.vm.email && output.member == google_service_account.vm.member
    error_message = "The address and the member are handed on."
  }
}
