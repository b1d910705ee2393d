"""PostgreSQL: the connection pool, lists, the tables, and the migrations' way to the newest schema."""
