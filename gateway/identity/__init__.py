"""Who asks: turns credentials into a `Principal`.

`api_key` is the first way; a trusted front end and OIDC tokens will be further classes with the same face
(`gateway.ports.Authenticator`). They share `cache` and `directory`, not a base class.
"""

from gateway.identity.api_key import ApiKeyAuthenticator
from gateway.identity.directory import Directory
from gateway.identity.keys import NewKey, new_key

__all__ = ["ApiKeyAuthenticator", "Directory", "NewKey", "new_key"]
