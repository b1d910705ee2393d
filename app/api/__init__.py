"""The GraphQL surface, and nothing else: it calls the services in ``app.services`` and knows neither SQL nor ARI.

::

    http, websocket ──> context (auth, request id, loaders) ──> schema
                                                                  ├── queries/        one file per area, thin resolvers
                                                                  ├── mutations/      parse the input, call the service,
                                                                  │                   give the payload
                                                                  └── subscriptions/  the event feed as messages;
                                                                                      audience: one execution for all
                                                                                      who asked the same
    types/     what is given out, made from the domain's values; ``masking`` decides what a key may see of them
    limits     depth, width, aliases, tokens, time        errors   from OffhookError to userErrors and extensions
    paging     Relay connections over app.paging          loaders  one query for a whole page of parents
    outbox     what waits for one websocket's client      wire     uvicorn's websocket, with a door to its bytes
    documents  parsed and validated once                  fast_path, projection  short ways through graphql-core
    unbegun    closes what an operation made and never ran
"""
