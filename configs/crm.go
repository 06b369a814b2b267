package configs

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"stagecoach/configs/strict"
)

// CRM is what is asked by HTTP what is known of a customer.
type CRM struct {
	// URL is asked by an address of the customer's, IDURL by the company's own id.
	URL   string `yaml:"url" json:"url"`
	IDURL string `yaml:"id_url" json:"id_url"`
	// The token is sent as "Authorization: Bearer".
	TokenFile string `yaml:"token_file" json:"token_file"`
	TokenEnv  string `yaml:"token_env" json:"token_env"`
	Token     Secret `yaml:"-" json:"-"`
	// CAFile holds the authorities to trust, those of the system if left out.
	CAFile string `yaml:"ca_file" json:"ca_file"`
	// TimeLimit is how long one question may take.
	TimeLimit time.Duration `yaml:"time_limit" json:"time_limit" range:"50ms..1m"`
	// AtOnce is how many questions are asked at a time.
	AtOnce int `yaml:"at_once" json:"at_once" range:"1..64"`
	// Cache is how long its word counts before it is asked again.
	Cache time.Duration `yaml:"cache" json:"cache" range:"1m..366d"`
	// Fields says where its answers have what, where that isn't under the usual name.
	Fields []CRMField `yaml:"fields" json:"fields"`
}

// CRMField is where an answer has a field.
type CRMField struct {
	Name string `yaml:"name" json:"name" required:"true" enum:"external_id|value|customer_since|orders|revenue|first_order|last_order|language|tags|attributes"`
	// At is a JSON pointer, such as /data/score.
	At string `yaml:"at" json:"at" required:"true"`
}

// HintFor implements strict.Hinter.
func (CRM) HintFor(key string) string { return secretHint(key) }

// Asked reports whether there is one.
func (c CRM) Asked() bool { return c.URL != "" || c.IDURL != "" }

// crm checks where the CRM is and how it is asked.
func (k *checker) crm(c *CRM) {
	c.Token = k.secret("crm", "token", &c.TokenFile, c.TokenEnv)
	k.absolute(&c.CAFile)
	k.certificates("crm.ca_file", c.CAFile)
	if !c.Asked() {
		for _, key := range []string{"token_file", "token_env", "ca_file", "time_limit", "at_once", "cache", "fields"} {
			if k.doc.Has("crm." + key) {
				k.doc.Report("crm", "give the url, or take it out", "has no url")
				return
			}
		}
		return
	}
	k.crmAddress("crm.url", c.URL, "address", "channel")
	k.crmAddress("crm.id_url", c.IDURL, "external_id")
	seen := map[string]bool{}
	for i, f := range c.Fields {
		if key := fmt.Sprintf("crm.fields[%d]", i); seen[f.Name] {
			k.doc.Report(key+".name", "", "%s is there already", f.Name)
		} else if f.At != "" && !strings.HasPrefix(f.At, "/") {
			k.doc.Report(key+".at", "such as /data/score", "%q is no JSON pointer", f.At)
		}
		seen[f.Name] = true
	}
}

// crmAddress checks an address with places in it, of which the first must be there.
func (k *checker) crmAddress(key, address string, places ...string) {
	if address == "" {
		return
	}
	filled := address
	for _, p := range places {
		filled = strings.ReplaceAll(filled, "{"+p+"}", "x")
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		k.doc.Report(key, "such as https://crm.example.org/customers?mail={address}", "is not the address of a web server")
	case u.User != nil:
		k.doc.Report(key, "put it into token_file", "must not hold a login")
	case !strings.Contains(address, "{"+places[0]+"}"):
		k.doc.Report(key, "such as ?q={"+places[0]+"}", "does not say where {%s} stands", places[0])
	case strings.ContainsAny(filled, "{}"):
		at := filled[strings.IndexAny(filled, "{}"):]
		k.doc.Report(key, strict.DidYouMean(strings.Trim(at, "{}"), places), "%s is not known here", at)
	case strings.Contains(hostPart(address), "{"):
		k.doc.Report(key, "write the host as it is", "must not take its host from customers")
	case u.Scheme == "http" && !here(u.Hostname()):
		k.warn(key, "https, unless nobody else is on the way", "customers' addresses go there unencrypted")
	}
}

// hostPart gives what stands between the scheme and the path of an address.
func hostPart(address string) string {
	_, rest, _ := strings.Cut(address, "//")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
