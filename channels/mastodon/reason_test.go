package mastodon

import (
	"net/http"
	"testing"
	"time"

	"stagecoach/channels"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code                     int
		said                     string
		sending, upload, reading channels.Reason
	}{
		{301, "", channels.Malformed, channels.Malformed, channels.Malformed},
		{400, "", channels.Rejected, channels.Rejected, channels.Malformed},
		{401, "", channels.Auth, channels.Auth, channels.Auth},
		{403, "This action is not allowed", channels.Rejected, channels.Rejected, channels.Auth},
		{403, "This action is outside the authorized scopes", channels.Auth, channels.Auth, channels.Auth},
		{403, "Your login is missing a confirmed e-mail address", channels.Auth, channels.Auth, channels.Auth},
		{404, "Record not found", channels.Rejected, channels.Rejected, channels.Malformed},
		{408, "", channels.Unavailable, channels.Unavailable, channels.Unavailable},
		{410, "", channels.Rejected, channels.Rejected, channels.Malformed},
		{413, "", channels.Rejected, channels.Rejected, channels.Malformed},
		{422, "This method requires an authenticated user", channels.Auth, channels.Auth, channels.Auth},
		{422, "", channels.Rejected, channels.Rejected, channels.Malformed},
		{429, "", channels.RateLimited, channels.RateLimited, channels.RateLimited},
		{500, "", channels.InDoubt, channels.Unavailable, channels.Unavailable},
		{502, "", channels.InDoubt, channels.Unavailable, channels.Unavailable},
		{503, "", channels.Unavailable, channels.Unavailable, channels.Unavailable},
		{504, "", channels.InDoubt, channels.Unavailable, channels.Unavailable},
		{520, "", channels.InDoubt, channels.Unavailable, channels.Unavailable},
	} {
		for op, want := range map[string]channels.Reason{opSend: c.sending, opUpload: c.upload, opFetch: c.reading} {
			if got := reasonOf(op, c.code, c.said); got != want {
				t.Errorf("%d %q at %q is %s, want %s", c.code, c.said, op, got, want)
			}
		}
	}
}

func TestWish(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	for name, c := range map[string]struct {
		code   int
		header map[string]string
		want   time.Duration
	}{
		"none":            {503, nil, 0},
		"seconds":         {503, map[string]string{"Retry-After": "90"}, 90 * time.Second},
		"a moment":        {429, map[string]string{"Retry-After": now.Add(time.Minute).Format(http.TimeFormat)}, time.Minute},
		"reset":           {429, map[string]string{"X-RateLimit-Reset": now.Add(3 * time.Minute).Format("2006-01-02T15:04:05.000000Z")}, 3 * time.Minute},
		"no limit at all": {500, map[string]string{"X-RateLimit-Reset": now.Add(3 * time.Minute).Format(time.RFC3339)}, 0},
		"nothing said":    {429, nil, limitedWait},
		"nonsense":        {429, map[string]string{"Retry-After": "soon"}, limitedWait},
		"for ever":        {429, map[string]string{"Retry-After": "99999999"}, channels.LongestWish},
		"past":            {429, map[string]string{"Retry-After": "-5"}, limitedWait},
	} {
		h := http.Header{"Date": {now.Format(http.TimeFormat)}}
		for key, value := range c.header {
			h.Set(key, value)
		}
		if got := (&answer{code: c.code, header: h, at: now.Add(time.Hour)}).wish(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
