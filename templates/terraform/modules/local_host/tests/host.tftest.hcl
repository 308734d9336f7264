variables {
  name       = "host-0"
  deployment = "weather-1a2b3c"
}

run "is_this_machine" {
  assert {
    condition     = output.host.connection.kind == "local" && output.host.address == "127.0.0.1"
    error_message = "The host is reached without a network."
  }

  assert {
    condition     = output.host.user == null && output.host.port == 22 && output.host.gpus == 0
    error_message = "Every field of the contract is there."
  }
}

run "is_recorded" {
  assert {
    condition     = terraform_data.host.output.deployment == "weather-1a2b3c"
    error_message = "The record says which deployment uses the machine."
  }
}

run "counts_gpus" {
  variables {
    gpus = 2
  }

  assert {
    condition     = output.host.gpus == 2
    error_message = "The GPUs are handed on."
  }
}
