"""`make bench`: what reading, writing and checking invoices costs, beside the physical limit and the peers."""
