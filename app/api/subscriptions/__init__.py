"""Following. Each subscription reads the event feed and says what it sees as messages with a cursor."""
