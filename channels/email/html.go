package email

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// BlockedSource is the attribute that keeps the address of a remote image which
// is not loaded until an agent asks for it.
const BlockedSource = "data-blocked-src"

var metaForm = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?([a-z0-9_:.-]{2,40})`)

// metaCharset finds a charset that an HTML document claims for itself.
func metaCharset(data []byte) string {
	if !bytes.Contains(data[:min(len(data), 4096)], []byte("harset")) && !bytes.Contains(data[:min(len(data), 4096)], []byte("HARSET")) {
		return ""
	}
	if found := metaForm.FindSubmatch(data[:min(len(data), 4096)]); found != nil {
		return string(found[1])
	}
	return ""
}

//nolint:gochecknoglobals // a table, built once: it costs milliseconds
var policy = sync.OnceValue(newPolicy)

// newPolicy allows what mail looks like, and nothing that runs, loads from
// elsewhere or leaves its frame.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "div", "span", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "sub", "sup",
		"small", "big", "tt", "code", "pre", "kbd", "samp", "blockquote", "q", "cite", "center", "address", "article",
		"section", "header", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "font", "abbr", "mark", "figure", "figcaption",
	)
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("width", "height", "cellpadding", "cellspacing", "border").Matching(bluemonday.NumberOrPercent).OnElements("table", "td", "th", "tr", "img")
	p.AllowAttrs("align", "valign").Matching(regexp.MustCompile(`(?i)^(left|right|center|justify|top|middle|bottom)$`)).Globally()
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`(?i)^(ltr|rtl|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[a-zA-Z-]{2,20}$`)).Globally()
	p.AllowAttrs("color", "bgcolor").Matching(regexp.MustCompile(`(?i)^(#[0-9a-f]{3,6}|[a-z]{3,20})$`)).Globally()
	p.AllowAttrs("type").Matching(regexp.MustCompile(`(?i)^(cite|[1ai]|disc|circle|square)$`)).OnElements("blockquote", "ol", "ul")
	p.AllowAttrs("style").Matching(keptStyle).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowAttrs("alt", "title").OnElements("img", "a", "abbr")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`(?i)^(cid:|data:image/(png|jpe?g|gif|webp|bmp|x-icon)\b)`)).OnElements("img")
	p.AllowAttrs(BlockedSource).Matching(regexp.MustCompile(`(?i)^https?://\S+$`)).OnElements("img")
	return p
}

// sanitise gives HTML that is safe to show: no scripts, no forms, no styles that
// load, and nothing that is fetched from elsewhere. What it is given is tidy.
func sanitise(htm string) string {
	if strings.TrimSpace(htm) == "" {
		return ""
	}
	return strings.TrimSpace(policy().Sanitize(htm)) //nolint:misspell // as bluemonday has it
}
