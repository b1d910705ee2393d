"""Other services' HTTP interfaces, answered by the same schema as GraphQL: one file or folder for each dialect.

``gate`` says who asks, ``desk`` asks the schema for them, and each dialect only reads a request and writes an answer.
"""
