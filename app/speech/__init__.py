"""Texts that are spoken, and sound files that are played: made here, fetched by Asterisk over HTTP.

::

    Speech ──> speaker ──(not in the cache)──> espeak | polly ──> samples ──> cache
                  │                                                             │
                  └── MediaUri ──> a call's Play ──> Asterisk ──GET /media/…──> media_files
    PUT /uploads/… ──> uploads ──> audio_files ──> decoding (a process of its own) ──> store

What other stages use::

    uri = await speaker.render(account_id, Speech(text="Please hold the line."))   # a MediaUri
    uri = await audio_files.media_of(account_id, audio_file_id)                    # a MediaUri
    text = fill_template(template.text, {"name": "Ada"})                           # pure

and a MediaUri goes into ``StartPlayback.media`` or ``verbs.Play.media`` as it is, one or more of them. Render before
the call is asked: a text that cannot be spoken then plays nothing.

Errors: RefusedError for what the caller can mend (INVALID_INPUT, NOT_FOUND, SPEECH_NOT_SUPPORTED, FIELD_MISSING),
SpeechUnavailableError for an engine that is absent, slow or refuses us, OverloadedError when too many wait. Texts may
hold one-time passwords, so none of them is in an error, a log line, a file's name or an address.
"""
