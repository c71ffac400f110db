"""The passive desk: invoices that others send to the company, from their arrival to the accounts."""
