"""The ways to SdI, one file each."""
