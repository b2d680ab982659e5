"""Views of results. Each module has one `render`, which turns results into text and touches nothing else."""
