output "address" {
  description = "What the names of its images begin with."
  # A project of a domain is written example.com:project, and example.com/project here.
  value = join("/", [
    "${google_artifact_registry_repository.images.location}-docker.pkg.dev",
    replace(google_artifact_registry_repository.images.project, ":", "/"),
    google_artifact_registry_repository.images.repository_id,
  ])
}
