"""A remote signature service on loopback, by the Cloud Signature Consortium's API 1.0.4.0; without legal value."""
