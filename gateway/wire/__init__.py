"""The wire APIs: one file per API, all of one shape, pure.

`document` knows how to take a JSON request apart into text-bearing leaves (slots) and put it together again; `sse`
cuts a byte stream into events; `dialect` says what an API has to answer; `chat_completions` is the first of them.
"""
