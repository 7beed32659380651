"""Released cells as arrays and as charts, for packages and for pages alike. Nothing of records, and nothing of HTML pages, belongs here."""
