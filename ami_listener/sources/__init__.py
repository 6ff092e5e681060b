"""What Asterisk itself writes down about its calls: CEL, CDR and queue_log, in files, SQLite or FreePBX's database."""
