variables {
  name       = "host-0"
  deployment = "weather-1a2b3c"
}

run "no_part_of_a_gpu" {
  command = plan

  variables {
    gpus = 0.5
  }

  expect_failures = [var.gpus]
}

run "no_fewer_gpus_than_none" {
  command = plan

  variables {
    gpus = -1
  }

  expect_failures = [var.gpus]
}

run "no_name_that_is_a_template" {
  command = plan

  variables {
    name = "$${path.root}"
  }

  expect_failures = [var.name]
}

run "no_empty_name" {
  command = plan

  variables {
    name = ""
  }

  expect_failures = [var.name]
}
