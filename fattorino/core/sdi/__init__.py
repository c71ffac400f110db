"""What the Sistema di Interscambio says and how: file names, messages and their meaning, deadlines, SOAP.

Pure: bytes and values in, bytes and values out. Sending and storing belong to the hub.
"""
