"""What Offhook starts on this machine when it is given nothing else: PostgreSQL and Asterisk."""
