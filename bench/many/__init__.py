"""How quick the desk is with very many documents in one company: `python -m bench.many`, a stage of `make bench`."""
