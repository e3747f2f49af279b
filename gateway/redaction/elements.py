"""Which attributes of a tag nobody follows: those of records written in XML, ``<antrag name="Krüger" art="neu"/>``.

An element that no browser knows loads nothing, sends nothing and runs nothing: what stands in its attributes is as
visible to a reader as text is, and no more. So a value may be put back there, one attribute at a time, and the other
attributes stay readable. Everything else is followed: elements of HTML, SVG and MathML, custom elements (a hyphen in
the name), and of an unknown element the attributes that hold an address, a style, a script or a switch of a program
in the page (``src``, ``style``, ``onclick``, ``data-url``, ``@click``).

`followed` reads from left to right and decides about an attribute by what stands before its value, so that somebody
who sees a tag grow decides the same. In doubt an attribute is followed.
"""

from __future__ import annotations

import re

_KNOWN_NAMES = """
    a abbr acronym address altglyph animate animatecolor animatemotion animatetransform annotation applet area
    article aside audio b base basefont bdi bdo bgsound big blink blockquote body br button canvas caption center
    circle cite clippath code col colgroup command content cursor data datalist dd defs del desc details dfn dialog
    dir discard div dl dt element ellipse em embed fencedframe feblend fecolormatrix fecomposite fediffuselighting
    feflood feimage femerge feoffset fetile fieldset figcaption figure filter font footer foreignobject form frame
    frameset g geolocation glyph glyphref grad h h1 h2 h3 h4 h5 h6 handler hatch head header hgroup hr html i iframe
    image img input ins isindex kbd keygen label legend li line lineargradient link listener listing main map mark
    marker marquee mask math menu menuitem mesh meta metadata meter mglyph mi mn mo model mpath ms mspace mtext
    multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param path pattern
    permission picture plaintext polygon polyline portal pre progress q radialgradient rb rect rp rt rtc ruby s samp
    script search section select selectedcontent selectlist semantics set shadow slot small source spacer span stop
    strike strong style stylesheet sub summary sup svg switch symbol table tbody td template text textarea textpath
    tfoot th thead time title tr track tref tspan tt u ul unknown use var video view vkern wbr webview xmp xml
    include import"""
_KNOWN = frozenset(_KNOWN_NAMES.split())
_FOLLOWED_NAMES = """
    src srcset srcdoc href action formaction formtarget background poster data style ping content cite longdesc icon
    manifest archive codebase classid code usemap dynsrc lowsrc profile base is slot url uri link target location
    schemalocation xmlns to from values by begin end attributename ref part exportparts http-equiv download import
    include imagesrcset xlink event handler listener script template bind model"""
_FOLLOWED = frozenset(_FOLLOWED_NAMES.split())
_ELEMENT = re.compile(r"<([^\W\d_]\w{0,40}:)?([^\W\d_]\w{0,60})(?=[\t\n\f\r /])")
_PLAIN = re.compile(r"(?:\w{1,40}:)?([^\W\d_]\w{0,60})")
_ATTRIBUTE = re.compile(
    r"""[\t\n\f\r /]*+(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*+)(?:[\t\n\f\r ]*+(?P<is>=)[\t\n\f\r ]*+"""
    r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r "'>][^\t\n\f\r >]*+)?+)?+""")
"""As an HTML tokenizer reads it; what stands behind the tag is cut off before."""


def followed(tag: str) -> int:
    """Return the place behind the first ``=`` of `tag` whose attribute somebody follows, or -1.

    `tag` is a start tag up to its end, or as far as it is known.
    """
    element = _ELEMENT.match(tag)
    if element is None or element[2].lower() in _KNOWN:
        return tag.find("=") + 1 or -1
    at = element.end()
    while attribute := _ATTRIBUTE.match(tag, at):
        plain = _PLAIN.fullmatch(attribute["name"])
        if attribute["is"] and (plain is None or _is_followed(plain[1].lower())):
            return attribute.end("is")
        at = attribute.end()
    return -1


def _is_followed(name: str) -> bool:
    return name in _FOLLOWED or name.startswith(("on", "data")) or name.endswith(("src", "href", "url", "uri", "style"))
