"""Fits a line to points with a model that every machine has a copy of: each sees its own points, all learn the same."""

import json
import os
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

STEPS = 200
POINTS = 256


def main() -> None:
    on_gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if on_gpu else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    device = torch.device(f"cuda:{os.environ['LOCAL_RANK']}" if on_gpu else "cpu")

    # y = 3x + 2, a little blurred; every process draws other points.
    torch.manual_seed(rank)
    x = torch.rand(POINTS, 1, device=device)
    y = 3 * x + 2 + 0.01 * torch.randn(POINTS, 1, device=device)

    model = DistributedDataParallel(torch.nn.Linear(1, 1).to(device))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(1, STEPS + 1):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"rank {rank} of {world}: step {step}, loss {loss.item():.5f}", flush=True)

    slope, offset = model.module.weight.item(), model.module.bias.item()
    print(f"rank {rank} of {world}: y = {slope:.2f} x + {offset:.2f}", flush=True)
    if rank == 0:
        result = {"world": world, "slope": slope, "offset": offset}
        Path("outputs/line.json").write_text(json.dumps(result, indent=2) + "\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
