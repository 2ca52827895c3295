"""Limit the GPU memory of a submission that shares a GPU."""

CONTEXT_BYTES = 640 << 20  # memory of a process for CUDA and its libraries, besides torch's
LEAST = 0.01


def bound_memory(share: float, device: str) -> None:
    """Let torch in this process take at most a share of a GPU's memory, less what CUDA itself needs; more fails there.

    `device`: such as `cuda:0`. Without a GPU nothing is bounded.
    """
    import torch  # imported late: takes a second, and a submission on a CPU may not need it

    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(max(share - CONTEXT_BYTES / total, LEAST), device)
