package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// ratingLink finds the links by which an answer is rated with one click.
var ratingLink = regexp.MustCompile(`https?://[^\s<>"]+/rate\?v=(good|bad)&r=[0-9a-fA-F]+`)

// liked is the share of answers that customers call good.
const liked = 0.8

// judge lets a customer say how an answer was, as a browser does it: by the mail's link,
// and the page's button. Some never do.
func (u *customer) judge(ctx context.Context, in incoming) error {
	if u.pace.opinions == 0 || u.rng.Float64() >= u.pace.opinions || !wait(ctx, u.pace.answer.draw(u.rng)) {
		return ctx.Err()
	}
	want := "good"
	if u.rng.Float64() >= liked {
		want = "bad"
	}
	for _, m := range ratingLink.FindAllStringSubmatch(in.text, -1) {
		if m[1] == want {
			return rate(ctx, m[0])
		}
	}
	return nil // the office has no page for its customers
}

// rateTime is how long the page may take.
const rateTime = 20 * time.Second

// rate opens the page behind a rating's link, and presses its button. What the page
// won't take, as the link has ended or too many come from here, is left.
func rate(ctx context.Context, link string) error {
	ctx, cancel := context.WithTimeout(ctx, rateTime)
	defer cancel()
	at, err := url.Parse(link)
	if err != nil {
		return fmt.Errorf("rating an answer: %w", err)
	}
	form := at.Query().Encode()
	at.RawQuery = ""
	for _, step := range []struct{ method, url, body string }{{http.MethodGet, link, ""}, {http.MethodPost, at.String(), form}} {
		req, err := http.NewRequestWithContext(ctx, step.method, step.url, strings.NewReader(step.body))
		if err != nil {
			return fmt.Errorf("rating an answer: %w", err)
		}
		if step.body != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("rating an answer: %w", err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("rating an answer: the page answers with status %d", resp.StatusCode)
		}
		if resp.StatusCode != http.StatusOK {
			return nil
		}
	}
	return nil
}
