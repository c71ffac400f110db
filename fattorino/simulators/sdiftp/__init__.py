"""SdI as the SFTP client of a node: fetches supports, answers them, brings receipts and invoices (FTP411)."""
