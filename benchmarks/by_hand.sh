#!/usr/bin/env bash
# What `cynthus up` does, by hand, in a folder that `cynthus render` has written. This is the peer of the benchmarks.
#   by_hand.sh FOLDER HOME      FOLDER holds main.py, HOME is where the deployment is to lie
set -euo pipefail
folder=$1 home=$2

cd "$folder/infra/local/compute"
terraform init -input=false
terraform plan -input=false -out=by-hand.tfplan
terraform apply -input=false by-hand.tfplan
rm by-hand.tfplan

# The environment, the data and the source; main.py is run below, where its output can be seen.
ansible-playbook -i inventory.py ansible/playbooks/up.yml \
  -e "{\"cynthus_start\": false, \"cynthus_run\": \"by-hand\", \"cynthus_home\": \"$home\"}"

run=$(ls "$home/runs" | tail -n 1)
cd "$home/runs/$run/app"
"$home"/environments/*/bin/python main.py
mkdir -p "$folder/outputs/$run"
cp -r outputs/. "$folder/outputs/$run"
