"""What the Hub shows: the doors of SdI (sdi), and pages for people."""
