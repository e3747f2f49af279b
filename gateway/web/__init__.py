"""Pages for people: staff, the data protection officer, and citizens.

Server-rendered, without JavaScript, German. Pages compute no policy and touch no SQL: they ask the ports in
`context.WebContext`, put the answers into words (`words`) and into templates.

``build_web(context)`` gives the routes, ``build_error_page(context)`` what a person sees when a path does not exist or
something failed. Who may see a page stands in one table (`site.pages`); one gate (`gate.Gate`) holds it, with sessions,
form tokens and headers.
"""

from gateway.web.context import Member, Members, WebContext
from gateway.web.members import DirectoryMembers
from gateway.web.site import build_error_page, build_web, pages

__all__ = ["DirectoryMembers", "Member", "Members", "WebContext", "build_error_page", "build_web", "pages"]
