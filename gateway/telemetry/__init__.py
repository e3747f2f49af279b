"""What IT sees: metrics and logs. No person, no content, no address of a client."""
