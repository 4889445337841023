"""Drawings that show something of other files, and drawings that only seem to."""

from __future__ import annotations

_XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def drawing(inside: str, front: str = "", attributes: str = "") -> bytes:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {_XLINK} width="9" height="9" {attributes}>'
    return f"{front}{head}{inside}<rect/></svg>".encode()


_HTML = '<foreignObject width="9" height="9"><div xmlns="http://www.w3.org/1999/xhtml">{}</div></foreignObject>'
_NESTED = '<image href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E%3C{}/%3E%3C/svg%3E"/>'
#: Drawings of which something lies elsewhere.
ELSEWHERE: dict[str, bytes] = {
    "image": drawing('<image href="a.png"/>'),
    "image-xlink": drawing('<image xlink:href="https://a.example/a.png"/>'),
    "image-prefix": drawing('<image xmlns:l="http://www.w3.org/1999/xlink" l:href="a.png"/>'),
    "image-prefixed": drawing('<s:image xmlns:s="http://www.w3.org/2000/svg" href="a.png"/>'),
    "image-default": drawing("<image/>", '<!DOCTYPE svg [<!ATTLIST image href CDATA "a.png">]>'),
    "image-blank": drawing('<image href=" \n//a.example/a.png"/>'),
    "use": drawing('<use href="b.svg#a"/>'),
    "feimage": drawing('<filter id="f"><feImage href="a.png"/></filter>'),
    "gradient": drawing('<linearGradient id="g" xlink:href="b.svg#a"/>'),
    "nested": drawing(_NESTED.format("image href='a.png'")),
    "nested-base64": drawing('<image href="data:image/svg+xml;base64,PHN2Zz48aW1hZ2UgaHJlZj0iYS5wbmciLz48L3N2Zz4="/>'),
    "html": drawing('<image href="data:text/html,&lt;p&gt;"/>'),
    "import": drawing("<style>@import 'a.css';</style>"),
    "import-url": drawing("<style>@import url(a.css);</style>"),
    "import-cdata": drawing('<style><![CDATA[@import url("a.css");]]></style>'),
    "import-escaped": drawing("<style>@\\69mport 'a.css';</style>"),
    "font": drawing("<style>@font-face {font-family: a; src: url(https://a.example/a.woff)}</style>"),
    "style-url": drawing("<style>rect {fill: url(b.svg#a)}</style>"),
    "style-split": drawing("<style><b/>rect {fill: url(b.svg#a)}</style>"),
    "style-entity": drawing("<style>rect {fill: ur&l;(b.svg#a)}</style>", '<!DOCTYPE svg [<!ENTITY l "l">]>'),
    "style-escaped": drawing("<style>rect {fill: u\\72l(b.svg#a)}</style>"),
    "image-set": drawing("<style>rect {fill: image-set('a.png' 1x)}</style>"),
    "attribute": drawing('<path fill="url(b.svg#a)"/>'),
    "attribute-style": drawing('<path style="mask: url(&quot;b.svg#a&quot;)"/>'),
    "style-sheet": drawing("", '<?xml-stylesheet href="a.css"?>'),
    "style-sheet-xsl": drawing("", '<?xml-stylesheet type="text/xsl" href="#a"?>'),
    "doctype": drawing("", '<!DOCTYPE svg SYSTEM "a.dtd">'),
    "doctype-named": drawing("", '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "https://a.example/svg11.dtd">'),
    "entity": drawing("&a;", '<!DOCTYPE svg [<!ENTITY a SYSTEM "a.xml">]>'),
    "entity-markup": drawing("&a;", "<!DOCTYPE svg [<!ENTITY a \"<image href='a.png'/>\">]>"),
    "entity-parameter": drawing("", '<!DOCTYPE svg [<!ENTITY % a SYSTEM "a.ent"> %a;]>'),
    "script": drawing("<script>document.documentElement.innerHTML = ''</script>"),
    "script-elsewhere": drawing('<script href="a.js"/>'),
    "onload": drawing("", "", 'onload="a()"'),
    "onclick": drawing('<path onclick="a()"/>'),
    "frame": drawing(_HTML.format('<iframe src="https://a.example"/>')),
    "frame-inline": drawing(_HTML.format('<iframe srcdoc="a"/>')),
    "html-image": drawing(_HTML.format('<img src="a.png"/>')),
    "html-set": drawing(_HTML.format('<img srcset="a.png 2x"/>')),
    "html-object": drawing(_HTML.format('<object data="a.svg"/>')),
    "html-link": drawing(_HTML.format('<link rel="stylesheet" href="a.css"/>')),
    "html-style": drawing(_HTML.format('<p style="background: url(a.png)"/>')),
    "set": drawing('<image href="#a"><set attributeName="href" to="a.png"/></image>'),
    "animate": drawing('<image><animate attributeName="xlink:href" values="#a;a.png"/></image>'),
    "animate-fill": drawing('<rect><animate attributeName="fill" values="url(b.svg#a);red"/></rect>'),
    "base": drawing('<use href="#a"/>', "", 'xml:base="https://a.example/b.svg"'),
    "include": drawing('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="a.svg"/>'),
    "in-metadata": drawing('<metadata><image id="i" href="a.png"/></metadata><use href="#i"/>'),
}
_PNG = "data:image/png;base64,iVBORw0KGgo="
#: Drawings that say much, all of it in them.
WITHIN: dict[str, bytes] = {
    "link": drawing('<a href="https://a.example"><path/></a><a xlink:href="b.svg"><path/></a>'),
    "fragments": drawing(
        '<defs><path id="a"/></defs><use href="#a"/><use xlink:href="#a"/><rect fill="url(#a)" style="mask:url(#b)"/>'
    ),
    "data": drawing(
        f'<image href="{_PNG}"/><style>rect {{fill: url("{_PNG}")}} '
        "@font-face {src: url(data:font/woff2;base64,AA==)}</style>"
    ),
    "nested": drawing(_NESTED.format("rect")),
    "w3c": drawing(
        "",
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
    ),
    "illustrator": drawing(
        '<switch><g xmlns:i="&ns_ai;" i:x="1" i:extraneous="self"/></switch>'
        '<metadata><s:sfw xmlns:s="&ns_sfw;" href="a"/></metadata>',
        '<!DOCTYPE svg [<!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">'
        '<!ENTITY ns_sfw "http://ns.adobe.com/SaveForWeb/1.0/">]>',
    ),
    "namespace-rule": drawing(
        '<style>@namespace url("http://www.w3.org/2000/svg"); /* url(a.png) @import "b" */ rect {fill: red}</style>'
    ),
    "html": drawing(
        _HTML.format('<p style="color: red">A <b>label</b> with <a href="https://a.example">a link</a></p>')
    ),
    "rdf": drawing(
        '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<c:Work xmlns:c="http://creativecommons.org/ns#" r:about="">'
        '<c:license r:resource="https://creativecommons.org/licenses/by/4.0/"/></c:Work></r:RDF></metadata>'
    ),
    "style-sheet": drawing("", '<?xml version="1.0"?><?xml-stylesheet type="text/css" href="#a"?>'),
    "inkscape": drawing(
        '<i:grid xmlns:i="http://www.inkscape.org/namespaces/inkscape" href="a.png" onload="x"/>',
        "",
        'xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:export-filename="a.png" xml:base=""',
    ),
    "animated": drawing(
        '<rect><animate attributeName="x" values="0;9"/><set attributeName="fill" to="url(#a)"/></rect>'
    ),
}
