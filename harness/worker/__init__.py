"""The code that runs in a submission's process; nothing else lives here."""
