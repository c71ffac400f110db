"""The pages of the invoice desk. They hold no rule: they read a request, call a flow or a query, and draw."""
