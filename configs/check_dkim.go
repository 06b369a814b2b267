package configs

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
)

// DKIM says how replies are signed, for servers that don't sign themselves.
// Without a selector nothing is signed.
type DKIM struct {
	// Selector is where the domain's owner publishes the key:
	// SELECTOR._domainkey.DOMAIN. Domain is the address's own if left out.
	Selector string `yaml:"selector" json:"selector"`
	Domain   string `yaml:"domain" json:"domain"`
	// KeyFile holds the private key in PEM form, KeyEnv names a variable that
	// does.
	KeyFile string `yaml:"key_file" json:"key_file"`
	KeyEnv  string `yaml:"key_env" json:"key_env"`
	Key     Secret `yaml:"-" json:"-"`
}

// HintFor implements strict.Hinter.
func (DKIM) HintFor(key string) string {
	if key == "key" || key == "private_key" {
		return "write it into a file of its own and name that by key_file, or name a variable by key_env"
	}
	return ""
}

func (k *checker) dkim(key string, d *DKIM) {
	if *d == (DKIM{}) {
		return
	}
	if d.Selector == "" {
		k.doc.Report(key+".selector", "such as stagecoach", "is missing")
	} else if strings.Trim(strings.ToLower(d.Selector), "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		k.doc.Report(key+".selector", "such as stagecoach", "%q is not the name of a record", d.Selector)
	}
	var text string
	at := key + ".key_env"
	switch {
	case d.KeyFile != "" && d.KeyEnv != "":
		k.doc.Report(at, "remove one", "a file is named too")
		return
	case d.KeyFile != "":
		at = key + ".key_file"
		k.absolute(&d.KeyFile)
		if !k.readable(at, d.KeyFile) {
			return
		}
		data, err := os.ReadFile(d.KeyFile)
		if err != nil {
			k.doc.Report(at, "", "%s", plainError(err))
			return
		}
		k.private(at, d.KeyFile)
		text = string(data)
	case d.KeyEnv != "":
		text = os.Getenv(d.KeyEnv)
		if text == "" {
			k.doc.Report(at, "", "the variable %s is not set", d.KeyEnv)
			return
		}
	default:
		k.doc.Report(key, "give key_file or key_env", "no key")
		return
	}
	d.Key = NewSecret(text)
	if !privateKey(text) {
		k.doc.Report(at, "openssl genrsa 2048 makes one", "holds no private key in PEM form")
	}
}

func privateKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return true
	}
	_, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return err == nil
}
