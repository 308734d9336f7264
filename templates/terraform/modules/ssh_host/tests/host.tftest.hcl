variables {
  name       = "host-0"
  deployment = "weather-1a2b3c"
  address    = "192.0.2.10"
}

run "is_reached_over_ssh" {
  assert {
    condition     = output.host.connection.kind == "ssh" && output.host.address == "192.0.2.10"
    error_message = "The host is reached over SSH at its address."
  }

  assert {
    condition     = output.host.user == null && output.host.port == 22 && output.host.connection.key == null
    error_message = "What is not said is left to ssh."
  }

  assert {
    condition     = output.host.internal_address == "192.0.2.10"
    error_message = "The others reach it at the same address."
  }
}

run "hands_on_how_to_get_in" {
  variables {
    user             = "joe"
    port             = 2222
    key              = "~/.ssh/lab"
    proxy_jump       = "joe@gate:22"
    internal_address = "10.0.0.5"
  }

  assert {
    condition     = output.host.user == "joe" && output.host.port == 2222 && output.host.internal_address == "10.0.0.5"
    error_message = "User, port and inner address are handed on."
  }

  assert {
    condition     = output.host.connection == { kind = "ssh", key = "~/.ssh/lab", proxy_jump = "joe@gate:22" }
    error_message = "Key and jump host are handed on."
  }
}
