"""Where requests go: the only room that talks to a provider.

``routing`` picks the adapter of a model; ``openai_compatible`` passes bytes through to servers that speak the
caller's dialect; ``litellm_adapter`` translates for every other provider; ``demo`` is the built-in provider for
trying out. All of them send over one ``line``: one HTTP client with one set of rules (no redirect, TLS checked,
bounded waiting, closed at once when the client hangs up).
"""
