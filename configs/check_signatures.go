package configs

import (
	"fmt"
	"os"
)

// Signatures says whose signatures on mails are known, in all mailboxes.
type Signatures struct {
	// PGPKeys are files with correspondents' public keys, armoured or not, and
	// folders of such files.
	PGPKeys []string `yaml:"pgp_keys" json:"pgp_keys"`
	// CAFile holds the authorities that issue certificates for S/MIME, besides
	// those that the system trusts.
	CAFile string `yaml:"ca_file" json:"ca_file"`
}

// HintFor implements strict.Hinter.
func (Signatures) HintFor(key string) string {
	switch key {
	case "keys", "pgp", "pgp_key", "pgp_keyring", "keyring":
		return "pgp_keys is a list of files and folders"
	case "ca", "ca_files", "smime_ca", "smime":
		return "ca_file is one file with all authorities"
	}
	return ""
}

func (k *checker) signatures(s *Signatures) {
	for i := range s.PGPKeys {
		key := fmt.Sprintf("signatures.pgp_keys[%d]", i)
		if s.PGPKeys[i] == "" {
			k.doc.Report(key, "name a file or a folder", "must not be empty")
			continue
		}
		k.absolute(&s.PGPKeys[i])
		info, err := os.Stat(s.PGPKeys[i])
		switch {
		case err != nil:
			k.doc.Report(key, "", "%s", plainError(err))
		case info.IsDir():
			if _, err := os.ReadDir(s.PGPKeys[i]); err != nil {
				k.doc.Report(key, "", "%s", plainError(err))
			}
		default:
			k.readable(key, s.PGPKeys[i])
		}
	}
	k.absolute(&s.CAFile)
	k.certificates("signatures.ca_file", s.CAFile)
}
