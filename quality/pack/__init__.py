"""The inspection pack: records with all that belongs to them in one file that stands on its own."""
