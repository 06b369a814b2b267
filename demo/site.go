package demo

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"stagecoach/demo/town"
)

//go:embed policy
var policyFiles embed.FS

// furnish writes into dir what the daemon needs: its configuration, the policy,
// the password of the mailboxes and the certificate of the mail servers. It
// gives the path of the configuration.
func furnish(dir, listen string, pc pace, p *post, t *town.Town) (string, error) {
	if err := errors.Join(
		unpack(path.Join("policy", "common"), filepath.Join(dir, "policies")),
		unpack(path.Join("policy", pc.policy), filepath.Join(dir, "policies")),
		os.WriteFile(filepath.Join(dir, "mail.password"), []byte(password+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "mail.pem"), p.server.CertificatePEM(), 0o600),
		list(dir),
	); err != nil {
		return "", fmt.Errorf("preparing the demonstration: %w", err)
	}
	others, err := t.Settings(dir)
	if err != nil {
		return "", fmt.Errorf("preparing the demonstration: %w", err)
	}
	file := filepath.Join(dir, "stagecoach.yaml")
	if err := os.WriteFile(file, []byte(configuration(listen, pc, p, others)), 0o600); err != nil {
		return "", fmt.Errorf("preparing the demonstration: %w", err)
	}
	return file, nil
}

func configuration(listen string, pc pace, p *post, others string) string {
	account := func(name, address string) string {
		server := func(port int) string {
			return fmt.Sprintf("{host: 127.0.0.1, port: %d, tls: tls, ca_file: mail.pem, username: %s, password_file: mail.password}", port, address)
		}
		return fmt.Sprintf("    - name: %s\n      address: %s\n      from_name: %s\n      imap: %s\n      smtp: %s\n",
			name, address, company, server(p.server.IMAPSPort()), server(p.server.SMTPSPort()))
	}
	return "# What \"stagecoach demo\" runs with.\nversion: 1\ndata: data\npolicies: policies\n" +
		fmt.Sprintf("http:\n  listen: %q\n", listen) +
		"channels:\n  email:\n" + account("support", supportAddress) + account("billing", billingAddress) + others +
		fmt.Sprintf("last_resort:\n  mail_to: [%s]\n  digest: 3s\n", leadAddress) +
		fmt.Sprintf("log:\n  level: %s\n", pc.log)
}

// unpack writes embedded files out.
func unpack(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := fs.ReadDir(policyFiles, from)
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := fs.ReadFile(policyFiles, path.Join(from, f.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
