"""`spurgen profile`: which shortcuts an encoder makes easy."""
