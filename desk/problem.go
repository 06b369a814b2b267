package desk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"stagecoach/desk/auth"
	"stagecoach/router"
)

// Problem is why something was not done, in words for the person who wanted
// it. Its JSON form is a problem document (RFC 9457).
type Problem struct { //nolint:errname // the word of RFC 9457
	// Status is the HTTP status.
	Status int `json:"status" doc:"The HTTP status"`
	// Title names the kind of problem.
	Title string `json:"title" doc:"The kind of problem"`
	// Detail says in words what the matter is.
	Detail string `json:"detail" doc:"What the matter is, in words for people"`
	// Code is stable, for programs.
	Code string `json:"code" doc:"A stable code, for programs"`
	// Wait is how long to wait before trying again, 0 if that is no matter.
	Wait time.Duration `json:"-"`
	// Cause is for the log only.
	Cause error `json:"-"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// GetStatus tells huma the status to answer with.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type of a problem document (RFC 9457
// section 3).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func problem(status int, code, detail string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

func invalid(detail string) *Problem {
	return problem(http.StatusUnprocessableEntity, router.RefusedInvalid, detail)
}

func missing(detail string) *Problem {
	return problem(http.StatusNotFound, router.RefusedNotFound, detail)
}

func forbidden(detail string) *Problem {
	return problem(http.StatusForbidden, router.RefusedNotAllowed, detail)
}

func notLoggedIn() *Problem {
	return problem(http.StatusUnauthorized, "not_logged_in", "Please log in.")
}

// problemOf gives the problem that an error amounts to. What nobody foresaw is
// a 500 whose words say nothing of the inside.
func problemOf(err error) *Problem {
	var p *Problem
	var refusal *router.Refusal
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refusal):
		return problem(refusalStatus(refusal.Code), refusal.Code, refusal.Message)
	case errors.Is(err, auth.ErrNoSession):
		return notLoggedIn()
	case errors.Is(err, auth.ErrWeak):
		return invalid(auth.ErrWeak.Error())
	case errors.Is(err, ErrErased):
		return problem(http.StatusGone, "erased", "This has been erased.")
	case errors.Is(err, ErrMissing):
		return missing("There is no such thing here.")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p := problem(http.StatusServiceUnavailable, "no_answer", "No answer came in time. Trying again is safe.")
		p.Cause = err
		return p
	default:
		p := problem(http.StatusInternalServerError, "internal", "Something went wrong here. It has been logged. Trying again is safe.")
		p.Cause = err
		return p
	}
}

func refusalStatus(code string) int {
	switch code {
	case router.RefusedNotFound, router.RefusedNothingNext:
		return http.StatusNotFound
	case router.RefusedNotYours, router.RefusedNotAllowed:
		return http.StatusForbidden
	case router.RefusedInvalid:
		return http.StatusUnprocessableEntity
	default: // taken, ended, busy, capacity, newer message, attempt
		return http.StatusConflict
	}
}
