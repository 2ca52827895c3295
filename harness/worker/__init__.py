"""What runs inside a submission's process, and nothing else."""
