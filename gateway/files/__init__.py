"""What stands in a file that somebody attached, as text.

The bytes are never looked at in the serving process. `reader.FileReader` (the port `gateway.ports.Reader`) hands them
through a pipe to a process of their own (`worker`) with little memory, few seconds and no way to write a file, open a
connection or start a program; what comes back is text, which is then inspected like any other. `formats` reads the
kinds of files, `ocr` recognises pictures and scanned pages where Tesseract is installed.

This page imports nothing: the locked process begins here as well.
"""
