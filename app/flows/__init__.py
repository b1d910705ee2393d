"""What a call flow is: its steps, what may be said of them, and what is wrong with them. Pure, and below all stages.

``steps`` are the words, ``check`` finds what cannot work, ``conditions`` decides branches, ``speaking`` fills texts.
Running a flow in a call is the business of ``app.calls.core.flow``; keeping flows is that of ``app.routing.flows``.
"""
