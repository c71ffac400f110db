"""SdIFtp: the supports in which files travel by the thousand between a node and SdI.

Source: Istruzioni per il servizio SDIFTP 4.1.1 ("FTP411"), FtpTypes_v2.0.xsd. Pure: folders and SFTP belong to the hub.
"""
