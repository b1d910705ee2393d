"""One-time passwords that are told by telephone: kept, spoken, verified.

::

    announceOtp ── service: limits, a row with a keyed hash and a sealed code ──┐
                                                                               v
    caller (in a tenure): claims the row ── CallService.place ── the call's flow asks for the sound ── voice: the row's
      code is opened, the digits' sounds are put together ── heard, or not ── caller: what came of it, the seal is gone
    verifyOtp ── service: compares keyed hashes, counts, uses up
"""
