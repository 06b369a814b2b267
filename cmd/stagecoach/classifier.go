package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"stagecoach/channels"
	"stagecoach/configs"
	"stagecoach/desk/view"
	"stagecoach/policies"
	"stagecoach/policies/classifier"
	"stagecoach/router"
)

// newClassifier gives a client for the classifier that is configured, nil for none.
func newClassifier(cfg *configs.Classifier, logger *slog.Logger) (*classifier.Client, error) {
	if cfg.URL == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	c := classifier.Config{
		URL: cfg.URL, Token: cfg.Token.Reveal(), TimeLimit: cfg.TimeLimit, AtOnce: cfg.AtOnce, Plain: cfg.Words == "plain",
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the classifier's authorities: %w", err)
		}
		c.Roots = x509.NewCertPool()
		c.Roots.AppendCertsFromPEM(pem)
	}
	return classifier.New(c, logger), nil
}

// consult asks the classifier, if there is one, about all of them at the same time.
func (d *Daemon) consult(ctx context.Context, set *policies.Set, asked []router.Consulted) []policies.Said {
	client := d.classifier.Load()
	if client == nil {
		return nil
	}
	out := make([]policies.Said, len(asked))
	var wg sync.WaitGroup
	for i := range asked {
		wg.Go(func() { out[i] = client.Ask(ctx, set, &asked[i].ClassifyInput, asked[i].Since) })
	}
	wg.Wait()
	return out
}

// askElsewhere takes the classifier up that is configured now.
func (d *Daemon) askElsewhere(client *classifier.Client) {
	if was := d.classifier.Swap(client); was != nil {
		was.Close()
	}
}

// classifierView says how it stands with a classifier, nil where there is none.
func classifierView(client *classifier.Client, where string, set *policies.Set) *view.PolicyClassifier {
	if client == nil {
		return nil
	}
	s := client.Status()
	out := &view.PolicyClassifier{
		Host: hostOf(where), Consulted: set.Consults(), Asked: s.Asked, Answered: s.Answered, Paused: s.Paused,
		Troubles: []view.ClassifierTrouble{}, Last: s.Last.Words, LastAt: s.Last.At,
	}
	kinds := slices.SortedFunc(maps.Keys(s.Troubles), func(a, b policies.Trouble) int {
		return cmp.Or(cmp.Compare(s.Troubles[b], s.Troubles[a]), cmp.Compare(a, b))
	})
	for _, kind := range kinds {
		out.Troubles = append(out.Troubles, view.ClassifierTrouble{Code: string(kind), Words: classifier.Words(kind), Count: s.Troubles[kind]})
	}
	return out
}

// hostOf gives what of an address may be shown: its query may be a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// tryClassifier asks the classifier about a message of nobody.
func tryClassifier(ctx context.Context, cfg *configs.Classifier, set *policies.Set) triedAccount {
	t := triedAccount{Channel: "classifier", Account: hostOf(cfg.URL), Lines: []string{}, WouldOpen: -1}
	client, err := newClassifier(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Trouble, t.Reason = err.Error(), string(channels.Malformed)
		return t
	}
	defer client.Close()
	begin := time.Now()
	said := client.Ask(ctx, set, &policies.ClassifyInput{Channel: "email", Account: "check", Subject: "stagecoach check", Text: "This is a test of the connection."}, time.Time{})
	switch said.Trouble {
	case "":
	case policies.TroubleTimeOut, policies.TroubleUnreachable:
		t.Trouble, t.Reason = client.Status().Last.Words, string(channels.Unavailable)
		return t
	default:
		t.Trouble, t.Reason = client.Status().Last.Words, string(channels.Rejected)
		return t
	}
	t.OK = true
	t.Lines = append(t.Lines, fmt.Sprintf("answered in %d ms of the %s that it has", time.Since(begin).Milliseconds(), cfg.TimeLimit))
	switch heard := set.Hear(said); heard.Trouble {
	case policies.TroubleUnknownClass:
		t.Lines = append(t.Lines, fmt.Sprintf("it named the class %q, which the policy doesn't have: the policy's own entries decide then", clipped(said.Class)))
	case policies.TroubleUnsure:
		t.Lines = append(t.Lines, "it was not sure of this, as it may be")
	default:
		t.Lines = append(t.Lines, fmt.Sprintf("it named the class %q", heard.Class))
	}
	if !set.Consults() {
		t.Lines = append(t.Lines, "the policy never asks it: classifier.use in classes.yaml")
	}
	return t
}

func clipped(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
