"""A Digital Hub as another program meets it: /api/hub/v1 by simple rules, with faults on demand."""
