"""What programs meet: /api/v1. It holds no rule: it reads a request, calls a flow or a query, and writes JSON."""
