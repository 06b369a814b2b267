package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// ratingLink finds the links of a mail by which an answer is rated with one click, and
// pageLink the customer's page that other channels name.
var (
	ratingLink = regexp.MustCompile(`https?://[^\s<>"]+/rate\?v=(good|bad)&r=[0-9a-fA-F]+`)
	pageLink   = regexp.MustCompile(`https?://[^\s<>"]+/q/[A-Za-z0-9_-]+`)
)

// liked is the share of answers that customers call good.
const liked = 0.8

// judge lets a customer say how an answer was, as a browser does it: by the link in its
// text, and the page's button. Some never do.
func judge(ctx context.Context, text string, pc *pace, rng *rand.Rand) error {
	if pc.opinions == 0 || rng.Float64() >= pc.opinions || !wait(ctx, pc.answer.draw(rng)) {
		return ctx.Err()
	}
	want := "good"
	if rng.Float64() >= liked {
		want = "bad"
	}
	for _, m := range ratingLink.FindAllStringSubmatch(text, -1) {
		if m[1] != want {
			continue
		}
		at, err := url.Parse(m[0])
		if err != nil {
			return fmt.Errorf("rating an answer: %w", err)
		}
		form := at.Query().Encode()
		at.RawQuery = ""
		return rate(ctx, m[0], at.String(), form)
	}
	if page := pageLink.FindString(text); page != "" {
		return rate(ctx, page, page+"/rate", "v="+want)
	}
	return nil // the office has no page for its customers
}

// rateTime is how long the page may take.
const rateTime = 20 * time.Second

// rate opens the page behind a link, and presses its button, which sends form to target.
// What the page won't take, as the link has ended or too many come from here, is left.
func rate(ctx context.Context, link, target, form string) error {
	ctx, cancel := context.WithTimeout(ctx, rateTime)
	defer cancel()
	for _, step := range []struct{ method, url, body string }{{http.MethodGet, link, ""}, {http.MethodPost, target, form}} {
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
