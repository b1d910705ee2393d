"""PostgreSQL: the connection pools, the tables, and the migrations' way to the newest schema."""
