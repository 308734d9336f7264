variables {
  name       = "host-0"
  deployment = "weather-1a2b3c"
  address    = "192.0.2.10"
}

run "no_address_that_ssh_takes_for_an_option" {
  command = plan

  variables {
    address = "-oProxyCommand=sh"
  }

  expect_failures = [var.address]
}

run "no_user_with_a_space" {
  command = plan

  variables {
    user = "a b"
  }

  expect_failures = [var.user]
}

run "no_port_beyond_the_last" {
  command = plan

  variables {
    port = 65536
  }

  expect_failures = [var.port]
}

run "no_key_relative_to_who_knows_where" {
  command = plan

  variables {
    key = "id_ed25519"
  }

  expect_failures = [var.key]
}

run "no_jump_host_that_a_shell_would_interpret" {
  command = plan

  variables {
    proxy_jump = "gate;reboot"
  }

  expect_failures = [var.proxy_jump]
}
