#!/usr/bin/env bash
# Applies the committed folder infra/gcp/ with Terraform and Ansible alone: Cynthus is not needed here.
#
#   ./pipeline.sh plan      show what would change
#   ./pipeline.sh apply     change it: first what lasts, then the machines
#   ./pipeline.sh deploy    bring the app to the machines and start it; more words go to ansible-playbook
#   ./pipeline.sh destroy   remove the machines; network, buckets and images stay
#
# Credentials come from the environment, and never from a file with a key in it.
# SSH_KEY is a private key that opens the machines; its other half is SSH_KEY.pub.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
infra=${INFRA:-$here/infra/gcp}
terraform=${TERRAFORM:-terraform}
export TF_IN_AUTOMATION=1 TF_INPUT=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Terraform in one of the two roots.
in_root() {
  local root=$1
  shift
  (cd "$infra/$root" && "$terraform" "$@")
}

# Where the state lies in a bucket, the committed file says in which.
init() {
  local place=()
  if [ -f "$infra/$1/backend.tfbackend.json" ]; then place=(-backend-config=backend.tfbackend.json); fi
  in_root "$1" init "${place[@]}"
}

# What is known only here: who may log in, and with what.
values() {
  if [ "$1" = compute ]; then
    printf '{"key": "%s", "ssh_keys": ["cynthus:%s"]}\n' "$SSH_KEY" "$(cut -d" " -f1,2 "$SSH_KEY.pub")" >"$work/compute.json"
    echo "-var-file=$work/compute.json"
  fi
}

change() {
  local saved=$work/$1.tfplan with
  init "$1"
  with=$(values "$1")
  in_root "$1" plan ${with:+"$with"} -out="$saved"
  if [ "$2" = apply ]; then in_root "$1" apply "$saved"; fi
}

case "${1:-}" in
  plan | apply)
    : "${SSH_KEY:?is not set: the private key that opens the machines}"
    change base "$1"
    change compute "$1"
    ;;
  deploy)
    cd "$infra/compute"
    exec ansible-playbook -i inventory.py ansible/playbooks/up.yml "${@:2}"
    ;;
  destroy)
    init compute
    in_root compute destroy -auto-approve
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
