"""What a user copies and edits: small complete submissions."""
