"""Who asks: turns credentials into a `Principal`.

`porter` is the one door (`gateway.ports.Authenticator`) and chooses between three ways: `api_key`, `trusted_client`,
`oidc`. They share `lookup` (the directory, cached) and `persons`, not a base class. `fetch` alone touches the network.
"""

from gateway.identity.directory import Directory
from gateway.identity.keys import NewKey, new_key

__all__ = ["Directory", "NewKey", "new_key"]
