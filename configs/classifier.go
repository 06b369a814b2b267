package configs

import (
	"net"
	"net/url"
	"time"
)

// Classifier is an external classifier, which is asked by HTTP what messages are
// about.
type Classifier struct {
	// URL is where a question is posted.
	URL string `yaml:"url" json:"url"`
	// The token is sent as "Authorization: Bearer".
	TokenFile string `yaml:"token_file" json:"token_file"`
	TokenEnv  string `yaml:"token_env" json:"token_env"`
	Token     Secret `yaml:"-" json:"-"`
	// CAFile holds the authorities to trust, those of the system if left out.
	CAFile string `yaml:"ca_file" json:"ca_file"`
	// TimeLimit is how long a message waits for its word at most.
	TimeLimit time.Duration `yaml:"time_limit" json:"time_limit" range:"50ms..10s"`
	// AtOnce is how many questions are asked at a time.
	AtOnce int `yaml:"at_once" json:"at_once" range:"1..256"`
	// Words says whether the words of customers are sent as they are, or without
	// addresses, links and long numbers.
	Words string `yaml:"words" json:"words" enum:"redacted|plain"`
}

// HintFor implements strict.Hinter.
func (Classifier) HintFor(key string) string { return secretHint(key) }

// classifier checks where the classifier is, and reads its token.
func (k *checker) classifier(c *Classifier) {
	c.Token = k.secret("classifier", "token", &c.TokenFile, c.TokenEnv)
	k.absolute(&c.CAFile)
	k.certificates("classifier.ca_file", c.CAFile)
	if c.URL == "" {
		for _, key := range []string{"token_file", "token_env", "ca_file", "time_limit", "at_once", "words"} {
			if k.doc.Has("classifier." + key) {
				k.doc.Report("classifier", "give the url, or take it out", "has no url")
				return
			}
		}
		return
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		k.doc.Report("classifier.url", "such as https://classifier.example.org/classify", "is not the address of a web server")
	case u.User != nil:
		k.doc.Report("classifier.url", "put it into token_file", "must not hold a login")
	case u.Scheme == "http" && !here(u.Hostname()):
		k.warn("classifier.url", "https, unless nobody else is on the way", "customers' words go there unencrypted")
	}
}

// here reports whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
